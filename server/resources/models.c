/* /v1/models, /v1/features and /v1/training */
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "server/resources/common.h"
#include "server/resources/resources.h"
#include "server/trainer.h"

static void append_text(struct buffer *out, const char *name, const char *text)
{
    buffer_printf(out, ",\"%s\":", name);
    buffer_append_json(out, text, strlen(text));
}

/* `active` is what serves at this moment, which after a broken snapshot is not what the store says.
 */
static void append_version(const struct model_version *version, uint32_t serving,
                           struct buffer *out)
{
    buffer_printf(out, "{\"version\":%u,\"seq\":%llu,\"active\":%s,\"kept\":%s", version->version,
                  (unsigned long long)version->seq, version->version == serving ? "true" : "false",
                  version->kept ? "true" : "false");
    append_text(out, "state", version->state);
    append_text(out, "reason", version->reason);
    append_time(out, "started_at", version->started_ms);
    append_time(out, "finished_at", version->finished_ms);
    buffer_printf(out, ",\"report\":%s}", version->report[0] ? version->report : "{}");
}

static uint32_t serving_version(struct request *request)
{
    struct serving *serving = site_acquire(request->site);
    const uint32_t version = serving->snapshot->version;
    serving_release(request->site, serving);
    return version;
}

struct version_page {
    struct page page;
    uint32_t serving;
};

static enum status print_version(void *context, const struct model_version *version)
{
    struct version_page *list = context;
    page_next(&list->page, version->version);
    append_version(version, list->serving, list->page.out);
    return STATUS_OK;
}

static enum status read_versions(struct request *request, struct store *store, struct error *reterr)
{
    struct version_page list = {.serving = serving_version(request)};
    uint64_t before;
    if (!page_open(request, "models", UINT32_MAX, &list.page, &before))
        return STATUS_OK;
    if (before > UINT32_MAX)
        before = UINT32_MAX;
    const enum status status =
        store_list_versions(store, (uint32_t)before, list.page.limit, print_version, &list, reterr);
    page_close(&list.page);
    return status;
}

enum handled list_models(struct request *request)
{
    return read_store(request, read_versions);
}

/* The version in the path; 0 after a 404 was answered. */
static uint32_t version_of_path(struct request *request)
{
    int64_t version;
    if (text_to_int64(request->values[0], &version) == STATUS_OK && version > 0 &&
        version < UINT32_MAX)
        return (uint32_t)version;
    reply_problem(request, 404, NULL, "there is no model version '%.64s'", request->values[0]);
    return 0;
}

struct wanted_version {
    uint32_t version, serving;
    struct buffer *out;
    struct request *request;
};

static enum status print_wanted(void *context, const struct model_version *version)
{
    struct wanted_version *wanted = context;
    if (version->version != wanted->version)
        return STATUS_OK;
    wanted->out = reply_json(wanted->request, 200);
    append_version(version, wanted->serving, wanted->out);
    return STATUS_OK;
}

static enum status read_version(struct request *request, struct store *store, struct error *reterr)
{
    struct wanted_version wanted = {.version = version_of_path(request),
                                    .serving = serving_version(request),
                                    .request = request};
    if (wanted.version == 0)
        return STATUS_OK;
    const enum status status =
        store_list_versions(store, wanted.version + 1, 1, print_wanted, &wanted, reterr);
    if (status == STATUS_OK && !wanted.out)
        reply_problem(request, 404, NULL, "there is no model version %u", wanted.version);
    return status;
}

enum handled get_model(struct request *request)
{
    return read_store(request, read_version);
}

/* ---- what the ranker's columns are worth ---- */

enum { FEATURE_ROUNDS_MAX = 1000 }; /* rounds that are looked through, from the newest */

struct wanted_features {
    struct request *request;
    bool found;
};

/* Of the round's report, ready for the answer; NULL: it has none. The caller's. */
static enum status features_of_report(const char *report, json_t **ret_features,
                                      struct error *reterr)
{
    json_t *whole;
    *ret_features = NULL;
    if (!strstr(report, "\"features\""))
        return STATUS_OK;
    const enum status status = json_parse(report, strlen(report), &whole, reterr);
    if (status != STATUS_OK)
        return status;
    json_t *ranker = json_object_get(whole, "ranker");
    json_t *features = json_object_get(ranker, "features");
    if (json_is_object(features)) {
        *ret_features = json_incref(features);
        json_object_set(features, "model", json_object_get(ranker, "model"));
        json_object_set(features, "published", json_object_get(ranker, "published"));
    }
    json_decref(whole);
    return STATUS_OK;
}

static enum status print_features(void *context, const struct model_version *version)
{
    struct wanted_features *wanted = context;
    struct error err;
    json_t *features;
    if (wanted->found)
        return STATUS_OK;
    const enum status status = features_of_report(version->report, &features, &err);
    if (status == STATUS_NO_MEMORY || !features)
        return status == STATUS_NO_MEMORY ? status : STATUS_OK;
    wanted->found = true;
    struct buffer *out = reply_json(wanted->request, 200);
    buffer_printf(out, "{\"version\":%u,\"state\":\"%s\"", version->version, version->state);
    append_time(out, "finished_at", version->finished_ms);
    buffer_append_text(out, ",\"report\":");
    const enum status printed = json_print(features, JSON_COMPACT, out);
    buffer_append_byte(out, '}');
    json_decref(features);
    return printed;
}

static enum status read_features(struct request *request, struct store *store, struct error *reterr)
{
    struct wanted_features wanted = {.request = request};
    const enum status status =
        store_list_versions(store, UINT32_MAX, FEATURE_ROUNDS_MAX, print_features, &wanted, reterr);
    if (status == STATUS_OK && !wanted.found)
        reply_problem(request, 404, NULL,
                      "no round has measured a ranker's columns: set models.ranker (wide_deep, "
                      "say) and leave training.features on, then train (POST /v1/training); "
                      "`tastevin features --data DIR` measures at once");
    return status;
}

enum handled get_features(struct request *request)
{
    return read_store(request, read_features);
}

enum handled activate_model(struct request *request)
{
    const uint32_t version = version_of_path(request);
    if (version == 0)
        return HANDLED;
    struct error err = {0};
    const enum status status = site_activate(request->site, version, &err);
    if (status == STATUS_OK)
        buffer_printf(reply_json(request, 200), "{\"active\":%u}", version);
    else if (status == STATUS_CORRUPT || status == STATUS_UNSUPPORTED)
        reply_problem(request, 409, NULL, "version %u cannot serve: %s", version, err.text);
    else
        reply_error(request, &err);
    return HANDLED;
}

enum handled post_training(struct request *request)
{
    struct error err = {0};
    if (trainer_request(site_trainer(request->site), &err) == STATUS_OK)
        trainer_status(site_trainer(request->site), reply_json(request, 202));
    else
        reply_error(request, &err);
    return HANDLED;
}

enum handled get_training(struct request *request)
{
    trainer_status(site_trainer(request->site), reply_json(request, 200));
    return HANDLED;
}

enum handled delete_training(struct request *request)
{
    struct error err = {0};
    if (trainer_cancel(site_trainer(request->site), &err) == STATUS_OK)
        reply_empty(request);
    else
        reply_error(request, &err);
    return HANDLED;
}
