#include "data/event_type.h"

#include <string.h>

#include "base/text.h"

#define DAYS_MS(n) ((n)*INT64_C(86400000))

static const struct event_type defaults[] = {
    {"impression", 0, false, AGGREGATE_SUM_CAPPED, HIDES_NEVER, RETAIN_FOREVER},
    {"view", 1, false, AGGREGATE_SUM_CAPPED, HIDES_NEVER, RETAIN_FOREVER},
    {"click", 1, false, AGGREGATE_SUM_CAPPED, HIDES_NEVER, RETAIN_FOREVER},
    {"like", 3, false, AGGREGATE_SUM_CAPPED, HIDES_FOREVER, RETAIN_FOREVER},
    {"rating", 1, true, AGGREGATE_LAST, HIDES_FOREVER, RETAIN_FOREVER},
    {"purchase", 5, false, AGGREGATE_SUM_CAPPED, DAYS_MS(30), RETAIN_FOREVER},
    {"dislike", -1, false, AGGREGATE_SUM_CAPPED, HIDES_FOREVER, RETAIN_FOREVER},
};

void event_types_init(struct event_types *types)
{
    *types = (struct event_types){.half_life_ms = 0, .max_per_user = 10000, .cap = 10};
    for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++)
        types->of[i + 1] = defaults[i];
}

uint8_t event_types_code_stored(const struct event_types *types, const char *name)
{
    if (*name == '\0')
        return 0;
    for (int code = 1; code < EVENT_TYPES_MAX; code++)
        if (strcmp(types->of[code].name, name) == 0)
            return (uint8_t)code;
    return 0;
}

uint8_t event_types_code(const struct event_types *types, const char *name)
{
    const uint8_t code = event_types_code_stored(types, name);
    return code && types->of[code].retired ? 0 : code;
}

/* A code without a name is never near: its name is empty and a distance to it is a whole name. */
static const char *name_at(const void *context, size_t i)
{
    const struct event_type *type = &((const struct event_types *)context)->of[i + 1];
    return type->retired ? "" : type->name;
}

const char *event_types_nearest(const struct event_types *types, const char *name)
{
    const char *nearest = text_nearest(name, EVENT_TYPES_MAX - 1, name_at, types);
    return nearest && *nearest ? nearest : NULL;
}
