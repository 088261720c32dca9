#include "server/parameters.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

static size_t count_known(const struct parameter *known)
{
    size_t count = 0;
    while (known && known[count].name)
        count++;
    return count;
}

static const char *name_at(const void *known, size_t i)
{
    return ((const struct parameter *)known)[i].name;
}

static const struct parameter *find(const struct parameter *known, const char *name)
{
    for (; known && known->name; known++)
        if (strcmp(known->name, name) == 0)
            return known;
    return NULL;
}

static enum status refuse_unknown(const struct parameter *known, const char *name,
                                  const char *place, struct error *reterr)
{
    const char *nearest = text_nearest(name, count_known(known), name_at, known);
    if (nearest)
        return error_set_at(reterr, STATUS_NOT_FOUND, place,
                            "there is no query parameter \"%s\" here; the nearest one is \"%s\"",
                            name, nearest);
    return error_set_at(reterr, STATUS_NOT_FOUND, place, "there is no query parameter \"%s\" here",
                        name);
}

static enum status check_int(struct query_parameter *value, const char *place, struct error *reterr)
{
    const struct parameter *parameter = value->parameter;
    if (text_to_int64(value->text, &value->number) != STATUS_OK || value->number < parameter->min ||
        value->number > parameter->max)
        return error_set_at(reterr, STATUS_OUT_OF_RANGE, place,
                            "%s must be a whole number from %" PRId64 " to %" PRId64,
                            parameter->name, parameter->min, parameter->max);
    return STATUS_OK;
}

static enum status check_text(const struct query_parameter *value, const char *place,
                              struct error *reterr)
{
    const struct parameter *parameter = value->parameter;
    const int64_t length = (int64_t)strlen(value->text);
    if (length < parameter->min || (parameter->max > 0 && length > parameter->max))
        return error_set_at(reterr, STATUS_OUT_OF_RANGE, place,
                            "%s must have %" PRId64 " to %" PRId64 " bytes", parameter->name,
                            parameter->min, parameter->max);
    return STATUS_OK;
}

static enum status check_bool(struct query_parameter *value, const char *place,
                              struct error *reterr)
{
    value->number = strcmp(value->text, "true") == 0;
    if (!value->number && strcmp(value->text, "false") != 0)
        return error_set_at(reterr, STATUS_OUT_OF_RANGE, place, "%s must be true or false",
                            value->parameter->name);
    return STATUS_OK;
}

static enum status check_choice(struct query_parameter *value, const char *place,
                                struct error *reterr)
{
    const char *const *choices = value->parameter->choices;
    char all[256] = "";
    for (int64_t i = 0; choices[i]; i++) {
        if (strcmp(choices[i], value->text) == 0) {
            value->number = i;
            return STATUS_OK;
        }
        const size_t used = strlen(all);
        snprintf(all + used, sizeof all - used, "%s%s", used ? ", " : "", choices[i]);
    }
    return error_set_at(reterr, STATUS_OUT_OF_RANGE, place, "%s must be one of: %s",
                        value->parameter->name, all);
}

static enum status check_value(struct query_parameter *value, const char *place,
                               struct error *reterr)
{
    enum status status = STATUS_OK;
    switch (value->parameter->type) {
    case PARAMETER_TEXT:
        return check_text(value, place, reterr);
    case PARAMETER_ID:
        status = id_check(value->text, strlen(value->text), value->parameter->name, reterr);
        if (status != STATUS_OK && reterr)
            snprintf(reterr->pointer, sizeof reterr->pointer, "%s", place);
        return status;
    case PARAMETER_INT:
        return check_int(value, place, reterr);
    case PARAMETER_BOOL:
        return check_bool(value, place, reterr);
    case PARAMETER_CHOICE:
        return check_choice(value, place, reterr);
    }
    return status;
}

/* How often each known parameter came, in an array beside the table. */
static enum status count_use(const struct parameter *parameter, uint32_t *uses, const char *place,
                             struct error *reterr)
{
    const uint32_t most = parameter->repeats && parameter->many > 0 ? parameter->many : 1;
    if (++*uses > most)
        return error_set_at(reterr, STATUS_OUT_OF_RANGE, place,
                            most == 1 ? "%s may stand only once (limit %u)"
                                      : "%s may stand at most %u times",
                            parameter->name, most);
    return STATUS_OK;
}

enum status parameters_check(const struct parameter *known, const struct target *target,
                             struct arena *arena, const struct query_parameter **ret_parameters,
                             struct error *reterr)
{
    const size_t n = target->n_pairs;
    struct query_parameter *values = arena_zalloc(arena, n, sizeof *values);
    uint32_t *uses = arena_zalloc(arena, count_known(known), sizeof *uses);
    if (!values || !uses)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the query");
    for (size_t i = 0; i < n; i++) {
        char place[ERROR_POINTER_MAX];
        snprintf(place, sizeof place, "?%s", target->pairs[i].name);
        utf8_trim_partial(place);
        const struct parameter *parameter = find(known, target->pairs[i].name);
        if (!parameter)
            return refuse_unknown(known, target->pairs[i].name, place, reterr);
        values[i] = (struct query_parameter){.parameter = parameter, .text = target->pairs[i].text};
        enum status status = count_use(parameter, &uses[parameter - known], place, reterr);
        if (status == STATUS_OK)
            status = check_value(&values[i], place, reterr);
        if (status != STATUS_OK)
            return status;
    }
    *ret_parameters = values;
    return STATUS_OK;
}
