#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>
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

/* Where an allocation fails, jansson's scanner goes on without the character that it had no room
 * for: an id comes out shorter, and no error is told. So its allocations go through here, and a
 * text during which one failed was not parsed. The mark belongs to the thread that parses. */
static _Thread_local bool ran_out;

static void *watched_malloc(size_t size)
{
    void *memory = malloc(size);
    ran_out |= !memory;
    return memory;
}

__attribute__((constructor)) static void watch_allocations(void)
{
    json_set_alloc_funcs(watched_malloc, free);
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
    ran_out = false;
    json_t *value = json_loadb(bytes, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &err);
    if (ran_out) {
        json_decref(value);
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the JSON");
    }
    if (!value) {
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
