#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/listing.h"
#include "cli/report.h"
#include "train/snapshot.h"

enum { PAGE = 256, REASON_WIDTH = 60 };

/* ---- list ---- */

struct version_list {
    struct listing rows;
    uint32_t last;
    size_t seen;
};

static const char *time_text(int64_t ms, char out[TIME_TEXT_SIZE])
{
    if (ms == TIME_UNKNOWN)
        return "";
    time_format(ms, out);
    return out;
}

static json_t *version_json(const struct model_version *version)
{
    char started[TIME_TEXT_SIZE], finished[TIME_TEXT_SIZE];
    json_t *report = NULL;
    if (json_parse(version->report, strlen(version->report), &report, NULL) != STATUS_OK)
        report = json_object();
    return json_pack(
        "{s:i, s:I, s:s, s:b, s:b, s:s, s:s, s:s, s:o}", "version", (int)version->version, "seq",
        (json_int_t)version->seq, "state", version->state, "active", version->active, "kept",
        version->kept, "started_at", time_text(version->started_ms, started), "finished_at",
        time_text(version->finished_ms, finished), "reason", version->reason, "report", report);
}

static enum status list_version(void *context, const struct model_version *version)
{
    struct version_list *list = context;
    char finished[TIME_TEXT_SIZE];
    list->last = version->version;
    list->seen++;
    if (list->rows.array)
        return json_array_append_new(list->rows.array, version_json(version)) == 0
                   ? STATUS_OK
                   : STATUS_NO_MEMORY;
    struct table_text *table = list->rows.table;
    table_cell(table, "%u", version->version);
    table_cell(table, "%s", version->active ? "serves" : version->kept ? "kept" : "");
    table_cell(table, "%s", version->state);
    table_cell(table, "%" PRIu64, version->seq);
    table_cell(table, "%s", time_text(version->finished_ms, finished));
    table_cell(table, "%s", version->reason);
    return STATUS_OK;
}

static enum status list_models_of(struct context *context, const struct invocation *invocation,
                                  struct error *reterr)
{
    /* Nobody widens a file or a pipe: there a reason stays whole. */
    const size_t reason_width = isatty(STDOUT_FILENO) ? REASON_WIDTH : 0;
    const struct table_column columns[] = {{"version", true, 0},   {"", false, 0},
                                           {"state", false, 0},    {"seq", true, 0},
                                           {"finished", false, 0}, {"reason", false, reason_width}};
    struct version_list list = {.last = UINT32_MAX};
    listing_start(&list.rows, invocation, columns, sizeof columns / sizeof *columns);
    enum status status = STATUS_OK;
    do {
        list.seen = 0;
        status = store_list_versions(context->store, list.last, PAGE, list_version, &list, reterr);
    } while (status == STATUS_OK && list.seen == PAGE);
    return listing_print(&list.rows, status);
}

/* ---- one version ---- */

struct search {
    uint32_t wanted;
    json_t *found;
};

static enum status find_version(void *context, const struct model_version *version)
{
    struct search *search = context;
    if (version->version == search->wanted)
        search->found = version_json(version);
    return STATUS_OK;
}

static enum status read_number(const struct invocation *invocation, uint32_t *ret_number,
                               struct error *reterr)
{
    int64_t number;
    const char *text = invocation->arguments[1];
    if (text_to_int64(text, &number) != STATUS_OK || number < 1 || number >= UINT32_MAX)
        return error_set(reterr, STATUS_MALFORMED,
                         "'%.60s' is no version; 'tastevin models list' shows them", text);
    *ret_number = (uint32_t)number;
    return STATUS_OK;
}

static enum status need_version(struct context *context, uint32_t number, json_t **ret_version,
                                struct error *reterr)
{
    struct search search = {.wanted = number};
    const enum status status =
        store_list_versions(context->store, number + 1, 1, find_version, &search, reterr);
    if (status != STATUS_OK)
        return status;
    if (!search.found)
        return error_set(reterr, STATUS_NOT_FOUND,
                         "there is no version %u; 'tastevin models list' shows them", number);
    *ret_version = search.found;
    return STATUS_OK;
}

static enum status show(struct context *context, const struct invocation *invocation,
                        struct error *reterr)
{
    uint32_t number = 0;
    json_t *version;
    enum status status = read_number(invocation, &number, reterr);
    if (status == STATUS_OK)
        status = need_version(context, number, &version, reterr);
    if (status != STATUS_OK)
        return status;
    json_dumpf(version, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    putchar('\n');
    json_decref(version);
    return STATUS_OK;
}

static enum status mark_active(void *context, struct store *store, struct error *reterr)
{
    const uint32_t *number = context;
    return store_activate_version(store, *number, reterr);
}

/* Loaded first: a version whose snapshot is broken or gone never becomes the active one. */
static enum status activate(struct context *context, const struct invocation *invocation,
                            struct error *reterr)
{
    uint32_t number = 0;
    json_t *version = NULL;
    struct snapshot *snapshot = NULL;
    enum status status = read_number(invocation, &number, reterr);
    if (status == STATUS_OK)
        status = need_version(context, number, &version, reterr);
    json_decref(version);
    if (status == STATUS_OK)
        status = snapshot_load(context->snapshots, number, &snapshot, reterr);
    snapshot_release(snapshot);
    if (status == STATUS_OK)
        status = store_transact(context->store, mark_active, &number, reterr);
    if (status == STATUS_OK)
        printf("version %u serves\n", number);
    return status;
}

static enum status prune(struct context *context, const struct invocation *invocation,
                         struct error *reterr)
{
    const size_t keep = invocation_has(invocation, "keep")
                            ? (size_t)invocation_whole(invocation, "keep")
                            : (size_t)context->settings.training.keep;
    const enum status status = context_prune(context, keep, reterr);
    if (status == STATUS_OK)
        printf("at most %zu snapshot%s kept, the active one among them\n", keep,
               keep == 1 ? " is" : "s are");
    return status;
}

int command_models(const struct invocation *invocation)
{
    static const struct {
        const char *word;
        size_t n_arguments;
        enum status (*act)(struct context *, const struct invocation *, struct error *);
    } actions[] = {{"list", 1, list_models_of},
                   {"show", 2, show},
                   {"activate", 2, activate},
                   {"prune", 1, prune}};
    struct error err = {0};
    struct context context = {0};
    size_t i = 0;
    while (strcmp(actions[i].word, invocation->arguments[0]) != 0)
        i++;
    if (actions[i].n_arguments != invocation->n_arguments)
        return report_usage(invocation->command, "%s takes %s", actions[i].word,
                            actions[i].n_arguments == 1 ? "no version" : "a version");
    enum status status = context_open(invocation, CONTEXT_CHANGE, &context, &err);
    if (status == STATUS_OK)
        status = actions[i].act(&context, invocation, &err);
    context_close(&context);
    return status == STATUS_OK ? EXIT_DONE : report_failure(&err);
}
