#include "board/names.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { HASH_BYTES = 9 }; /* '-' and eight hexadecimal digits */

static void append_hash(const char *original, char *out, size_t used, size_t most)
{
    char suffix[HASH_BYTES + 1];
    const size_t kept = used < most - HASH_BYTES ? used : most - HASH_BYTES;
    out[kept] = '\0';
    utf8_trim_partial(out);
    snprintf(suffix, sizeof suffix, "-%08x", (unsigned)text_hash(original, strlen(original), 0));
    strcat(out, suffix);
}

static bool run_allows(char c, char before)
{
    const bool dot_allowed = before != '\0' && before != '.';
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || (c == '.' && dot_allowed);
}

void run_name_clean(const char *name, char out[RUN_NAME_BYTES_MAX + 1])
{
    size_t used = 0;
    bool changed = name[0] == '\0';
    for (; name[used] && used < RUN_NAME_BYTES_MAX; used++) {
        const bool allowed = run_allows(name[used], used ? out[used - 1] : '\0');
        out[used] = allowed ? name[used] : '_';
        changed |= !allowed;
    }
    out[used] = '\0';
    if (changed || name[used])
        append_hash(name, out, used, RUN_NAME_BYTES_MAX);
}

/* The bytes of the valid UTF-8 sequence at `at`, or 0. Stops at the terminator. */
static size_t sequence_at(const char *at)
{
    for (size_t n = 1; n <= 4; n++) {
        if (utf8_is_valid(at, n))
            return n;
        if (at[n - 1] == '\0')
            break;
    }
    return 0;
}

static bool is_control(const char *at)
{
    const unsigned char c = (unsigned char)at[0];
    return c < 0x20 || c == 0x7f || (c == 0xc2 && (unsigned char)at[1] < 0xa0);
}

void tag_clean(const char *tag, char out[TAG_BYTES_MAX + 1])
{
    size_t used = 0;
    bool changed = tag[0] == '\0';
    const char *at = tag;
    while (*at) {
        const size_t n = sequence_at(at);
        const bool allowed = n && !is_control(at);
        const size_t length = allowed ? n : 1;
        if (used + length > TAG_BYTES_MAX)
            break;
        memcpy(out + used, allowed ? at : "_", length);
        used += length;
        changed |= !allowed;
        at += n ? n : 1;
    }
    out[used] = '\0';
    if (changed || *at)
        append_hash(tag, out, used, TAG_BYTES_MAX);
}

void text_clean(const char *text, size_t limit, struct buffer *out)
{
    static const char replacement[] = "\xef\xbf\xbd";
    while (*text) {
        const size_t n = sequence_at(text), length = n ? n : sizeof replacement - 1;
        if (out->size + length > limit)
            break;
        buffer_append(out, n ? text : replacement, length);
        text += n ? n : 1;
    }
}
