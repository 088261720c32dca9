#include "server/target.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Decodes `length` bytes into out (room for length + 1). Returns the bytes written, or -1 for a bad
 * escape or an encoded NUL. */
static ptrdiff_t decode_bytes(const char *raw, size_t length, bool plus_is_space, char *out)
{
    size_t used = 0;
    for (size_t i = 0; i < length; i++) {
        char c = raw[i];
        if (c == '%') {
            const int high = length - i > 2 ? hex_value(raw[i + 1]) : -1;
            const int low = length - i > 2 ? hex_value(raw[i + 2]) : -1;
            if (high < 0 || low < 0 || high + low == 0)
                return -1;
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        out[used++] = c;
    }
    out[used] = '\0';
    return (ptrdiff_t)used;
}

static enum status decode(const char *raw, size_t length, bool plus_is_space, struct arena *arena,
                          const char **ret_text, struct error *reterr)
{
    char *text = arena_alloc(arena, length + 1);
    if (!text)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the target");
    const ptrdiff_t used = decode_bytes(raw, length, plus_is_space, text);
    if (used < 0)
        return error_set(reterr, STATUS_MALFORMED,
                         "the target has a bad escape: %% must be followed by two hexadecimal "
                         "digits, and %%00 is not allowed");
    if (!utf8_is_valid(text, (size_t)used))
        return error_set(reterr, STATUS_MALFORMED, "the target is not valid UTF-8");
    *ret_text = text;
    return STATUS_OK;
}

static enum status check_bytes(const char *raw, struct error *reterr)
{
    for (const char *at = raw; *at; at++) {
        if ((unsigned char)*at <= ' ' || *at == 0x7f)
            return error_set(reterr, STATUS_MALFORMED,
                             "the target has a space or a control character; encode it");
        if (*at == '#')
            return error_set(reterr, STATUS_MALFORMED,
                             "the target has a fragment; encode # as %%23");
    }
    return STATUS_OK;
}

/* "http://host:port/path" -> "/path": a server must take this form from a proxy (RFC 9112, 3.2.2).
 */
static const char *skip_origin(const char *raw)
{
    const char *host = NULL;
    if (strncasecmp(raw, "http://", 7) == 0)
        host = raw + 7;
    else if (strncasecmp(raw, "https://", 8) == 0)
        host = raw + 8;
    if (!host)
        return raw;
    const char *path = host + strcspn(host, "/?");
    return *path ? path : "/";
}

static enum status parse_segments(const char *path, const char *end, struct arena *arena,
                                  struct target *target, struct error *reterr)
{
    while (path < end) {
        if (target->n_segments == TARGET_SEGMENTS_MAX)
            return error_set(reterr, STATUS_NOT_FOUND, "no path has more than %d parts",
                             TARGET_SEGMENTS_MAX);
        path++; /* the slash */
        const char *slash = memchr(path, '/', (size_t)(end - path));
        const char *stop = slash ? slash : end;
        struct target_segment *segment = &target->segments[target->n_segments];
        *segment = (struct target_segment){.raw = path, .raw_length = (size_t)(stop - path)};
        const enum status status =
            decode(path, segment->raw_length, false, arena, &segment->text, reterr);
        if (status != STATUS_OK)
            return status;
        target->n_segments++;
        path = stop;
    }
    return STATUS_OK;
}

static size_t count_pairs(const char *query)
{
    size_t count = 0;
    for (const char *at = query; *at; at += *at == '&') {
        const size_t length = strcspn(at, "&");
        count += length > 0;
        at += length;
    }
    return count;
}

static enum status parse_pair(const char *raw, size_t length, struct arena *arena,
                              struct target_pair *ret_pair, struct error *reterr)
{
    const char *equals = memchr(raw, '=', length);
    const size_t name_length = equals ? (size_t)(equals - raw) : length;
    enum status status = decode(raw, name_length, true, arena, &ret_pair->name, reterr);
    if (status != STATUS_OK)
        return status;
    ret_pair->text = "";
    if (equals)
        status = decode(equals + 1, length - name_length - 1, true, arena, &ret_pair->text, reterr);
    return status;
}

static enum status parse_query(const char *query, struct arena *arena, struct target *target,
                               struct error *reterr)
{
    const size_t count = count_pairs(query);
    if (count > TARGET_PAIRS_MAX)
        return error_set(reterr, STATUS_OUT_OF_RANGE, "more than %d query parameters",
                         TARGET_PAIRS_MAX);
    target->pairs = arena_zalloc(arena, count, sizeof *target->pairs);
    if (!target->pairs)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the query");
    for (const char *at = query; *at; at += *at == '&') {
        const size_t length = strcspn(at, "&");
        if (length > 0) {
            const enum status status =
                parse_pair(at, length, arena, &target->pairs[target->n_pairs], reterr);
            if (status != STATUS_OK)
                return status;
            target->n_pairs++;
        }
        at += length;
    }
    return STATUS_OK;
}

enum status target_parse(const char *raw, struct arena *arena, struct target *ret_target,
                         struct error *reterr)
{
    assert(raw && arena && ret_target);
    enum status status = check_bytes(raw, reterr);
    if (status != STATUS_OK)
        return status;
    const char *path = skip_origin(raw);
    const char *end = path + strcspn(path, "?");
    struct target target = {0};
    if (*path != '/' && *path != '?')
        return error_set(reterr, STATUS_MALFORMED, "the target must be a path that begins with /");
    if (*path == '?')
        target.segments[target.n_segments++] = (struct target_segment){.raw = path, .text = ""};
    status = parse_segments(path, end, arena, &target, reterr);
    if (status == STATUS_OK && *end == '?')
        status = parse_query(end + 1, arena, &target, reterr);
    if (status == STATUS_OK)
        *ret_target = target;
    return status;
}
