#pragma once
/* What serving did over some time: of an interval, and of a day, which is the sum of its intervals.
 *
 * Nothing in here names a user or an item. The day's survives a restart as JSON, in a file beside
 * the event files that show it.
 */
#include <stddef.h>
#include <stdint.h>

#include "board/board.h"
#include "data/event_type.h"
#include "server/answered.h"
#include "server/counters.h"

enum {
    FIGURES_STRATEGIES_MAX = ANSWERED_STRATEGIES_MAX,
    FIGURES_VERSIONS_MAX = 8, /* of further ones only the sum is told */
    FIGURES_JSON_MAX = 1 << 16
};

struct figures {
    uint64_t milliseconds;
    uint64_t requests, refused, failed; /* all routes; of them 4xx, 5xx */
    uint64_t buckets[COUNTERS_BUCKETS]; /* how long recommendations took */
    uint64_t cache_hits, cache_misses;
    uint64_t events[EVENT_TYPES_MAX]; /* by the store's code */
    struct {
        char name[ANSWERED_STRATEGY_BYTES];
        uint64_t lists;
    } strategies[FIGURES_STRATEGIES_MAX];
    size_t n_strategies;
    /* By place in the list: lists given and lists shown that had one there, items chosen there. */
    uint64_t ranks_given[ANSWERED_RANKS], ranks_shown[ANSWERED_RANKS], ranks_chosen[ANSWERED_RANKS];
    struct figures_version {
        uint32_t version;
        uint64_t given, shown, chosen; /* items */
    } versions[FIGURES_VERSIONS_MAX];
    size_t n_versions;
    uint64_t rest_given, rest_shown, rest_chosen; /* of versions without a row */
};

/* Adds to a strategy's lists; what no longer fits is left out. */
void figures_add_lists(struct figures *figures, const char *strategy, uint64_t lists);

/* The version's row, made if need be; NULL when there are FIGURES_VERSIONS_MAX others. */
struct figures_version *figures_version(struct figures *figures, uint32_t version);

/* Adds to the version's row, or to the rest where there is none. */
void figures_count_version(struct figures *figures, const struct figures_version *more);

/* Adds `more`, a later time, to the sum. */
void figures_add(struct figures *sum, const struct figures *more);

/* Draws an interval as points of one step. A share whose denominator is 0 has no point. */
void figures_show(struct board_run *run, int64_t step, const struct figures *figures,
                  const struct event_types *types);

/* The sums of a day, as a Markdown table. */
void figures_append_table(const struct figures *figures, const struct event_types *types,
                          struct buffer *out);

/* The main sums of a whole day as points "day/…", so that days can be laid side by side. */
void figures_show_day(struct board_run *run, int64_t day, const struct figures *figures);

void figures_append_json(const struct figures *figures, struct buffer *out);

/* What figures_append_json wrote, of an object with other members perhaps. MALFORMED. */
struct json_t;
enum status figures_read_json(const struct json_t *object, struct figures *ret_figures);
