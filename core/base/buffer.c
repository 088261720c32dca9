#include "base/buffer.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PRINTED_MAX = 256, WHOLE_MAX = 20, DECIMAL_MAX = 32 };

char *buffer_reserve(struct buffer *buffer, size_t extra)
{
    if (buffer->failed)
        return NULL;
    const size_t most = buffer->limit ? buffer->limit : SIZE_MAX / 4;
    if (buffer->size > most || extra > most - buffer->size) {
        buffer->failed = true;
        return NULL;
    }
    const size_t need = buffer->size + extra + 1;
    if (need > buffer->capacity) {
        size_t capacity = buffer->capacity ? buffer->capacity : 64;
        while (capacity < need)
            capacity *= 2;
        char *data = realloc(buffer->data, capacity);
        if (!data) {
            buffer->failed = buffer->no_memory = true;
            return NULL;
        }
        buffer->data = data;
        buffer->capacity = capacity;
        data[buffer->size] = '\0';
    }
    return buffer->data + buffer->size;
}

void buffer_append(struct buffer *buffer, const void *bytes, size_t length)
{
    char *room = buffer_reserve(buffer, length);
    if (!room)
        return;
    if (length)
        memcpy(room, bytes, length);
    buffer->size += length;
    buffer->data[buffer->size] = '\0';
}

void buffer_append_text(struct buffer *buffer, const char *text)
{
    buffer_append(buffer, text, strlen(text));
}

void buffer_append_byte(struct buffer *buffer, char byte)
{
    buffer_append(buffer, &byte, 1);
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
    char text[PRINTED_MAX]; /* most fit, and are formatted once */
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    const int length = vsnprintf(text, sizeof text, format, arguments);
    if (length >= 0 && (size_t)length < sizeof text) {
        buffer_append(buffer, text, (size_t)length);
    } else {
        char *room = length < 0 ? NULL : buffer_reserve(buffer, (size_t)length);
        if (room) {
            vsnprintf(room, (size_t)length + 1, format, again);
            buffer->size += (size_t)length;
        }
    }
    va_end(again);
    va_end(arguments);
}

void buffer_append_whole(struct buffer *buffer, uint64_t value)
{
    char text[WHOLE_MAX], *at = text + sizeof text;
    do
        *--at = (char)('0' + value % 10);
    while (value /= 10);
    buffer_append(buffer, at, (size_t)(text + sizeof text - at));
}

void buffer_append_u32(struct buffer *buffer, uint32_t value)
{
    unsigned char bytes[4];
    for (int i = 0; i < 4; i++)
        bytes[i] = (unsigned char)(value >> 8 * i);
    buffer_append(buffer, bytes, sizeof bytes);
}

void buffer_append_u64(struct buffer *buffer, uint64_t value)
{
    buffer_append_u32(buffer, (uint32_t)value);
    buffer_append_u32(buffer, (uint32_t)(value >> 32));
}

static void append_json_escape(struct buffer *buffer, unsigned char c)
{
    switch (c) {
    case '"':
        buffer_append_text(buffer, "\\\"");
        break;
    case '\\':
        buffer_append_text(buffer, "\\\\");
        break;
    case '\n':
        buffer_append_text(buffer, "\\n");
        break;
    case '\t':
        buffer_append_text(buffer, "\\t");
        break;
    case '\r':
        buffer_append_text(buffer, "\\r");
        break;
    default:
        buffer_printf(buffer, "\\u%04x", c);
    }
}

void buffer_append_json(struct buffer *buffer, const char *text, size_t length)
{
    buffer_append_byte(buffer, '"');
    size_t start = 0;
    for (size_t i = 0; i < length; i++) {
        const unsigned char c = (unsigned char)text[i];
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        buffer_append(buffer, text + start, i - start);
        append_json_escape(buffer, c);
        start = i + 1;
    }
    buffer_append(buffer, text + start, length - start);
    buffer_append_byte(buffer, '"');
}

/* ---- floats ---- */

static const double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12};

/* Whether the quotient, rounded to double and then to float, could be another float than the exact
 * one rounded at once: only when it lies on the middle between two floats. */
static bool is_middle_of_floats(double quotient)
{
    uint64_t bits;
    memcpy(&bits, &quotient, sizeof bits);
    return (bits & 0x1fffffff) == 0x10000000;
}

/* scaled / 10^scale without zeros at its end. */
static void append_decimal(struct buffer *buffer, bool negative, uint64_t scaled, unsigned scale)
{
    char text[DECIMAL_MAX], *at = text + sizeof text;
    while (scale > 0 && scaled % 10 == 0) {
        scaled /= 10;
        scale--;
    }
    for (unsigned i = 0; i < scale; i++, scaled /= 10)
        *--at = (char)('0' + scaled % 10);
    if (scale > 0)
        *--at = '.';
    do
        *--at = (char)('0' + scaled % 10);
    while (scaled /= 10);
    if (negative)
        *--at = '-';
    buffer_append(buffer, at, (size_t)(text + sizeof text - at));
}

/* Scores lie in this range, and an answer has many: 6 to 9 digits by arithmetic that is exact, but
 * for the rounding of one quotient (both its parts are whole numbers that a double holds). False
 * for what is left to printf. */
static bool append_common_float(struct buffer *buffer, float value)
{
    const double size = fabs((double)value);
    if (!(size >= 1e-4 && size < 1e5))
        return false;
    unsigned whole_digits = 0; /* before the point; for 0.00x the scale grows instead */
    while (size >= powers[whole_digits])
        whole_digits++;
    unsigned zeros = 0; /* after the point, before the first digit */
    while (size * powers[zeros + 1] < 1)
        zeros++;
    for (unsigned digits = 6; digits <= 9; digits++) {
        const unsigned scale = digits - whole_digits + (whole_digits ? 0 : zeros);
        const uint64_t scaled = (uint64_t)(size * powers[scale] + 0.5);
        const double quotient = (double)scaled / powers[scale];
        if ((float)quotient == (float)size && !is_middle_of_floats(quotient)) {
            append_decimal(buffer, value < 0, scaled, scale);
            return true;
        }
    }
    return false;
}

void buffer_append_float(struct buffer *buffer, float value)
{
    if (!isfinite(value)) {
        buffer_append_text(buffer, "null");
        return;
    }
    if (append_common_float(buffer, value))
        return;
    char text[32] = "0";
    /* Six digits always survive a float, except a subnormal one. */
    for (int digits = isnormal(value) ? 6 : 1; value != 0 && digits <= 9; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, (double)value);
        if (strtof(text, NULL) == value)
            break;
    }
    buffer_append_text(buffer, text);
}

void buffer_append_double(struct buffer *buffer, double value)
{
    if (!isfinite(value)) {
        buffer_append_text(buffer, "null");
        return;
    }
    char text[32] = "0";
    for (int digits = 15; value != 0 && digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    buffer_append_text(buffer, text);
}

void buffer_clear(struct buffer *buffer)
{
    buffer->size = 0;
    buffer->failed = false;
    if (buffer->data)
        buffer->data[0] = '\0';
}

void buffer_free(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){.limit = buffer->limit};
}
