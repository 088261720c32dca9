#include "train/manifest.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

static const char *const aggregates[] = {
    [AGGREGATE_SUM_CAPPED] = "sum_capped", [AGGREGATE_LAST] = "last", [AGGREGATE_MAX] = "max"};
enum { N_AGGREGATES = sizeof aggregates / sizeof *aggregates };

/* ---- printing ---- */

static json_t *crc_to_json(uint32_t crc)
{
    return json_sprintf("%08x", crc);
}

static json_t *type_to_json(int code, const struct event_type *type)
{
    return json_pack("{s:i, s:s, s:f, s:b, s:s, s:I, s:I}", "code", code, "name", type->name,
                     "weight", type->weight, "by_value", type->by_value, "aggregate",
                     aggregates[type->aggregate], "hides_ms", (json_int_t)type->hides_ms,
                     "retention_ms", (json_int_t)type->retention_ms);
}

static json_t *types_to_json(const struct event_types *types)
{
    json_t *of = json_array();
    for (int code = 1; code < EVENT_TYPES_MAX; code++)
        if (types->of[code].name[0] &&
            json_array_append_new(of, type_to_json(code, &types->of[code])))
            goto failed;
    return json_pack("{s:I, s:I, s:f, s:o}", "half_life_ms", (json_int_t)types->half_life_ms,
                     "max_per_user", (json_int_t)types->max_per_user, "cap", types->cap, "of", of);
failed:
    json_decref(of);
    return NULL;
}

static json_t *models_to_json(const struct manifest *m)
{
    json_t *models = json_array();
    for (size_t i = 0; i < m->n_models; i++)
        if (json_array_append_new(models, json_pack("{s:s, s:o}", "name", m->models[i].name, "crc",
                                                    crc_to_json(m->models[i].crc)))) {
            json_decref(models);
            return NULL;
        }
    return models;
}

enum status manifest_print(const struct manifest *m, struct buffer *out)
{
    json_t *value = json_pack(
        "{s:i, s:I, s:I, s:I, s:I, s:s, s:{s:I, s:f}, s:o, s:o, s:o, s:b, s:O}", "format",
        MANIFEST_FORMAT, "seq", (json_int_t)m->seq, "users", (json_int_t)m->n_users, "items",
        (json_int_t)m->n_items, "interactions", (json_int_t)m->n_events, "retriever", m->retriever,
        "frame", "newest_ms", (json_int_t)m->frame.newest_ms, "scale_middle", m->frame.scale_middle,
        "types", types_to_json(&m->types), "data", crc_to_json(m->data_crc), "models",
        models_to_json(m), "erasing", m->erasing, "settings", m->settings);
    if (value && m->has_ranker &&
        json_object_set_new(value, "ranker", crc_to_json(m->ranker_crc)) != 0) {
        json_decref(value);
        value = NULL;
    }
    if (!value)
        return STATUS_NO_MEMORY;
    json_print(value, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(17), out);
    json_decref(value);
    buffer_append_byte(out, '\n');
    return out->failed ? STATUS_NO_MEMORY : STATUS_OK;
}

/* ---- parsing: sticky, the first member that is wrong is named ---- */

struct reader {
    enum status status;
    struct error *reterr;
};

static void refuse(struct reader *r, const char *member)
{
    if (r->status == STATUS_OK)
        r->status = error_set(r->reterr, STATUS_CORRUPT,
                              "the manifest is damaged: \"%s\" is missing or wrong", member);
}

static json_int_t take_int(struct reader *r, const json_t *object, const char *name, json_int_t min,
                           json_int_t max)
{
    const json_t *value = json_object_get(object, name);
    const json_int_t number = json_integer_value(value);
    if (!json_is_integer(value) || number < min || number > max) {
        refuse(r, name);
        return min;
    }
    return number;
}

static double take_real(struct reader *r, const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_number(value))
        refuse(r, name);
    return json_number_value(value);
}

static bool take_bool(struct reader *r, const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_boolean(value))
        refuse(r, name);
    return json_is_true(value);
}

static void take_text(struct reader *r, const json_t *object, const char *name, char *out,
                      size_t size)
{
    const char *text = json_string_value(json_object_get(object, name));
    if (!text || !*text || strlen(text) >= size)
        refuse(r, name);
    else
        memcpy(out, text, strlen(text) + 1);
}

static uint32_t take_crc(struct reader *r, const json_t *object, const char *name)
{
    char text[9] = "", *end = text;
    take_text(r, object, name, text, sizeof text);
    const unsigned long crc = strtoul(text, &end, 16);
    if (end != text + 8)
        refuse(r, name);
    return (uint32_t)crc;
}

static void take_type(struct reader *r, const json_t *object, struct event_types *types)
{
    struct event_type *type = &types->of[take_int(r, object, "code", 1, EVENT_TYPES_MAX - 1)];
    char aggregate[16] = "";
    take_text(r, object, "name", type->name, sizeof type->name);
    type->weight = take_real(r, object, "weight");
    type->by_value = take_bool(r, object, "by_value");
    type->hides_ms = take_int(r, object, "hides_ms", 0, INT64_MAX);
    type->retention_ms = take_int(r, object, "retention_ms", 0, INT64_MAX);
    take_text(r, object, "aggregate", aggregate, sizeof aggregate);
    int at = 0;
    while (at < N_AGGREGATES && strcmp(aggregates[at], aggregate) != 0)
        at++;
    if (at == N_AGGREGATES)
        refuse(r, "aggregate");
    else
        type->aggregate = (enum aggregate)at;
}

static void take_types(struct reader *r, const json_t *object, struct event_types *types)
{
    const json_t *of = json_object_get(object, "of");
    types->half_life_ms = take_int(r, object, "half_life_ms", 0, INT64_MAX);
    types->max_per_user = (uint32_t)take_int(r, object, "max_per_user", 0, UINT32_MAX);
    types->cap = take_real(r, object, "cap");
    for (size_t i = 0; i < json_array_size(of) && r->status == STATUS_OK; i++)
        take_type(r, json_array_get(of, i), types);
}

static void take_models(struct reader *r, const json_t *root, struct manifest *m)
{
    const json_t *models = json_object_get(root, "models");
    m->n_models = json_array_size(models);
    if (m->n_models == 0 || m->n_models > SNAPSHOT_MODELS_MAX) {
        m->n_models = 0;
        refuse(r, "models");
    }
    for (size_t i = 0; i < m->n_models; i++) {
        const json_t *model = json_array_get(models, i);
        take_text(r, model, "name", m->models[i].name, sizeof m->models[i].name);
        m->models[i].crc = take_crc(r, model, "crc");
    }
}

static void take_all(struct reader *r, const json_t *root, struct manifest *m)
{
    m->seq = (uint64_t)take_int(r, root, "seq", 0, INT64_MAX);
    m->n_users = (uint32_t)take_int(r, root, "users", 0, UINT32_MAX - 1);
    m->n_items = (uint32_t)take_int(r, root, "items", 0, UINT32_MAX - 1);
    m->n_events = (uint64_t)take_int(r, root, "interactions", 0, INT64_MAX);
    take_text(r, root, "retriever", m->retriever, sizeof m->retriever);
    const json_t *frame = json_object_get(root, "frame");
    m->frame.newest_ms = take_int(r, frame, "newest_ms", INT64_MIN, INT64_MAX);
    m->frame.scale_middle = take_real(r, frame, "scale_middle");
    take_types(r, json_object_get(root, "types"), &m->types);
    m->data_crc = take_crc(r, root, "data");
    take_models(r, root, m);
    m->has_ranker = json_object_get(root, "ranker") != NULL;
    if (m->has_ranker)
        m->ranker_crc = take_crc(r, root, "ranker");
    m->erasing = take_bool(r, root, "erasing");
    m->settings = json_incref(json_object_get(root, "settings"));
    if (!json_is_object(m->settings))
        refuse(r, "settings");
}

enum status manifest_parse(const char *text, size_t length, struct manifest *ret_manifest,
                           struct error *reterr)
{
    json_t *root = NULL;
    struct error err = {0};
    if (json_parse(text, length, &root, &err) != STATUS_OK)
        return error_set(reterr, err.status == STATUS_NO_MEMORY ? STATUS_NO_MEMORY : STATUS_CORRUPT,
                         "the manifest is damaged: %s (%s)", err.text, err.pointer);
    struct reader r = {STATUS_OK, reterr};
    const json_int_t format = take_int(&r, root, "format", 1, INT32_MAX);
    if (r.status == STATUS_OK && format != MANIFEST_FORMAT)
        r.status = error_set(reterr, STATUS_UNSUPPORTED,
                             "the snapshot has format %d and this program reads %d: use the "
                             "version that wrote it",
                             (int)format, MANIFEST_FORMAT);
    struct manifest *m = calloc(1, sizeof *m);
    if (!m)
        r.status = error_set(reterr, STATUS_NO_MEMORY, "out of memory for the manifest");
    if (r.status == STATUS_OK)
        take_all(&r, root, m);
    if (r.status == STATUS_OK)
        *ret_manifest = *m;
    else if (m)
        manifest_free(m);
    free(m);
    json_decref(root);
    return r.status;
}

void manifest_free(struct manifest *manifest)
{
    json_decref(manifest->settings);
    manifest->settings = NULL;
}

/* ---- files ---- */

enum status snapshot_path(char out[PATH_BYTES_MAX], const char *root, uint32_t version,
                          const char *name, struct error *reterr)
{
    const int n = name ? snprintf(out, PATH_BYTES_MAX, "%s/%u/%s", root, version, name)
                       : snprintf(out, PATH_BYTES_MAX, "%s/%u", root, version);
    if (n < 0 || n >= PATH_BYTES_MAX)
        return error_set(reterr, STATUS_TOO_LARGE, "the path %.100s… is too long", root);
    return STATUS_OK;
}

enum status manifest_read(const char *root, uint32_t version, struct buffer *ret_text,
                          struct manifest *ret_manifest, struct error *reterr)
{
    char path[PATH_BYTES_MAX];
    enum status status = snapshot_path(path, root, version, MANIFEST_FILE, reterr);
    if (status != STATUS_OK)
        return status;
    struct buffer text = {0};
    status = file_read(path, MANIFEST_BYTES_MAX, &text, reterr);
    if (status == STATUS_OK)
        status = manifest_parse(text.data ? text.data : "", text.size, ret_manifest, reterr);
    if (status == STATUS_OK)
        *ret_text = text;
    else
        buffer_free(&text);
    return status;
}
