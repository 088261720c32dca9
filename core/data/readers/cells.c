#include "data/readers/cells.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/text.h"
#include "data/records.h"

static bool all_digits(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (text[i] < '0' || text[i] > '9')
            return false;
    return true;
}

/* Seconds below this, milliseconds from it on. */
#define SECONDS_BELOW 1e11

static enum status time_of_number(double value, int64_t *ret_ms)
{
    const double ms = fabs(value) < SECONDS_BELOW ? value * 1000 : value;
    if (!(ms >= (double)TIME_MS_MIN && ms <= (double)TIME_MS_MAX))
        return STATUS_OUT_OF_RANGE;
    *ret_ms = (int64_t)llround(ms);
    return STATUS_OK;
}

/* Brings "2026-11-23", "2026-11-23 15:28:00", "…+00" and "…+0000" to RFC 3339. */
static bool complete_time(const char *text, char out[64])
{
    const size_t length = strlen(text);
    if (length < 10 || length > 48 || text[4] != '-' || text[7] != '-')
        return false;
    if (length == 10) {
        snprintf(out, 64, "%sT00:00:00Z", text);
        return true;
    }
    const char *sign = strpbrk(text + 10, "+-");
    const size_t offset = sign ? strlen(sign) - 1 : 0;
    if (!sign)
        snprintf(out, 64, "%s%s", text, strpbrk(text, "Zz") ? "" : "Z");
    else if (offset == 2 && all_digits(sign + 1, 2))
        snprintf(out, 64, "%s:00", text);
    else if (offset == 4 && all_digits(sign + 1, 4))
        snprintf(out, 64, "%.*s:%s", (int)(sign - text) + 3, text, sign + 3);
    else
        snprintf(out, 64, "%s", text);
    return true;
}

enum status cell_time(const char *text, int64_t *ret_ms, struct error *reterr)
{
    double number;
    char complete[64];
    int64_t ms;
    enum status status = text_to_double(text, &number);
    if (status == STATUS_OK)
        status = time_of_number(number, &ms);
    else if (status == STATUS_MALFORMED && complete_time(text, complete))
        status = time_parse(complete, &ms);
    if (status == STATUS_OUT_OF_RANGE)
        return error_set(reterr, status, "there is no time '%.40s'", text);
    if (status != STATUS_OK)
        return error_set(reterr, status,
                         "'%.40s' is not a time; RFC 3339, unix seconds and milliseconds are read",
                         text);
    *ret_ms = ms;
    return STATUS_OK;
}

enum status cell_number(const char *name, const char *text, double *ret_value, struct error *reterr)
{
    const enum status status = text_to_double(text, ret_value);
    return status == STATUS_OK
               ? status
               : error_set(reterr, status, "%.60s is '%.40s', which is not a number", name, text);
}

enum status cell_bool(const char *name, const char *text, bool *ret_value, struct error *reterr)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = {{"true", true}, {"false", false}, {"t", true}, {"f", false},
                 {"yes", true},  {"no", false},    {"1", true}, {"0", false}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(words[i].word, text) == 0) {
            *ret_value = words[i].value;
            return STATUS_OK;
        }
    return error_set(reterr, STATUS_MALFORMED, "%.60s is '%.40s', which is not true or false", name,
                     text);
}

static bool holds(const char *const *parts, uint32_t n, const char *text, size_t length)
{
    for (uint32_t i = 0; i < n; i++)
        if (strlen(parts[i]) == length && memcmp(parts[i], text, length) == 0)
            return true;
    return false;
}

enum status cell_list(const char *text, char separator, uint32_t limit, struct arena *arena,
                      const char *const **ret_parts, uint32_t *ret_n, struct error *reterr)
{
    size_t most = 1;
    for (const char *at = text; *at; at++)
        most += *at == separator;
    if (most > limit)
        most = limit;
    const char **parts = arena_zalloc(arena, most, sizeof *parts);
    uint32_t n = 0;
    for (const char *at = text; parts && *at;) {
        const char *end = strchr(at, separator), *next = end ? end + 1 : at + strlen(at);
        if (!end)
            end = next;
        while (at < end && *at == ' ')
            at++;
        while (end > at && end[-1] == ' ')
            end--;
        if (end > at && !holds(parts, n, at, (size_t)(end - at))) {
            if (n == limit)
                return error_set(reterr, STATUS_TOO_LARGE, "the list has more than %u entries",
                                 limit);
            parts[n] = arena_strndup(arena, at, (size_t)(end - at));
            if (!parts[n++])
                parts = NULL;
        }
        at = next;
    }
    if (!parts)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory");
    *ret_parts = parts;
    *ret_n = n;
    return STATUS_OK;
}

/* ---- attributes ---- */

static void add_name(struct buffer *object, const char *name)
{
    buffer_append_byte(object, object->size ? ',' : '{');
    buffer_append_json(object, name, strlen(name));
    buffer_append_byte(object, ':');
}

void attributes_add_text(struct buffer *object, const char *name, const char *text)
{
    add_name(object, name);
    buffer_append_json(object, text, strlen(text));
}

void attributes_add_number(struct buffer *object, const char *name, double value)
{
    add_name(object, name);
    buffer_append_double(object, value);
}

void attributes_add_bool(struct buffer *object, const char *name, bool value)
{
    add_name(object, name);
    buffer_append_text(object, value ? "true" : "false");
}

void attributes_add_list(struct buffer *object, const char *name, const char *const *parts,
                         uint32_t n)
{
    add_name(object, name);
    buffer_append_byte(object, '[');
    for (uint32_t i = 0; i < n; i++) {
        if (i)
            buffer_append_byte(object, ',');
        buffer_append_json(object, parts[i], strlen(parts[i]));
    }
    buffer_append_byte(object, ']');
}

const char *attributes_close(struct buffer *object, struct arena *arena)
{
    if (object->size == 0)
        buffer_append_byte(object, '{');
    buffer_append_byte(object, '}');
    return object->failed ? NULL : arena_strndup(arena, object->data, object->size);
}
