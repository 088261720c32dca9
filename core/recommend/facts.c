#include "recommend/facts.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "recommend/record_pool.h"

const char fact_categories[] = "categories";

/* A record: an offset for each name (0: missing), then the values: a type byte, and a double, or
 * the number of texts (1 for a text alone) and for each its length, bytes and zero byte. */
struct facts {
    struct fact_names names;
    struct arena arena; /* of the names */
    struct record_pool records;
    struct buffer packing;
};

bool fact_names_add(struct fact_names *names, const char *name)
{
    if (fact_names_find(names, name) != UINT32_MAX)
        return true;
    if (names->n == FACT_NAMES_MAX)
        return false;
    names->of[names->n++] = name;
    return true;
}

uint32_t fact_names_find(const struct fact_names *names, const char *name)
{
    for (uint32_t i = 0; names && i < names->n; i++)
        if (strcmp(names->of[i], name) == 0)
            return i;
    return UINT32_MAX;
}

/* ---- reading ---- */

static uint32_t read_u32(const unsigned char *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

struct feature_value fact_read(const struct fact_record *record, uint32_t at,
                               struct spec_text *texts)
{
    struct feature_value value = {.type = FEATURE_VALUE_MISSING};
    if (!record->bytes || !record->names || at >= record->names->n)
        return value;
    const uint32_t offset = read_u32(record->bytes + at * sizeof offset);
    if (offset == 0)
        return value;
    const unsigned char *from = record->bytes + offset;
    value.type = (enum feature_value_type) * from++;
    if (value.type == FEATURE_VALUE_NUMBER) {
        memcpy(&value.number, from, sizeof value.number);
        return value;
    }
    const uint32_t n = read_u32(from);
    from += sizeof n;
    for (uint32_t i = 0; i < n; i++) {
        texts[i].length = read_u32(from);
        texts[i].bytes = (const char *)from + sizeof(uint32_t);
        from += sizeof(uint32_t) + texts[i].length + 1;
    }
    if (value.type == FEATURE_VALUE_TEXTS) {
        value.texts = texts;
        value.length = n;
    } else {
        value.text = texts[0].bytes;
        value.length = (uint32_t)texts[0].length;
    }
    return value;
}

/* ---- writing a record ---- */

static void start_record(const struct fact_names *names, struct buffer *out)
{
    buffer_clear(out);
    for (uint32_t i = 0; i < names->n; i++)
        buffer_append_u32(out, 0);
}

/* The value of name `at` begins here. */
static void start_value(struct buffer *out, uint32_t at, enum feature_value_type type)
{
    const uint32_t offset = (uint32_t)out->size;
    if (!out->failed)
        memcpy(out->data + at * sizeof offset, &offset, sizeof offset);
    buffer_append_byte(out, (char)type);
}

static void add_text(struct buffer *out, const char *text, size_t length)
{
    buffer_append_u32(out, (uint32_t)length);
    buffer_append(out, text, length);
    buffer_append_byte(out, '\0');
}

static void write_text(struct buffer *out, uint32_t at, const char *text)
{
    start_value(out, at, FEATURE_VALUE_TEXT);
    buffer_append_u32(out, 1);
    add_text(out, text, strlen(text));
}

static void write_texts(struct buffer *out, uint32_t at, const struct spec_text *texts, uint32_t n)
{
    start_value(out, at, FEATURE_VALUE_TEXTS);
    buffer_append_u32(out, n);
    for (uint32_t i = 0; i < n; i++)
        add_text(out, texts[i].bytes, texts[i].length);
}

static void add_once(struct spec_text *texts, uint32_t *n, const char *text, size_t length)
{
    for (uint32_t i = 0; i < *n; i++)
        if (texts[i].length == length && memcmp(texts[i].bytes, text, length) == 0)
            return;
    if (*n < FACT_TEXTS_MAX && length > 0)
        texts[(*n)++] = (struct spec_text){text, length};
}

/* Every path and what lies above it. */
static void write_categories(struct buffer *out, uint32_t at, const char *const *categories,
                             uint32_t n_categories)
{
    struct spec_text texts[FACT_TEXTS_MAX];
    uint32_t n = 0;
    for (uint32_t i = 0; i < n_categories; i++) {
        const char *path = categories[i];
        for (const char *end = strchrnul(path, '/');; end = strchrnul(end + 1, '/')) {
            add_once(texts, &n, path, (size_t)(end - path));
            if (*end == '\0')
                break;
        }
    }
    if (n)
        write_texts(out, at, texts, n);
}

static void write_list(struct buffer *out, uint32_t at, const json_t *list)
{
    struct spec_text texts[FACT_TEXTS_MAX];
    uint32_t n = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        if (json_is_string(one))
            add_once(texts, &n, json_string_value(one), json_string_length(one));
    }
    if (n)
        write_texts(out, at, texts, n);
}

static void write_json(struct buffer *out, uint32_t at, const json_t *value)
{
    if (json_is_number(value)) {
        const double number = json_number_value(value);
        start_value(out, at, FEATURE_VALUE_NUMBER);
        buffer_append(out, &number, sizeof number);
    } else if (json_is_boolean(value)) {
        write_text(out, at, json_is_true(value) ? "true" : "false");
    } else if (json_is_string(value) && json_string_length(value)) {
        write_text(out, at, json_string_value(value));
    } else if (json_is_array(value)) {
        write_list(out, at, value);
    }
}

/* ---- the records of many ---- */

enum status facts_new(const struct fact_names *names, struct facts **ret_facts)
{
    struct facts *facts = calloc(1, sizeof *facts);
    if (!facts)
        return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < names->n; i++) {
        facts->names.of[i] = arena_strndup(&facts->arena, names->of[i], strlen(names->of[i]));
        if (!facts->names.of[i]) {
            facts_free(facts);
            return STATUS_NO_MEMORY;
        }
        facts->names.n++;
    }
    *ret_facts = facts;
    return STATUS_OK;
}

void facts_free(struct facts *facts)
{
    if (!facts)
        return;
    arena_free(&facts->arena);
    record_pool_free(&facts->records);
    buffer_free(&facts->packing);
    free(facts);
}

/* "item.genre" is the attribute "genre". */
static const char *attribute_of(const char *name)
{
    const char *point = strchr(name, '.');
    return point ? point + 1 : name;
}

enum status facts_put(struct facts *facts, uint32_t number, const char *attributes,
                      const char *const *categories, uint32_t n)
{
    json_t *object = NULL;
    if (!facts)
        return STATUS_OK;
    struct buffer *out = &facts->packing;
    if (attributes && strcmp(attributes, "{}") != 0 &&
        json_parse(attributes, strlen(attributes), &object, NULL) == STATUS_NO_MEMORY)
        return STATUS_NO_MEMORY;
    start_record(&facts->names, out);
    const size_t empty = out->size;
    for (uint32_t i = 0; i < facts->names.n; i++)
        if (strcmp(facts->names.of[i], fact_categories) == 0)
            write_categories(out, i, categories, n);
        else
            write_json(out, i, json_object_get(object, attribute_of(facts->names.of[i])));
    json_decref(object);
    if (out->failed) {
        buffer_free(out);
        return STATUS_NO_MEMORY;
    }
    if (out->size == empty) {
        facts_clear(facts, number);
        return STATUS_OK;
    }
    return record_pool_set(&facts->records, number, out->data, (uint32_t)out->size);
}

void facts_clear(struct facts *facts, uint32_t number)
{
    if (facts)
        record_pool_clear(&facts->records, number);
}

struct fact_record facts_get(const struct facts *facts, uint32_t number)
{
    uint32_t size;
    if (!facts)
        return (struct fact_record){0};
    return (struct fact_record){&facts->names, record_pool_get(&facts->records, number, &size)};
}

uint64_t facts_bytes(const struct facts *facts)
{
    return facts ? record_pool_bytes(&facts->records) + facts->packing.capacity : 0;
}

/* ---- of a request ---- */

enum status fact_pair_read(const char *text, struct arena *arena, struct fact_pair *ret_pair)
{
    const char *colon = strchr(text, ':');
    if (!colon || colon == text || colon[1] == '\0' || colon - text > ATTRIBUTE_NAME_BYTES_MAX ||
        strlen(colon + 1) > FACT_VALUE_BYTES_MAX)
        return STATUS_OUT_OF_RANGE;
    const char *name = arena_strndup(arena, text, (size_t)(colon - text));
    if (!name)
        return STATUS_NO_MEMORY;
    *ret_pair = (struct fact_pair){name, colon + 1};
    return STATUS_OK;
}

static enum status name_pairs(const struct fact_pair *pairs, size_t n, struct arena *arena,
                              struct fact_names *names)
{
    static const char prefix[] = "context.";
    for (size_t i = 0; i < n; i++) {
        const size_t size = sizeof prefix + strlen(pairs[i].name);
        char *name = arena_alloc(arena, size);
        if (!name)
            return STATUS_NO_MEMORY;
        snprintf(name, size, "%s%s", prefix, pairs[i].name);
        fact_names_add(names, name);
    }
    return STATUS_OK;
}

enum status fact_record_of_pairs(const struct fact_pair *pairs, size_t n, struct arena *arena,
                                 struct fact_record *ret_record)
{
    struct fact_names *names = arena_zalloc(arena, 1, sizeof *names);
    struct buffer out = {0};
    if (!names || name_pairs(pairs, n, arena, names) != STATUS_OK)
        return STATUS_NO_MEMORY;
    start_record(names, &out);
    for (uint32_t i = 0; i < names->n; i++) {
        struct spec_text texts[FACT_TEXTS_MAX];
        uint32_t n_texts = 0;
        for (size_t p = 0; p < n; p++)
            if (strcmp(attribute_of(names->of[i]), pairs[p].name) == 0)
                add_once(texts, &n_texts, pairs[p].value, strlen(pairs[p].value));
        if (n_texts > 1)
            write_texts(&out, i, texts, n_texts);
        else if (n_texts == 1)
            write_text(&out, i, texts[0].bytes);
    }
    const unsigned char *bytes =
        out.failed ? NULL
                   : (unsigned char *)arena_strndup(arena, out.data ? out.data : "", out.size);
    buffer_free(&out);
    if (!bytes)
        return STATUS_NO_MEMORY;
    *ret_record = (struct fact_record){names, bytes};
    return STATUS_OK;
}
