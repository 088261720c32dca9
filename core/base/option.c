#include "base/option.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static void *field_of(const struct option *option, void *values)
{
    return (char *)values + option->offset;
}

static const void *const_field_of(const struct option *option, const void *values)
{
    return (const char *)values + option->offset;
}

const struct option *option_find(const struct option *options, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(options[i].name, name) == 0)
            return &options[i];
    return NULL;
}

static const char *name_at(const void *context, size_t i)
{
    return ((const struct option *)context)[i].name;
}

const char *option_nearest(const struct option *options, size_t count, const char *name)
{
    return text_nearest(name, count, name_at, options);
}

enum status options_init(const struct option *options, size_t count, void *values,
                         struct arena *arena)
{
    for (size_t i = 0; i < count; i++) {
        struct error err = {0};
        const enum status status = option_set(&options[i], values, options[i].initial, arena, &err);
        assert(status == STATUS_OK || status == STATUS_NO_MEMORY); /* a default is in its range */
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static bool has_range(const struct option *option)
{
    return option->min != 0 || option->max != 0;
}

static void print_duration(int64_t ms, struct buffer *out)
{
    static const struct {
        int64_t ms;
        const char *suffix;
    } units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "m"}, {1000, "s"}, {1, "ms"}};
    if (ms < 0) {
        buffer_append_text(out, "never");
        return;
    }
    size_t i = 0;
    while (ms % units[i].ms != 0)
        i++;
    if (ms == 0)
        i = 3;
    buffer_printf(out, "%" PRId64 "%s", ms / units[i].ms, units[i].suffix);
}

static void print_size(int64_t bytes, struct buffer *out)
{
    static const char suffixes[][2] = {"", "k", "M", "G", "T"};
    size_t i = 0;
    while (bytes && bytes % 1024 == 0 && i + 1 < sizeof suffixes / sizeof *suffixes) {
        bytes /= 1024;
        i++;
    }
    buffer_printf(out, "%" PRId64 "%s", bytes, suffixes[i]);
}

static void print_number(enum option_type type, double value, struct buffer *out)
{
    switch (type) {
    case OPTION_INT:
        buffer_printf(out, "%.0f", value);
        break;
    case OPTION_DURATION:
        print_duration((int64_t)value, out);
        break;
    case OPTION_SIZE:
        print_size((int64_t)value, out);
        break;
    default:
        buffer_append_double(out, value);
    }
}

static enum status refuse_range(const struct option *option, const char *text, struct error *reterr)
{
    struct buffer least = {0}, most = {0};
    if (has_range(option)) {
        const bool never = option->type == OPTION_DURATION && option->min < 0;
        print_number(option->type, never ? 0 : option->min, &least);
        print_number(option->type, option->max, &most);
        error_set(reterr, STATUS_OUT_OF_RANGE, "%s is %.60s; it must be from %s to %s%s",
                  option->name, text, least.data ? least.data : "?", most.data ? most.data : "?",
                  never ? ", or never" : "");
        buffer_free(&least);
        buffer_free(&most);
    } else {
        error_set(reterr, STATUS_OUT_OF_RANGE, "%s is %.60s, which is too large", option->name,
                  text);
    }
    return STATUS_OUT_OF_RANGE;
}

static enum status refuse_form(const struct option *option, const char *text, const char *wanted,
                               struct error *reterr)
{
    return error_set(reterr, STATUS_MALFORMED, "%s is '%.60s'; %s", option->name, text, wanted);
}

static enum status set_number(const struct option *option, void *field, const char *text,
                              struct error *reterr)
{
    int64_t whole = 0;
    double real = 0;
    uint64_t bytes = 0;
    enum status status = STATUS_OK;
    const char *wanted = "";
    switch (option->type) {
    case OPTION_INT:
        status = text_to_int64(text, &whole);
        real = (double)whole;
        wanted = "it takes a whole number";
        break;
    case OPTION_REAL:
        status = text_to_double(text, &real);
        wanted = "it takes a number";
        break;
    case OPTION_DURATION:
        if (option->min < 0 && strcmp(text, "never") == 0)
            whole = -1;
        else
            status = text_to_duration_ms(text, &whole);
        real = (double)whole;
        wanted = "it takes a duration such as 90s, 30m, 12h or 30d";
        break;
    default:
        status = text_to_size(text, &bytes);
        whole = (int64_t)bytes;
        real = (double)bytes;
        wanted = "it takes a size such as 64k, 150M or 2G";
    }
    if (status == STATUS_MALFORMED)
        return refuse_form(option, text, wanted, reterr);
    if (status != STATUS_OK || (has_range(option) && !(real >= option->min && real <= option->max)))
        return refuse_range(option, text, reterr);
    if (option->type == OPTION_REAL)
        *(double *)field = real;
    else
        *(int64_t *)field = whole;
    return STATUS_OK;
}

static enum status set_choice(const struct option *option, int *field, const char *text,
                              struct error *reterr)
{
    char known[256] = "";
    for (int i = 0; option->choices[i]; i++) {
        if (strcmp(option->choices[i], text) == 0) {
            *field = i;
            return STATUS_OK;
        }
        const size_t used = strlen(known);
        if (used + strlen(option->choices[i]) + 3 < sizeof known)
            sprintf(known + used, "%s%s", i ? ", " : "", option->choices[i]);
    }
    return error_set(reterr, STATUS_OUT_OF_RANGE, "%s is '%.60s'; it must be one of: %s",
                     option->name, text, known);
}

static enum status set_bool(const struct option *option, bool *field, const char *text,
                            struct error *reterr)
{
    const bool yes = strcmp(text, "true") == 0;
    if (!yes && strcmp(text, "false") != 0)
        return refuse_form(option, text, "it takes true or false", reterr);
    *field = yes;
    return STATUS_OK;
}

enum status option_set(const struct option *option, void *values, const char *text,
                       struct arena *arena, struct error *reterr)
{
    void *field = field_of(option, values);
    switch (option->type) {
    case OPTION_BOOL:
        return set_bool(option, field, text, reterr);
    case OPTION_CHOICE:
        return set_choice(option, field, text, reterr);
    case OPTION_TEXT: {
        const char *copy = arena_strndup(arena, text, strlen(text));
        if (!copy)
            return error_set(reterr, STATUS_NO_MEMORY, "out of memory at %s", option->name);
        *(const char **)field = copy;
        return STATUS_OK;
    }
    default:
        return set_number(option, field, text, reterr);
    }
}

enum status options_set(const struct option *options, size_t count, void *values, const char *what,
                        const char *name, const char *text, struct arena *arena,
                        struct error *reterr)
{
    const struct option *option = option_find(options, count, name);
    if (option)
        return option_set(option, values, text, arena, reterr);
    const char *nearest = option_nearest(options, count, name);
    return error_set(reterr, STATUS_NOT_FOUND, "unknown %s '%.60s'%s", what, name,
                     text_suggest(nearest).text);
}

void option_print(const struct option *option, const void *values, struct buffer *out)
{
    const void *field = const_field_of(option, values);
    switch (option->type) {
    case OPTION_BOOL:
        buffer_append_text(out, *(const bool *)field ? "true" : "false");
        break;
    case OPTION_INT:
        buffer_printf(out, "%" PRId64, *(const int64_t *)field);
        break;
    case OPTION_REAL:
        buffer_append_double(out, *(const double *)field);
        break;
    case OPTION_DURATION:
        print_duration(*(const int64_t *)field, out);
        break;
    case OPTION_SIZE:
        print_size(*(const int64_t *)field, out);
        break;
    case OPTION_TEXT:
        buffer_append_text(out, *(const char *const *)field);
        break;
    case OPTION_CHOICE:
        buffer_append_text(out, option->choices[*(const int *)field]);
        break;
    }
}

void option_print_json(const struct option *option, const void *values, struct buffer *out)
{
    const void *field = const_field_of(option, values);
    struct buffer text = {0};
    switch (option->type) {
    case OPTION_DURATION:
    case OPTION_SIZE:
        buffer_printf(out, "%" PRId64, *(const int64_t *)field);
        break;
    case OPTION_TEXT:
    case OPTION_CHOICE:
        option_print(option, values, &text);
        buffer_append_json(out, text.data ? text.data : "", text.size);
        out->failed |= text.failed;
        buffer_free(&text);
        break;
    default:
        option_print(option, values, out);
    }
}
