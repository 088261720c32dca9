#include "base/text.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Length of the sequence that a lead byte announces, 0 for a byte that cannot lead. */
static size_t utf8_sequence_length(unsigned char lead)
{
    if (lead < 0x80)
        return 1;
    if (lead >= 0xc2 && lead <= 0xdf)
        return 2;
    if (lead >= 0xe0 && lead <= 0xef)
        return 3;
    if (lead >= 0xf0 && lead <= 0xf4)
        return 4;
    return 0;
}

/* The second byte rules out overlong forms, surrogates and what lies past U+10FFFF. */
static bool utf8_second_is_valid(unsigned char lead, unsigned char second)
{
    switch (lead) {
    case 0xe0:
        return second >= 0xa0 && second <= 0xbf;
    case 0xed:
        return second >= 0x80 && second <= 0x9f;
    case 0xf0:
        return second >= 0x90 && second <= 0xbf;
    case 0xf4:
        return second >= 0x80 && second <= 0x8f;
    default:
        return (second & 0xc0) == 0x80;
    }
}

bool utf8_is_valid(const char *bytes, size_t length)
{
    const unsigned char *at = (const unsigned char *)bytes, *end = at + length;
    while (at < end) {
        const size_t n = utf8_sequence_length(*at);
        if (n == 0 || n > (size_t)(end - at))
            return false;
        if (n > 1 && !utf8_second_is_valid(at[0], at[1]))
            return false;
        for (size_t i = 2; i < n; i++)
            if ((at[i] & 0xc0) != 0x80)
                return false;
        at += n;
    }
    return true;
}

size_t utf8_count(const char *bytes, size_t length)
{
    size_t count = 0;
    for (size_t i = 0; i < length; i++)
        count += ((unsigned char)bytes[i] & 0xc0) != 0x80;
    return count;
}

void utf8_trim_partial(char *text)
{
    size_t length = strlen(text), back = 0;
    while (back < 3 && back < length && ((unsigned char)text[length - 1 - back] & 0xc0) == 0x80)
        back++;
    if (back == length)
        return;
    const size_t lead = length - 1 - back;
    if (utf8_sequence_length((unsigned char)text[lead]) > back + 1)
        text[lead] = '\0';
}

static bool has_control_character(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        const unsigned char c = (unsigned char)bytes[i];
        if (c < 0x20 || c == 0x7f)
            return true;
        if (c == 0xc2 && i + 1 < length && (unsigned char)bytes[i + 1] < 0xa0)
            return true; /* C1: U+0080 to U+009F */
    }
    return false;
}

bool utf8_is_printable(const char *text)
{
    const size_t length = strlen(text);
    return utf8_is_valid(text, length) && !has_control_character(text, length);
}

void utf8_make_printable(char *text)
{
    const size_t length = strlen(text);
    for (size_t i = 0; i < length;) {
        const size_t n = utf8_sequence_length((unsigned char)text[i]);
        const bool good = n > 0 && n <= length - i && utf8_is_valid(text + i, n) &&
                          !has_control_character(text + i, n);
        if (!good)
            text[i] = '?';
        i += good ? n : 1;
    }
}

size_t utf8_from_latin1(const char *bytes, size_t length, char *out)
{
    char *at = out;
    for (size_t i = 0; i < length; i++) {
        const unsigned char c = (unsigned char)bytes[i];
        if (c < 0x80) {
            *at++ = (char)c;
        } else {
            *at++ = (char)(0xc0 | c >> 6);
            *at++ = (char)(0x80 | (c & 0x3f));
        }
    }
    *at = '\0';
    return (size_t)(at - out);
}

enum status id_check(const char *bytes, size_t length, const char *what, struct error *reterr)
{
    if (length == 0)
        return error_set(reterr, STATUS_OUT_OF_RANGE, "%s is empty; give 1 to %d characters", what,
                         ID_CODE_POINTS_MAX);
    if (length > ID_BYTES_MAX)
        return error_set(reterr, STATUS_OUT_OF_RANGE, "%s has %zu bytes; at most %d are allowed",
                         what, length, ID_BYTES_MAX);
    if (!utf8_is_valid(bytes, length))
        return error_set(reterr, STATUS_MALFORMED, "%s is not valid UTF-8", what);
    if (utf8_count(bytes, length) > ID_CODE_POINTS_MAX)
        return error_set(reterr, STATUS_OUT_OF_RANGE,
                         "%s has %zu characters; at most %d are allowed", what,
                         utf8_count(bytes, length), ID_CODE_POINTS_MAX);
    if (has_control_character(bytes, length))
        return error_set(reterr, STATUS_OUT_OF_RANGE, "%s contains a control character", what);
    if ((length == 1 && bytes[0] == '.') || (length == 2 && bytes[0] == '.' && bytes[1] == '.'))
        return error_set(reterr, STATUS_OUT_OF_RANGE,
                         "%s is '%.*s', which cannot stand in a path; choose another", what,
                         (int)length, bytes);
    return STATUS_OK;
}

enum { DISTANCE_NAME_MAX = 128 };

static unsigned smallest(unsigned a, unsigned b, unsigned c)
{
    const unsigned least = a < b ? a : b;
    return least < c ? least : c;
}

/* Optimal string alignment: cell (i, j) is the distance of the first i bytes of a and j of b. Three
 * rows are kept, because a swap of neighbours looks back two. */
unsigned text_distance(const char *a, const char *b, unsigned limit)
{
    const size_t n = strlen(a), m = strlen(b);
    if (n > DISTANCE_NAME_MAX || m > DISTANCE_NAME_MAX)
        return limit + 1;
    unsigned rows[3][DISTANCE_NAME_MAX + 1];
    for (size_t j = 0; j <= m; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= n; i++) {
        unsigned *row = rows[i % 3];
        const unsigned *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= m; j++) {
            row[j] = smallest(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && before[j - 2] + 1 < row[j])
                row[j] = before[j - 2] + 1;
        }
    }
    const unsigned distance = rows[n % 3][m];
    return distance > limit ? limit + 1 : distance;
}

const char *text_nearest(const char *given, size_t count,
                         const char *(*name_at)(const void *context, size_t i), const void *context)
{
    const size_t third = strlen(given) / 3;
    unsigned best = third > 1 ? (unsigned)(third < 8 ? third : 8) : 1;
    const char *nearest = NULL;
    for (size_t i = 0; i < count; i++) {
        const char *name = name_at(context, i);
        const unsigned distance = text_distance(given, name, best);
        if (distance <= best && (!nearest || distance < best)) {
            best = distance;
            nearest = name;
        }
    }
    return nearest;
}

struct text_suggestion text_suggest(const char *nearest)
{
    struct text_suggestion suggestion = {""};
    char name[101];
    if (nearest) {
        snprintf(name, sizeof name, "%s", nearest);
        utf8_trim_partial(name);
        snprintf(suggestion.text, sizeof suggestion.text, "; did you mean '%s'?", name);
    }
    return suggestion;
}

enum status text_to_int64(const char *text, int64_t *ret_value)
{
    const char *at = text + (*text == '-');
    if (*at == '\0')
        return STATUS_MALFORMED;
    for (const char *c = at; *c; c++)
        if (*c < '0' || *c > '9')
            return STATUS_MALFORMED;
    errno = 0;
    const long long value = strtoll(text, NULL, 10);
    if (errno == ERANGE)
        return STATUS_OUT_OF_RANGE;
    *ret_value = value;
    return STATUS_OK;
}

/* [-+]? digits [. digits] [eE [-+]? digits], with at least one digit in front or behind the point
 */
static bool looks_like_number(const char *at)
{
    size_t digits = 0;
    at += *at == '-' || *at == '+';
    for (; *at >= '0' && *at <= '9'; at++)
        digits++;
    if (*at == '.')
        for (at++; *at >= '0' && *at <= '9'; at++)
            digits++;
    if (digits == 0)
        return false;
    if (*at == 'e' || *at == 'E') {
        at++;
        at += *at == '-' || *at == '+';
        if (*at < '0' || *at > '9')
            return false;
        while (*at >= '0' && *at <= '9')
            at++;
    }
    return *at == '\0';
}

enum status text_to_double(const char *text, double *ret_value)
{
    if (!looks_like_number(text))
        return STATUS_MALFORMED;
    const double value = strtod(text, NULL); /* no program here calls setlocale: always "C" */
    if (!isfinite(value))
        return STATUS_OUT_OF_RANGE;
    *ret_value = value;
    return STATUS_OK;
}

struct unit {
    const char *suffix;
    double factor;
};

/* A number with one of the suffixes. The number alone counts in units of `bare`. */
static enum status text_to_quantity(const char *text, const struct unit *units, size_t n_units,
                                    double bare, double *ret_value)
{
    char number[32];
    size_t n = 0;
    while (n < sizeof number - 1 && ((text[n] >= '0' && text[n] <= '9') || text[n] == '.')) {
        number[n] = text[n];
        n++;
    }
    number[n] = '\0';
    double value, factor = bare;
    if (text_to_double(number, &value) != STATUS_OK)
        return STATUS_MALFORMED;
    if (text[n] != '\0') {
        size_t i = 0;
        while (i < n_units && strcmp(units[i].suffix, text + n) != 0)
            i++;
        if (i == n_units)
            return STATUS_MALFORMED;
        factor = units[i].factor;
    }
    *ret_value = value * factor;
    return STATUS_OK;
}

enum status text_to_duration_ms(const char *text, int64_t *ret_ms)
{
    static const struct unit units[] = {
        {"ms", 1}, {"s", 1e3}, {"m", 60e3}, {"h", 3600e3}, {"d", 86400e3},
    };
    double ms;
    const enum status status =
        text_to_quantity(text, units, sizeof units / sizeof *units, 1e3, &ms);
    if (status != STATUS_OK)
        return status;
    if (ms > 100 * 365.25 * 86400e3)
        return STATUS_OUT_OF_RANGE;
    *ret_ms = (int64_t)llround(ms);
    return STATUS_OK;
}

enum status text_to_size(const char *text, uint64_t *ret_bytes)
{
    static const struct unit units[] = {
        {"k", 0x1p10}, {"K", 0x1p10}, {"M", 0x1p20}, {"G", 0x1p30}, {"T", 0x1p40},
    };
    double bytes;
    const enum status status =
        text_to_quantity(text, units, sizeof units / sizeof *units, 1, &bytes);
    if (status != STATUS_OK)
        return status;
    if (bytes > 0x1p62)
        return STATUS_OUT_OF_RANGE;
    *ret_bytes = (uint64_t)bytes;
    return STATUS_OK;
}

uint64_t text_hash(const void *bytes, size_t length, uint64_t seed)
{
    const unsigned char *at = bytes;
    uint64_t h = 0xcbf29ce484222325u ^ seed;
    for (size_t i = 0; i < length; i++)
        h = (h ^ at[i]) * 0x100000001b3u;
    h = (h ^ h >> 30) * 0xbf58476d1ce4e5b9u;
    h = (h ^ h >> 27) * 0x94d049bb133111ebu;
    return h ^ h >> 31;
}
