#include "data/features/spec.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "data/features/spec_parts.h"

/* ---- errors ---- */

enum status spec_refuse(const struct spec_reader *r, uint32_t line, enum status status,
                        const char *format, ...)
{
    char text[ERROR_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return yaml_refuse(r->spec->file, line, status, r->err, "%s", text);
}

enum status spec_refuse_memory(const struct spec_reader *r)
{
    return error_set(r->err, STATUS_NO_MEMORY, "out of memory for %s", r->spec->file);
}

enum status spec_refuse_key(const struct spec_reader *r, const struct yaml_value *value,
                            const char *what, const char *nearest)
{
    return spec_refuse(r, value->key_line, STATUS_NOT_FOUND, "unknown %s '%.60s'%s", what,
                       value->key, text_suggest(nearest).text);
}

/* Puts the line of a node to an error that a table's parser has described. */
static enum status at_line(const struct spec_reader *r, uint32_t line, enum status status)
{
    if (status == STATUS_OK || !r->err)
        return status;
    char text[ERROR_TEXT_MAX];
    snprintf(text, sizeof text, "%s", r->err->text);
    return spec_refuse(r, line, status, "%s", text);
}

/* ---- values ---- */

static const char *copy(const struct spec_reader *r, const char *text)
{
    return arena_strndup(&r->spec->arena, text, strlen(text));
}

static enum status take_text(const struct spec_reader *r, const struct yaml_value *value,
                             const char **ret_text)
{
    if (value->kind != YAML_TEXT)
        return spec_refuse(r, value->line, STATUS_MALFORMED, "'%.60s' takes one value, not a %s",
                           value->key, value->kind == YAML_MAP ? "mapping" : "list");
    if (yaml_is_null(value))
        return spec_refuse(r, value->line, STATUS_MALFORMED,
                           "'%.60s' has no value; give one or leave it out", value->key);
    *ret_text = copy(r, value->text);
    return *ret_text ? STATUS_OK : spec_refuse_memory(r);
}

enum status spec_take_option(const struct spec_reader *r, const struct option *option, void *values,
                             const struct yaml_value *value)
{
    const char *text;
    enum status status = take_text(r, value, &text);
    if (status != STATUS_OK)
        return status;
    if (value->quoted && option->type != OPTION_TEXT && option->type != OPTION_CHOICE)
        return spec_refuse(r, value->line, STATUS_MALFORMED,
                           "'%.60s' is text in quotes; write it without them", value->key);
    return at_line(r, value->line, option_set(option, values, text, &r->spec->arena, r->err));
}

enum status spec_take_list(const struct spec_reader *r, const struct yaml_value *value,
                           const struct spec_text **ret_texts, uint32_t *ret_n)
{
    if (value->kind == YAML_MAP)
        return spec_refuse(r, value->line, STATUS_MALFORMED, "'%.60s' takes a list", value->key);
    const uint32_t n = value->kind == YAML_LIST ? value->n_children : 1;
    struct spec_text *texts = arena_zalloc(&r->spec->arena, n ? n : 1, sizeof *texts);
    if (!texts)
        return spec_refuse_memory(r);
    const struct yaml_value *at = value->kind == YAML_LIST ? value->first : value;
    for (uint32_t i = 0; i < n; i++, at = at->next) {
        if (at->kind != YAML_TEXT || yaml_is_null(at))
            return spec_refuse(r, at->line, STATUS_MALFORMED, "'%.60s' takes a list of words",
                               value->key);
        texts[i] = (struct spec_text){copy(r, at->text), strlen(at->text)};
        if (!texts[i].bytes)
            return spec_refuse_memory(r);
    }
    *ret_texts = texts;
    *ret_n = n;
    return STATUS_OK;
}

uint32_t feature_spec_column(const struct feature_spec *spec, const char *name)
{
    for (uint32_t i = 0; i < spec->n_columns; i++)
        if (strcmp(spec->columns[i].name, name) == 0)
            return i;
    return UINT32_MAX;
}

uint32_t spec_column_of(const struct spec_reader *r, const char *name, uint32_t line)
{
    struct feature_spec *spec = r->spec;
    const uint32_t known = feature_spec_column(spec, name);
    if (known != UINT32_MAX)
        return known;
    spec->columns[spec->n_columns] = (struct spec_column){.name = name, .line = line};
    return spec->n_columns++;
}

/* ---- file, label, weight ---- */

static const char *const headers[] = {"auto", "true", "false", NULL};

static const struct option file_options[] = {
    {"delimiter", OPTION_TEXT, offsetof(struct feature_spec, delimiter), ",", 0, 0, NULL,
     "one byte between cells"},
    {"comment", OPTION_TEXT, offsetof(struct feature_spec, comment), "", 0, 0, NULL,
     "lines that begin with it are skipped"},
    {"trim", OPTION_BOOL, offsetof(struct feature_spec, trim), "true", 0, 0, NULL,
     "blanks around a cell do not count"},
    {"header", OPTION_CHOICE, offsetof(struct feature_spec, header), "auto", 0, 0, headers,
     "whether the first line names the columns; auto: if the columns' names are in it"},
};
enum { N_FILE_OPTIONS = sizeof file_options / sizeof *file_options };

static enum status need_map(const struct spec_reader *r, const struct yaml_value *value)
{
    return value->kind == YAML_MAP
               ? STATUS_OK
               : spec_refuse(r, value->line, STATUS_MALFORMED,
                             "'%.60s' must be a mapping of keys to values", value->key);
}

static const char *const file_keys[] = {"columns", "missing", "delimiter",
                                        "comment", "trim",    "header"};
static const char *const label_keys[] = {"column", "positive", "negative", "trim"};
static const char *const weight_keys[] = {"column"};
static const char *const top_keys[] = {"file", "label", "weight", "features", "model", "drop"};
#define COUNT(list) (sizeof(list) / sizeof *(list))

static const char *key_at(const void *context, size_t i)
{
    return ((const char *const *)context)[i];
}

static enum status take_file(const struct spec_reader *r, const struct yaml_value *file)
{
    struct feature_spec *spec = r->spec;
    enum status status = need_map(r, file);
    for (const struct yaml_value *v = file->first; v && status == STATUS_OK; v = v->next) {
        const struct option *option = option_find(file_options, N_FILE_OPTIONS, v->key);
        if (option)
            status = spec_take_option(r, option, spec, v);
        else if (strcmp(v->key, "columns") == 0)
            status = spec_take_list(r, v, &spec->file_columns, &spec->n_file_columns);
        else if (strcmp(v->key, "missing") == 0)
            status = spec_take_list(r, v, &spec->missing, &spec->n_missing);
        else
            status = spec_refuse_key(r, v, "key of 'file'",
                                     text_nearest(v->key, COUNT(file_keys), key_at, file_keys));
    }
    if (status != STATUS_OK)
        return status;
    if (strlen(spec->delimiter) != 1 || strchr("\"\r\n", *spec->delimiter) ||
        (unsigned char)*spec->delimiter >= 0x80)
        return spec_refuse(r, file->line, STATUS_OUT_OF_RANGE,
                           "delimiter must be one ASCII character, such as ',' or \"\\t\"");
    if (strlen(spec->comment) > 1 || (*spec->comment && *spec->comment == *spec->delimiter) ||
        *spec->comment == '"' || (unsigned char)*spec->comment >= 0x80)
        return spec_refuse(r, file->line, STATUS_OUT_OF_RANGE,
                           "comment must be one ASCII character other than the delimiter");
    return STATUS_OK;
}

static enum status take_label(const struct spec_reader *r, const struct yaml_value *label)
{
    struct feature_spec *spec = r->spec;
    const char *column = NULL;
    enum status status = need_map(r, label);
    for (const struct yaml_value *v = label->first; v && status == STATUS_OK; v = v->next) {
        if (strcmp(v->key, "column") == 0)
            status = take_text(r, v, &column);
        else if (strcmp(v->key, "trim") == 0)
            status = take_text(r, v, &spec->label_trim);
        else if (strcmp(v->key, "positive") == 0)
            status = spec_take_list(r, v, &spec->positive, &spec->n_positive);
        else if (strcmp(v->key, "negative") == 0)
            status = spec_take_list(r, v, &spec->negative, &spec->n_negative);
        else
            status = spec_refuse_key(r, v, "key of 'label'",
                                     text_nearest(v->key, COUNT(label_keys), key_at, label_keys));
    }
    if (status != STATUS_OK)
        return status;
    if (!column)
        return spec_refuse(r, label->line, STATUS_MALFORMED, "the label needs a 'column'");
    if (spec->n_negative && !spec->n_positive)
        return spec_refuse(r, label->line, STATUS_MALFORMED,
                           "the label has 'negative' values but no 'positive' ones");
    spec->label = spec_column_of(r, column, label->line);
    return STATUS_OK;
}

static enum status take_weight(const struct spec_reader *r, const struct yaml_value *weight)
{
    const char *column = NULL;
    enum status status = need_map(r, weight);
    for (const struct yaml_value *v = weight->first; v && status == STATUS_OK; v = v->next)
        status =
            strcmp(v->key, "column") == 0
                ? take_text(r, v, &column)
                : spec_refuse_key(r, v, "key of 'weight'",
                                  text_nearest(v->key, COUNT(weight_keys), key_at, weight_keys));
    if (status == STATUS_OK && !column)
        return spec_refuse(r, weight->line, STATUS_MALFORMED, "the weight needs a 'column'");
    if (status == STATUS_OK)
        r->spec->weight = spec_column_of(r, column, weight->line);
    return status;
}

/* ---- model ---- */

static enum status take_model(const struct spec_reader *r, const struct yaml_value *model)
{
    struct feature_spec *spec = r->spec;
    enum status status = need_map(r, model);
    if (status != STATUS_OK)
        return status;
    spec->options = arena_zalloc(&spec->arena, model->n_children + 1, sizeof *spec->options);
    if (!spec->options)
        return spec_refuse_memory(r);
    for (const struct yaml_value *v = model->first; v && status == STATUS_OK; v = v->next) {
        const struct spec_text *texts;
        uint32_t n;
        status = spec_take_list(r, v, &texts, &n);
        if (status != STATUS_OK)
            break;
        struct buffer joined = {0};
        buffer_append_text(&joined, "");
        for (uint32_t i = 0; i < n; i++)
            buffer_printf(&joined, "%s%s", i ? "," : "", texts[i].bytes);
        const char *value = joined.failed ? NULL : copy(r, joined.data), *name = copy(r, v->key);
        buffer_free(&joined);
        if (!value || !name)
            return spec_refuse_memory(r);
        spec->options[spec->n_options++] = (struct spec_option){name, value, v->line};
    }
    return status;
}

enum status feature_spec_set_options(const struct feature_spec *spec, const struct option *options,
                                     size_t n_options, void *values, struct arena *arena,
                                     struct error *reterr)
{
    for (uint32_t i = 0; i < spec->n_options; i++) {
        struct error err = {0};
        const enum status status =
            options_set(options, n_options, values, "key of 'model'", spec->options[i].name,
                        spec->options[i].value, arena, &err);
        if (status != STATUS_OK)
            return yaml_refuse(spec->file, spec->options[i].line, status, reterr, "%s", err.text);
    }
    return STATUS_OK;
}

const char *feature_spec_option(const struct feature_spec *spec, const char *name)
{
    for (uint32_t i = 0; i < spec->n_options; i++)
        if (strcmp(spec->options[i].name, name) == 0)
            return spec->options[i].value;
    return NULL;
}

/* ---- the whole ---- */

static enum status take_part(const struct spec_reader *r, const struct yaml_value *part)
{
    if (strcmp(part->key, "file") == 0)
        return take_file(r, part);
    if (strcmp(part->key, "label") == 0)
        return take_label(r, part);
    if (strcmp(part->key, "weight") == 0)
        return take_weight(r, part);
    if (strcmp(part->key, "features") == 0)
        return spec_take_features(r, part);
    if (strcmp(part->key, "model") == 0)
        return take_model(r, part);
    if (strcmp(part->key, "drop") == 0) {
        r->spec->dropped_line = part->key_line;
        return spec_take_list(r, part, &r->spec->dropped, &r->spec->n_dropped);
    }
    return spec_refuse_key(r, part, "section",
                           text_nearest(part->key, COUNT(top_keys), key_at, top_keys));
}

/* Names of columns come from features, their crosses, label and weight. */
static uint32_t columns_at_most(const struct yaml_value *root)
{
    uint32_t n = 2;
    for (const struct yaml_value *part = root->first; part; part = part->next)
        if (strcmp(part->key, "features") == 0)
            n += part->n_children * (1 + SPEC_CROSS_MAX);
    return n;
}

static enum status take_root(const struct spec_reader *r, const struct yaml_value *root)
{
    struct feature_spec *spec = r->spec;
    if (root->kind != YAML_MAP)
        return spec_refuse(r, root->line, STATUS_MALFORMED,
                           "the file must be a mapping of sections, such as 'features:'");
    spec->columns = arena_zalloc(&spec->arena, columns_at_most(root), sizeof *spec->columns);
    if (!spec->columns)
        return spec_refuse_memory(r);
    enum status status = STATUS_OK;
    for (const struct yaml_value *part = root->first; part && status == STATUS_OK;
         part = part->next)
        status = take_part(r, part);
    if (status == STATUS_OK && spec->n_features == 0)
        status = spec_refuse(r, root->line, STATUS_MALFORMED,
                             "there are no features; name them under 'features:'");
    if (status == STATUS_OK)
        status = spec_apply_drops(r);
    return status == STATUS_OK ? spec_resolve(r) : status;
}

static enum status init(const struct spec_reader *r, const char *name, const char *bytes,
                        size_t length)
{
    struct feature_spec *spec = r->spec;
    spec->label = spec->weight = UINT32_MAX;
    spec->label_trim = "";
    spec->file = copy(r, name);
    spec->text = (struct spec_text){arena_strndup(&spec->arena, bytes, length), length};
    if (!spec->file || !spec->text.bytes)
        return STATUS_NO_MEMORY;
    return options_init(file_options, N_FILE_OPTIONS, spec, &spec->arena);
}

enum status feature_spec_parse(const char *name, const char *bytes, size_t length,
                               struct feature_spec **ret_spec, struct error *reterr)
{
    struct arena nodes = {0};
    struct yaml_value *root;
    struct feature_spec *spec = calloc(1, sizeof *spec);
    if (!spec)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for %s", name);
    struct spec_reader r = {spec, reterr};
    enum status status = yaml_parse(name, bytes, length, &nodes, &root, reterr);
    if (status == STATUS_OK && init(&r, name, bytes, length) != STATUS_OK)
        status = error_set(reterr, STATUS_NO_MEMORY, "out of memory for %s", name);
    if (status == STATUS_OK)
        status = take_root(&r, root);
    arena_free(&nodes);
    if (status == STATUS_OK)
        *ret_spec = spec;
    else
        feature_spec_free(spec);
    return status;
}

enum status feature_spec_read(const char *path, struct feature_spec **ret_spec,
                              struct error *reterr)
{
    struct buffer bytes = {0};
    enum status status = file_read(path, YAML_BYTES_MAX, &bytes, reterr);
    if (status == STATUS_OK)
        status =
            feature_spec_parse(path, bytes.data ? bytes.data : "", bytes.size, ret_spec, reterr);
    buffer_free(&bytes);
    return status;
}

void feature_spec_free(struct feature_spec *spec)
{
    if (!spec)
        return;
    arena_free(&spec->arena);
    free(spec);
}
