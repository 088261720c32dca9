#include "server/figures.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"

/* ---- sums ---- */

void figures_add_lists(struct figures *figures, const char *strategy, uint64_t lists)
{
    size_t i = 0;
    while (i < figures->n_strategies &&
           strncmp(figures->strategies[i].name, strategy, ANSWERED_STRATEGY_BYTES - 1) != 0)
        i++;
    if (i == FIGURES_STRATEGIES_MAX)
        return;
    if (i == figures->n_strategies) {
        snprintf(figures->strategies[i].name, ANSWERED_STRATEGY_BYTES, "%s", strategy);
        figures->strategies[i].lists = 0;
        figures->n_strategies++;
    }
    figures->strategies[i].lists += lists;
}

struct figures_version *figures_version(struct figures *figures, uint32_t version)
{
    size_t i = 0;
    while (i < figures->n_versions && figures->versions[i].version != version)
        i++;
    if (i == FIGURES_VERSIONS_MAX)
        return NULL;
    if (i == figures->n_versions)
        figures->versions[figures->n_versions++] = (struct figures_version){.version = version};
    return &figures->versions[i];
}

void figures_count_version(struct figures *figures, const struct figures_version *more)
{
    struct figures_version *row = figures_version(figures, more->version);
    *(row ? &row->given : &figures->rest_given) += more->given;
    *(row ? &row->shown : &figures->rest_shown) += more->shown;
    *(row ? &row->chosen : &figures->rest_chosen) += more->chosen;
}

/* Every member that is numbers and nothing else: how they are added, written and read. */
static const struct member {
    const char *name;
    size_t offset, n;
} members[] = {
#define ONE(name)                                                                                  \
    {                                                                                              \
#name, offsetof(struct figures, name), 1                                                   \
    }
#define ARRAY(name)                                                                                \
    {                                                                                              \
#name, offsetof(struct figures, name), sizeof((struct figures *)0)->name / 8               \
    }
    ONE(milliseconds),   ONE(requests),     ONE(refused),    ONE(failed),        ARRAY(buckets),
    ONE(cache_hits),     ONE(cache_misses), ARRAY(events),   ARRAY(ranks_given), ARRAY(ranks_shown),
    ARRAY(ranks_chosen), ONE(rest_given),   ONE(rest_shown), ONE(rest_chosen),
#undef ONE
#undef ARRAY
};
enum { MEMBERS = sizeof members / sizeof *members };

static const uint64_t *numbers_of(const struct figures *figures, const struct member *member)
{
    return (const uint64_t *)((const char *)figures + member->offset);
}

static uint64_t *numbers_in(struct figures *figures, const struct member *member)
{
    return (uint64_t *)((char *)figures + member->offset);
}

void figures_add(struct figures *sum, const struct figures *more)
{
    for (size_t m = 0; m < MEMBERS; m++) {
        const uint64_t *from = numbers_of(more, &members[m]);
        uint64_t *to = numbers_in(sum, &members[m]);
        for (size_t i = 0; i < members[m].n; i++)
            to[i] += from[i];
    }
    for (size_t i = 0; i < more->n_strategies; i++)
        figures_add_lists(sum, more->strategies[i].name, more->strategies[i].lists);
    for (size_t i = 0; i < more->n_versions; i++)
        figures_count_version(sum, &more->versions[i]);
}

static uint64_t sum_of(const uint64_t *numbers, size_t n)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += numbers[i];
    return sum;
}

/* By all strategies. */
static uint64_t lists_of(const struct figures *figures)
{
    uint64_t lists = 0;
    for (size_t i = 0; i < figures->n_strategies; i++)
        lists += figures->strategies[i].lists;
    return lists;
}

struct online {
    uint64_t given, shown, chosen;
};

static struct online online_of(const struct figures *figures)
{
    struct online all = {figures->rest_given, figures->rest_shown, figures->rest_chosen};
    for (size_t i = 0; i < figures->n_versions; i++) {
        all.given += figures->versions[i].given;
        all.shown += figures->versions[i].shown;
        all.chosen += figures->versions[i].chosen;
    }
    return all;
}

static double share(uint64_t part, uint64_t whole)
{
    return whole ? (double)part / (double)whole : NAN;
}

static double rate(const struct figures *figures, uint64_t count)
{
    return share(count * 1000, figures->milliseconds);
}

/* ---- points ---- */

static void point(struct board_run *run, int64_t step, double value, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void point(struct board_run *run, int64_t step, double value, const char *format, ...)
{
    char tag[128];
    va_list arguments;
    if (isnan(value))
        return;
    va_start(arguments, format);
    vsnprintf(tag, sizeof tag, format, arguments);
    va_end(arguments);
    board_scalar(run, tag, step, value);
}

static void show_latency(struct board_run *run, int64_t step, const char *group,
                         const struct figures *figures)
{
    static const int percents[] = {50, 90, 99};
    for (size_t i = 0; i < sizeof percents / sizeof *percents; i++)
        point(run, step, 1e3 * counters_quantile(figures->buckets, percents[i] / 100.0),
              "%s/p%d_ms", group, percents[i]);
}

static void show_online(struct board_run *run, int64_t step, const struct figures *figures)
{
    const struct online all = online_of(figures);
    point(run, step, share(all.chosen, all.given), "online/chosen_of_given");
    point(run, step, share(all.chosen, all.shown), "online/chosen_of_shown");
    for (int r = 0; r < ANSWERED_RANKS; r++) {
        point(run, step, share(figures->ranks_chosen[r], figures->ranks_given[r]),
              "online_by_rank/chosen_of_given_%02d", r + 1);
        point(run, step, share(figures->ranks_chosen[r], figures->ranks_shown[r]),
              "online_by_rank/chosen_of_shown_%02d", r + 1);
    }
    for (size_t i = 0; i < figures->n_versions; i++) {
        const struct figures_version *v = &figures->versions[i];
        point(run, step, share(v->chosen, v->given), "online_by_version/chosen_of_given_v%06u",
              v->version);
        point(run, step, share(v->chosen, v->shown), "online_by_version/chosen_of_shown_v%06u",
              v->version);
    }
}

void figures_show(struct board_run *run, int64_t step, const struct figures *figures,
                  const struct event_types *types)
{
    const uint64_t lists = lists_of(figures);
    point(run, step, rate(figures, figures->requests), "serving/requests_per_second");
    point(run, step, rate(figures, lists), "serving/lists_per_second");
    point(run, step, share(figures->refused, figures->requests), "serving/share_refused");
    point(run, step, share(figures->failed, figures->requests), "serving/share_failed");
    point(run, step, share(figures->cache_hits, figures->cache_hits + figures->cache_misses),
          "serving/share_from_cache");
    show_latency(run, step, "latency", figures);
    for (size_t i = 0; i < figures->n_strategies; i++)
        point(run, step, share(figures->strategies[i].lists, lists), "strategy/%s",
              figures->strategies[i].name);
    for (int code = 1; code < EVENT_TYPES_MAX; code++)
        if (types->of[code].name[0] && !types->of[code].retired)
            point(run, step, 3600 * rate(figures, figures->events[code]), "events_per_hour/%s",
                  types->of[code].name);
    show_online(run, step, figures);
}

void figures_show_day(struct board_run *run, int64_t day, const struct figures *figures)
{
    const struct online all = online_of(figures);
    point(run, day, (double)figures->requests, "day/requests");
    point(run, day, share(figures->failed, figures->requests), "day/share_failed");
    point(run, day, (double)sum_of(figures->events, EVENT_TYPES_MAX), "day/events");
    show_latency(run, day, "day", figures);
    point(run, day, share(all.chosen, all.given), "day/chosen_of_given");
    point(run, day, share(all.chosen, all.shown), "day/chosen_of_shown");
}

/* ---- the day as text ---- */

static void row_count(struct buffer *out, const char *name, uint64_t value)
{
    buffer_printf(out, "\n| %s | %" PRIu64 " |", name, value);
}

static void row_share(struct buffer *out, const char *name, uint64_t part, uint64_t whole)
{
    if (whole)
        buffer_printf(out, "\n| %s | %.3g %% |", name, 100 * share(part, whole));
}

static void append_versions(const struct figures *figures, struct buffer *out)
{
    if (figures->n_versions == 0)
        return;
    buffer_append_text(out, "\n\n| model version | items given | items shown | chosen |\n"
                            "| ---: | ---: | ---: | ---: |");
    for (size_t i = 0; i < figures->n_versions; i++)
        buffer_printf(out, "\n| %u | %" PRIu64 " | %" PRIu64 " | %" PRIu64 " |",
                      figures->versions[i].version, figures->versions[i].given,
                      figures->versions[i].shown, figures->versions[i].chosen);
}

void figures_append_table(const struct figures *figures, const struct event_types *types,
                          struct buffer *out)
{
    const struct online all = online_of(figures);
    const uint64_t lists = lists_of(figures);
    buffer_printf(out, "| so far today (UTC) | |\n| --- | ---: |\n| hours counted | %.2f |",
                  (double)figures->milliseconds / 3.6e6);
    row_count(out, "requests", figures->requests);
    row_share(out, "refused (4xx)", figures->refused, figures->requests);
    row_share(out, "failed (5xx)", figures->failed, figures->requests);
    row_count(out, "lists given", lists);
    for (size_t i = 0; i < figures->n_strategies; i++)
        row_share(out, figures->strategies[i].name, figures->strategies[i].lists, lists);
    row_share(out, "lists from the cache", figures->cache_hits,
              figures->cache_hits + figures->cache_misses);
    for (int code = 1; code < EVENT_TYPES_MAX; code++)
        if (figures->events[code])
            row_count(out, types->of[code].name, figures->events[code]);
    row_share(out, "chosen of the items given", all.chosen, all.given);
    row_share(out, "chosen of the items shown", all.chosen, all.shown);
    append_versions(figures, out);
    buffer_append_byte(out, '\n');
}

/* ---- kept over restarts ---- */

void figures_append_json(const struct figures *figures, struct buffer *out)
{
    buffer_append_byte(out, '{');
    for (size_t m = 0; m < MEMBERS; m++) {
        const uint64_t *numbers = numbers_of(figures, &members[m]);
        buffer_printf(out, "%s\"%s\": [", m ? ", " : "", members[m].name);
        for (size_t i = 0; i < members[m].n; i++)
            buffer_printf(out, "%s%" PRIu64, i ? "," : "", numbers[i]);
        buffer_append_byte(out, ']');
    }
    buffer_append_text(out, ", \"strategies\": [");
    for (size_t i = 0; i < figures->n_strategies; i++) {
        const char *name = figures->strategies[i].name;
        buffer_append_text(out, i ? ", [" : "[");
        buffer_append_json(out, name, strlen(name));
        buffer_printf(out, ", %" PRIu64 "]", figures->strategies[i].lists);
    }
    buffer_append_text(out, "], \"versions\": [");
    for (size_t i = 0; i < figures->n_versions; i++) {
        const struct figures_version *v = &figures->versions[i];
        buffer_printf(out, "%s[%u, %" PRIu64 ", %" PRIu64 ", %" PRIu64 "]", i ? ", " : "",
                      v->version, v->given, v->shown, v->chosen);
    }
    buffer_append_text(out, "]}");
}

/* A count; what is none is 0. */
static uint64_t count_at(const json_t *array, size_t i)
{
    const json_int_t value = json_integer_value(json_array_get(array, i));
    return value > 0 ? (uint64_t)value : 0;
}

enum status figures_read_json(const json_t *object, struct figures *ret_figures)
{
    struct figures figures = {0};
    for (size_t m = 0; m < MEMBERS; m++) {
        const json_t *array = json_object_get(object, members[m].name);
        if (json_array_size(array) != members[m].n)
            return STATUS_MALFORMED;
        for (size_t i = 0; i < members[m].n; i++)
            numbers_in(&figures, &members[m])[i] = count_at(array, i);
    }
    const json_t *strategies = json_object_get(object, "strategies");
    for (size_t i = 0; i < json_array_size(strategies); i++) {
        const json_t *row = json_array_get(strategies, i);
        const char *name = json_string_value(json_array_get(row, 0));
        if (name)
            figures_add_lists(&figures, name, count_at(row, 1));
    }
    const json_t *versions = json_object_get(object, "versions");
    for (size_t i = 0; i < json_array_size(versions); i++) {
        const json_t *row = json_array_get(versions, i);
        const struct figures_version version = {(uint32_t)count_at(row, 0), count_at(row, 1),
                                                count_at(row, 2), count_at(row, 3)};
        figures_count_version(&figures, &version);
    }
    *ret_figures = figures;
    return STATUS_OK;
}
