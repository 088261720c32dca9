#include "base/json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* Brackets outside of strings, counted before the parser recurses. */
static bool too_deep(const char *bytes, size_t length)
{
    size_t depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < length; i++) {
        const char c = bytes[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            if (++depth > JSON_DEPTH_MAX)
                return true;
        } else if ((c == ']' || c == '}') && depth > 0) {
            depth--;
        }
    }
    return false;
}

/* jansson calls an allocation that failed a syntax error, or nothing at all. */
static bool parser_ran_out(const json_error_t *err)
{
    return json_error_code(err) == json_error_out_of_memory || !err->text[0] || errno == ENOMEM;
}

enum status json_parse(const char *bytes, size_t length, json_t **ret_value, struct error *reterr)
{
    if (too_deep(bytes, length))
        return error_set(reterr, STATUS_TOO_LARGE, "the JSON is nested deeper than %d levels",
                         JSON_DEPTH_MAX);
    if (length == 0)
        return error_set(reterr, STATUS_MALFORMED, "not valid JSON: there is nothing");
    if (memchr(bytes, '\0', length)) /* jansson skips one that follows a number */
        return error_set(reterr, STATUS_MALFORMED, "not valid JSON: it contains a NUL character");
    json_error_t err;
    errno = 0;
    json_t *value = json_loadb(bytes, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &err);
    if (!value) {
        if (parser_ran_out(&err))
            return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the JSON");
        char place[ERROR_POINTER_MAX];
        snprintf(place, sizeof place, "line %d, column %d", err.line, err.column);
        return error_set_at(reterr, STATUS_MALFORMED, place, "not valid JSON: %s", err.text);
    }
    *ret_value = value;
    return STATUS_OK;
}

void json_pointer_push(char *out, const char *name)
{
    size_t used = strlen(out);
    if (used + 1 < ERROR_POINTER_MAX)
        out[used++] = '/';
    for (; *name && used + 3 < ERROR_POINTER_MAX; name++) {
        if (*name == '~' || *name == '/') {
            out[used++] = '~';
            out[used++] = *name == '~' ? '0' : '1';
        } else {
            out[used++] = *name;
        }
    }
    out[used] = '\0';
    utf8_trim_partial(out);
}

void json_pointer_push_index(char *out, size_t index)
{
    char text[32];
    snprintf(text, sizeof text, "%zu", index);
    json_pointer_push(out, text);
}
