#include "train/drift.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum { VERSIONS_MAX = 200, TAG_MAX = 128 };
static const int64_t day_ms = INT64_C(86400000);

/* ---- since when ---- */

struct last_round {
    uint32_t before, version;
    uint64_t seq;
};

static enum status take_version(void *context, const struct model_version *version)
{
    struct last_round *last = context;
    const bool ended =
        strcmp(version->state, "published") == 0 || strcmp(version->state, "refused") == 0;
    if (ended && version->version < last->before && last->version == 0) {
        last->version = version->version;
        last->seq = version->seq;
    }
    return STATUS_OK;
}

/* ---- new events ---- */

struct counting {
    struct drift *drift;
    const struct dataset *dataset;
    uint32_t *users, *items; /* events since the last round of each */
    uint32_t *item_events;   /* of all */
};

static enum status count_new(void *context, const struct event_row *rows, size_t n)
{
    struct counting *counting = context;
    for (size_t i = 0; i < n; i++) {
        if (rows[i].user >= counting->dataset->n_users ||
            rows[i].item >= counting->dataset->n_items)
            continue; /* came after the data were read */
        counting->users[rows[i].user]++;
        counting->items[rows[i].item]++;
        counting->drift->types_since[rows[i].type]++;
        counting->drift->events++;
    }
    return STATUS_OK;
}

static int64_t day_of(int64_t time_ms)
{
    return time_ms / day_ms - (time_ms % day_ms < 0);
}

static void count_all(struct counting *counting)
{
    const struct dataset *dataset = counting->dataset;
    struct drift *drift = counting->drift;
    drift->last_day = -1;
    for (uint64_t e = 0; e < dataset->n_events; e++) {
        counting->item_events[dataset->items[e]]++;
        drift->types[dataset->type_codes[e]]++;
        if (dataset->times[e] != TIME_UNKNOWN && day_of(dataset->times[e]) > drift->last_day)
            drift->last_day = day_of(dataset->times[e]);
    }
    for (uint64_t e = 0; e < dataset->n_events && drift->last_day >= 0; e++) {
        if (dataset->times[e] == TIME_UNKNOWN)
            continue;
        const int64_t ago = drift->last_day - day_of(dataset->times[e]);
        if (ago < DRIFT_DAYS)
            drift->days[DRIFT_DAYS - 1 - ago][dataset->type_codes[e]]++;
    }
}

/* In the first round all is new, and need not be read again to say so. */
static void take_all_as_new(struct counting *counting)
{
    const struct dataset *dataset = counting->dataset;
    struct drift *drift = counting->drift;
    for (uint32_t u = 0; u < dataset->n_users; u++)
        counting->users[u] = (uint32_t)(dataset->starts[u + 1] - dataset->starts[u]);
    memcpy(counting->items, counting->item_events, dataset->n_items * sizeof *counting->items);
    memcpy(drift->types_since, drift->types, sizeof drift->types);
    drift->events = dataset->n_events;
}

/* Whose events are all new is new. */
static void find_new(struct counting *counting)
{
    const struct dataset *dataset = counting->dataset;
    struct drift *drift = counting->drift;
    for (uint32_t u = 0; u < dataset->n_users; u++)
        if (counting->users[u] &&
            counting->users[u] >= dataset->starts[u + 1] - dataset->starts[u]) {
            drift->new_users++;
            drift->of_new_users += counting->users[u];
        }
    for (uint32_t i = 0; i < dataset->n_items; i++)
        if (counting->items[i] && counting->items[i] >= counting->item_events[i]) {
            drift->new_items++;
            drift->of_new_items += counting->items[i];
        }
}

enum status drift_measure(struct store *store, const struct dataset *dataset, uint32_t version,
                          struct drift *ret_drift, struct error *reterr)
{
    struct last_round last = {.before = version};
    enum status status =
        store_list_versions(store, UINT32_MAX, VERSIONS_MAX, take_version, &last, reterr);
    if (status != STATUS_OK)
        return status;
    struct counting counting = {.drift = ret_drift,
                                .dataset = dataset,
                                .users = calloc(dataset->n_users + 1, sizeof(uint32_t)),
                                .items = calloc(dataset->n_items + 1, sizeof(uint32_t)),
                                .item_events = calloc(dataset->n_items + 1, sizeof(uint32_t))};
    memset(ret_drift, 0, sizeof *ret_drift);
    ret_drift->since = last.version;
    if (!counting.users || !counting.items || !counting.item_events)
        status = error_set(reterr, STATUS_NO_MEMORY, "out of memory for what changed in the data");
    else if (last.version)
        status = store_read_events(store, last.seq, dataset->seq, count_new, &counting, reterr);
    if (status == STATUS_OK) {
        count_all(&counting);
        if (!last.version)
            take_all_as_new(&counting);
        find_new(&counting);
    }
    free(counting.users);
    free(counting.items);
    free(counting.item_events);
    return status;
}

/* ---- told ---- */

double drift_type_distance(const struct drift *drift)
{
    double before = 0, since = 0, sum = 0;
    for (int code = 0; code < EVENT_TYPES_MAX; code++) {
        before += fmax(0, (double)drift->types[code] - (double)drift->types_since[code]);
        since += (double)drift->types_since[code];
    }
    if (!(before > 0) || !(since > 0))
        return NAN;
    for (int code = 0; code < EVENT_TYPES_MAX; code++) {
        const double old = fmax(0, (double)drift->types[code] - (double)drift->types_since[code]);
        sum += fabs(old / before - (double)drift->types_since[code] / since);
    }
    return sum / 2;
}

static double share(uint64_t part, uint64_t whole)
{
    return whole ? (double)part / (double)whole : NAN;
}

static void append_number(struct buffer *out, const char *name, double value)
{
    if (isfinite(value))
        buffer_printf(out, ", \"%s\": %.9g", name, value);
    else
        buffer_printf(out, ", \"%s\": null", name);
}

static void append_types(const struct drift *drift, const struct event_types *types,
                         struct buffer *out)
{
    const char *separator = "";
    buffer_append_text(out, ", \"types\": {");
    for (int code = 1; code < EVENT_TYPES_MAX; code++) {
        const char *name = types->of[code].name;
        const uint64_t all = drift->types[code], since = drift->types_since[code];
        if (!name[0] || !all)
            continue;
        buffer_append_text(out, separator);
        buffer_append_json(out, name, strlen(name));
        buffer_printf(out, ": {\"before\": %llu, \"since\": %llu}",
                      (unsigned long long)(all > since ? all - since : 0),
                      (unsigned long long)since);
        separator = ", ";
    }
    buffer_append_byte(out, '}');
}

static uint64_t events_of_day(const struct drift *drift, int day)
{
    uint64_t sum = 0;
    for (int code = 0; code < EVENT_TYPES_MAX; code++)
        sum += drift->days[day][code];
    return sum;
}

static void append_days(const struct drift *drift, struct buffer *out)
{
    const char *separator = "";
    buffer_append_text(out, ", \"days\": [");
    for (int day = 0; day < DRIFT_DAYS && drift->last_day >= DRIFT_DAYS; day++) {
        char text[TIME_TEXT_SIZE];
        time_format((drift->last_day - (DRIFT_DAYS - 1 - day)) * day_ms, text);
        buffer_printf(out, "%s{\"day\": \"%.10s\", \"events\": %llu}", separator, text,
                      (unsigned long long)events_of_day(drift, day));
        separator = ", ";
    }
    buffer_append_byte(out, ']');
}

void drift_append_json(const struct drift *drift, const struct event_types *types,
                       struct buffer *out)
{
    buffer_printf(out, "{\"since\": %u, \"events\": %llu, \"new_users\": %llu, \"new_items\": %llu",
                  drift->since, (unsigned long long)drift->events,
                  (unsigned long long)drift->new_users, (unsigned long long)drift->new_items);
    append_number(out, "share_of_new_users", share(drift->of_new_users, drift->events));
    append_number(out, "share_of_new_items", share(drift->of_new_items, drift->events));
    append_number(out, "type_distance", drift_type_distance(drift));
    append_types(drift, types, out);
    append_days(drift, out);
    buffer_append_byte(out, '}');
}

static void observe_days(const struct drift *drift, const struct event_types *types,
                         const struct observer *observer)
{
    char tag[TAG_MAX];
    bool seen[EVENT_TYPES_MAX] = {false};
    for (int day = 0; day < DRIFT_DAYS; day++)
        for (int code = 1; code < EVENT_TYPES_MAX; code++)
            seen[code] = seen[code] || (drift->days[day][code] && types->of[code].name[0]);
    for (int day = 0; day < DRIFT_DAYS; day++) {
        const int64_t number = drift->last_day - (DRIFT_DAYS - 1 - day);
        for (int code = 1; code < EVENT_TYPES_MAX && number >= 0; code++) {
            if (!seen[code])
                continue;
            snprintf(tag, sizeof tag, "events_by_day/%s", types->of[code].name);
            observe_scalar(observer, tag, number, (double)drift->days[day][code]);
        }
    }
}

void drift_observe(const struct drift *drift, const struct event_types *types, uint32_t version,
                   const struct observer *observer)
{
    const struct {
        const char *tag;
        double value;
    } points[] = {
        {"drift/events", (double)drift->events},
        {"drift/new_users", (double)drift->new_users},
        {"drift/new_items", (double)drift->new_items},
        {"drift/share_of_new_users", share(drift->of_new_users, drift->events)},
        {"drift/share_of_new_items", share(drift->of_new_items, drift->events)},
        {"drift/type_distance", drift_type_distance(drift)},
    };
    for (size_t i = 0; i < sizeof points / sizeof *points; i++)
        if (!isnan(points[i].value))
            observe_scalar(observer, points[i].tag, version, points[i].value);
    observe_days(drift, types, observer);
}
