#include "data/yaml.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "base/text.h"

enum status yaml_refuse(const char *name, uint32_t line, enum status status, struct error *reterr,
                        const char *format, ...)
{
    char text[ERROR_TEXT_MAX], place[ERROR_POINTER_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    snprintf(place, sizeof place, "%.*s:%u", ERROR_POINTER_MAX - 16, name, line);
    return error_set_at(reterr, status, place, "%s", text);
}

bool yaml_is_null(const struct yaml_value *value)
{
    return value->kind == YAML_TEXT && !value->quoted &&
           (*value->text == '\0' || strcmp(value->text, "~") == 0 ||
            strcmp(value->text, "null") == 0);
}

/* The collections that are open, outermost first, and the key that waits for its value. */
struct walker {
    const char *name;
    struct arena *arena;
    struct error *err;
    struct yaml_value *open[YAML_LEVELS_MAX];
    const char *keys[YAML_LEVELS_MAX]; /* NULL: the next scalar of a mapping is a key */
    uint32_t key_lines[YAML_LEVELS_MAX];
    int depth;
    struct yaml_value *root;
    int documents;
    bool done;
};

static enum status refuse_memory(struct walker *w, uint32_t line)
{
    return yaml_refuse(w->name, line, STATUS_NO_MEMORY, w->err, "out of memory");
}

static const char *copy_scalar(struct walker *w, const yaml_event_t *event)
{
    return arena_strndup(w->arena, (const char *)event->data.scalar.value,
                         event->data.scalar.length);
}

static bool has_key(const struct yaml_value *map, const char *key)
{
    for (const struct yaml_value *child = map->first; child; child = child->next)
        if (strcmp(child->key, key) == 0)
            return true;
    return false;
}

/* A scalar where a mapping expects a key. */
static enum status take_key(struct walker *w, const yaml_event_t *event, uint32_t line)
{
    const char *key = copy_scalar(w, event);
    if (!key)
        return refuse_memory(w, line);
    if (*key == '\0')
        return yaml_refuse(w->name, line, STATUS_MALFORMED, w->err, "a key is empty");
    if (has_key(w->open[w->depth - 1], key))
        return yaml_refuse(w->name, line, STATUS_MALFORMED, w->err,
                           "the key '%.60s' is given twice", key);
    w->keys[w->depth - 1] = key;
    w->key_lines[w->depth - 1] = line;
    return STATUS_OK;
}

/* Hangs a node under what is open, or makes it the root. */
static enum status attach(struct walker *w, struct yaml_value *value)
{
    if (w->depth == 0) {
        w->root = value;
        return STATUS_OK;
    }
    struct yaml_value *parent = w->open[w->depth - 1];
    if (parent->n_children == YAML_CHILDREN_MAX)
        return yaml_refuse(w->name, value->line, STATUS_TOO_LARGE, w->err,
                           "there are more than %d entries here", YAML_CHILDREN_MAX);
    value->key_line = value->line;
    if (parent->kind == YAML_MAP) {
        value->key = w->keys[w->depth - 1];
        value->key_line = w->key_lines[w->depth - 1];
        w->keys[w->depth - 1] = NULL;
    }
    if (parent->last)
        parent->last->next = value;
    else
        parent->first = value;
    parent->last = value;
    parent->n_children++;
    return STATUS_OK;
}

static struct yaml_value *new_value(struct walker *w, const yaml_event_t *event,
                                    enum yaml_kind kind)
{
    struct yaml_value *value = arena_zalloc(w->arena, 1, sizeof *value);
    if (value) {
        value->kind = kind;
        value->line = (uint32_t)event->start_mark.line + 1;
        value->column = (uint32_t)event->start_mark.column + 1;
    }
    return value;
}

static bool awaits_key(const struct walker *w)
{
    return w->depth > 0 && w->open[w->depth - 1]->kind == YAML_MAP && !w->keys[w->depth - 1];
}

static enum status take_scalar(struct walker *w, const yaml_event_t *event, uint32_t line)
{
    if (memchr(event->data.scalar.value, '\0', event->data.scalar.length))
        return yaml_refuse(w->name, line, STATUS_MALFORMED, w->err, "there is a NUL character");
    if (awaits_key(w))
        return take_key(w, event, line);
    struct yaml_value *value = new_value(w, event, YAML_TEXT);
    if (!value || !(value->text = copy_scalar(w, event)))
        return refuse_memory(w, line);
    value->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    return attach(w, value);
}

static enum status open_collection(struct walker *w, const yaml_event_t *event, uint32_t line,
                                   enum yaml_kind kind)
{
    if (awaits_key(w))
        return yaml_refuse(w->name, line, STATUS_MALFORMED, w->err,
                           "a key must be a plain word, not a list or a mapping");
    if (w->depth == YAML_LEVELS_MAX)
        return yaml_refuse(w->name, line, STATUS_TOO_LARGE, w->err, "nested deeper than %d levels",
                           YAML_LEVELS_MAX);
    struct yaml_value *value = new_value(w, event, kind);
    if (!value)
        return refuse_memory(w, line);
    const enum status status = attach(w, value);
    if (status != STATUS_OK)
        return status;
    w->keys[w->depth] = NULL;
    w->open[w->depth++] = value;
    return STATUS_OK;
}

static enum status refuse_ornament(struct walker *w, uint32_t line, const char *what)
{
    return yaml_refuse(w->name, line, STATUS_MALFORMED, w->err,
                       "%s are not used here; write the value itself", what);
}

static enum status take_event(struct walker *w, const yaml_event_t *event)
{
    const uint32_t line = (uint32_t)event->start_mark.line + 1;
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (w->documents++)
            return yaml_refuse(w->name, line, STATUS_MALFORMED, w->err,
                               "a second document starts here; only one is read");
        return STATUS_OK;
    case YAML_ALIAS_EVENT:
        return refuse_ornament(w, line, "aliases (*name)");
    case YAML_SCALAR_EVENT:
        if (event->data.scalar.anchor)
            return refuse_ornament(w, line, "anchors (&name)");
        if (event->data.scalar.tag)
            return refuse_ornament(w, line, "tags (!name)");
        return take_scalar(w, event, line);
    case YAML_MAPPING_START_EVENT:
        if (event->data.mapping_start.anchor)
            return refuse_ornament(w, line, "anchors (&name)");
        if (event->data.mapping_start.tag)
            return refuse_ornament(w, line, "tags (!name)");
        return open_collection(w, event, line, YAML_MAP);
    case YAML_SEQUENCE_START_EVENT:
        if (event->data.sequence_start.anchor)
            return refuse_ornament(w, line, "anchors (&name)");
        if (event->data.sequence_start.tag)
            return refuse_ornament(w, line, "tags (!name)");
        return open_collection(w, event, line, YAML_LIST);
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
        w->depth--;
        return STATUS_OK;
    case YAML_STREAM_END_EVENT:
        w->done = true;
        return STATUS_OK;
    default:
        return STATUS_OK;
    }
}

static enum status refuse_syntax(struct walker *w, const yaml_parser_t *parser)
{
    if (parser->error == YAML_MEMORY_ERROR)
        return refuse_memory(w, 1);
    const bool reading = parser->error == YAML_READER_ERROR;
    const uint32_t line = (uint32_t)(reading ? parser->mark.line : parser->problem_mark.line) + 1;
    return yaml_refuse(w->name, line, STATUS_MALFORMED, w->err, "not valid YAML: %s%s%s",
                       parser->context ? parser->context : "", parser->context ? ", " : "",
                       parser->problem ? parser->problem : "syntax error");
}

static enum status walk(struct walker *w, yaml_parser_t *parser)
{
    enum status status = STATUS_OK;
    while (status == STATUS_OK && !w->done) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event))
            return refuse_syntax(w, parser);
        status = take_event(w, &event);
        yaml_event_delete(&event);
    }
    return status;
}

enum status yaml_parse(const char *name, const char *bytes, size_t length, struct arena *arena,
                       struct yaml_value **ret_root, struct error *reterr)
{
    if (length > YAML_BYTES_MAX)
        return yaml_refuse(name, 1, STATUS_TOO_LARGE, reterr, "the file is larger than %d bytes",
                           YAML_BYTES_MAX);
    struct walker w = {.name = name, .arena = arena, .err = reterr};
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return refuse_memory(&w, 1);
    yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, length);
    enum status status = walk(&w, &parser);
    yaml_parser_delete(&parser);
    if (status != STATUS_OK)
        return status;
    if (!w.root || yaml_is_null(w.root)) {
        w.root = arena_zalloc(arena, 1, sizeof *w.root);
        if (!w.root)
            return refuse_memory(&w, 1);
        *w.root = (struct yaml_value){.kind = YAML_MAP, .line = 1, .column = 1};
    }
    *ret_root = w.root;
    return STATUS_OK;
}
