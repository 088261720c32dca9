#include "models/content_terms.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

/* ---- collecting ---- */

/* FNV-1a in 64 bits: field, name, then the text. */
static uint64_t hash_bytes(uint64_t hash, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static uint64_t hash_start(enum content_field field, const char *name)
{
    const char code = (char)('0' + field);
    const uint64_t hash = hash_bytes(UINT64_C(0xcbf29ce484222325), &code, 1);
    return hash_bytes(hash, name, strlen(name) + 1);
}

static void add_term(struct content_terms *terms, enum content_field field, uint64_t hash)
{
    if (terms->n < CONTENT_TERMS_MAX)
        terms->terms[terms->n++] =
            (struct content_term){.hash = hash, .count = 1, .field = (uint8_t)field};
}

static bool is_word(unsigned char c)
{
    return c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void add_words(struct content_terms *terms, enum content_field field, const char *name,
                      const char *text)
{
    const uint64_t start = hash_start(field, name);
    for (size_t at = 0; text[at];) {
        uint64_t hash = start;
        size_t length = 0;
        for (; is_word((unsigned char)text[at]); at++, length++) {
            const char c = text[at];
            const char lower = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
            hash = hash_bytes(hash, &lower, 1);
        }
        if (length > 0)
            add_term(terms, field, hash);
        else
            at++;
    }
}

static void add_categories(struct content_terms *terms, const struct item_record *record)
{
    const uint64_t start = hash_start(CONTENT_CATEGORIES, "");
    for (uint32_t i = 0; i < record->n_categories; i++) {
        const char *path = record->categories[i];
        for (size_t at = 0;; at++) {
            if (path[at] == '/' || path[at] == '\0')
                add_term(terms, CONTENT_CATEGORIES, hash_bytes(start, path, at));
            if (path[at] == '\0')
                break;
        }
    }
}

static void add_text(struct content_terms *terms, const char *name, const char *text)
{
    const size_t length = strlen(text);
    if (length > CONTENT_WHOLE_TEXT_MAX)
        add_words(terms, CONTENT_ATTRIBUTES, name, text);
    else
        add_term(terms, CONTENT_ATTRIBUTES,
                 hash_bytes(hash_start(CONTENT_ATTRIBUTES, name), text, length));
}

static void add_value(struct content_terms *terms, const char *name, const json_t *value)
{
    char number[40];
    const json_t *entry;
    size_t i;
    if (json_is_string(value)) {
        add_text(terms, name, json_string_value(value));
    } else if (json_is_boolean(value)) {
        add_text(terms, name, json_is_true(value) ? "true" : "false");
    } else if (json_is_number(value)) {
        snprintf(number, sizeof number, "%.9g", json_number_value(value));
        add_text(terms, name, number);
    } else if (json_is_array(value)) {
        json_array_foreach (value, i, entry) {
            if (json_is_string(entry))
                add_text(terms, name, json_string_value(entry));
        }
    }
}

static enum status add_attributes(struct content_terms *terms, const char *text)
{
    json_t *root;
    const char *name;
    json_t *value;
    if (!text || strcmp(text, "{}") == 0)
        return STATUS_OK;
    const enum status status = json_parse(text, strlen(text), &root, NULL);
    if (status != STATUS_OK)
        return status == STATUS_NO_MEMORY ? status : STATUS_OK;
    json_object_foreach (root, name, value) {
        add_value(terms, name, value);
    }
    json_decref(root);
    return STATUS_OK;
}

static int compare_terms(const void *a, const void *b)
{
    const uint64_t x = ((const struct content_term *)a)->hash;
    const uint64_t y = ((const struct content_term *)b)->hash;
    return (x > y) - (x < y);
}

static void merge_equal(struct content_terms *terms)
{
    size_t n = 0;
    qsort(terms->terms, terms->n, sizeof *terms->terms, compare_terms);
    for (size_t i = 0; i < terms->n; i++)
        if (n > 0 && terms->terms[n - 1].hash == terms->terms[i].hash)
            terms->terms[n - 1].count++;
        else
            terms->terms[n++] = terms->terms[i];
    terms->n = n;
}

enum status content_terms_read(const struct item_record *record, struct content_terms *ret_terms)
{
    ret_terms->n = 0;
    add_categories(ret_terms, record);
    const enum status status = add_attributes(ret_terms, record->attributes);
    if (status != STATUS_OK)
        return status;
    if (record->title)
        add_words(ret_terms, CONTENT_TITLE, "", record->title);
    merge_equal(ret_terms);
    return STATUS_OK;
}

/* ---- weighing ---- */

double content_idf(uint32_t count, uint32_t n_items)
{
    return 1 + log((1 + (double)n_items) / (1 + (double)count));
}

void content_weigh(const struct content_terms *terms, const double *idfs,
                   const float fields[CONTENT_FIELDS], bool has_vector, float *weights,
                   float *ret_vector)
{
    double squares[CONTENT_FIELDS] = {0}, all = has_vector ? (double)fields[CONTENT_VECTOR] : 0;
    for (size_t i = 0; i < terms->n; i++) {
        const double x = (1 + log(terms->terms[i].count)) * idfs[i];
        weights[i] = (float)x;
        squares[terms->terms[i].field] += x * x;
    }
    for (size_t f = 0; f < CONTENT_FIELDS; f++)
        all += squares[f] > 0 ? (double)fields[f] : 0;
    for (size_t i = 0; i < terms->n; i++) {
        const uint8_t f = terms->terms[i].field;
        const double factor = all > 0 ? sqrt((double)fields[f] / all / squares[f]) : 0;
        weights[i] = (float)((double)weights[i] * factor);
    }
    *ret_vector = has_vector && all > 0 ? (float)sqrt((double)fields[CONTENT_VECTOR] / all) : 0;
}

bool content_scale(const float *vector, uint32_t n, float factor, float *out)
{
    double squares = 0;
    for (uint32_t i = 0; i < n; i++)
        squares += (double)vector[i] * (double)vector[i];
    const double scale = squares > 0 && isfinite(squares) ? (double)factor / sqrt(squares) : 0;
    for (uint32_t i = 0; i < n; i++)
        out[i] = (float)((double)vector[i] * scale);
    return scale > 0;
}
