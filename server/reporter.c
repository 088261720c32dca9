#include "server/reporter.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "server/feedback.h"
#include "server/log.h"
#include "server/serving_log.h"
#include "server/site_parts.h"
#include "server/ticker.h"

enum { TICK_MS = 1000, READ_EVERY_S = 60, FIRST_AFTER_S = 60, LAST_STEPS_MAX = 20 };

#define SERVING_FOLDER "serving"

static const char *const recommendations_paths[] = {"/v1/users/{user}/recommendations",
                                                    "/v1/recommendations"};
enum { PATHS = sizeof recommendations_paths / sizeof *recommendations_paths };

/* What only rises, as last seen. */
struct totals {
    struct counters_sum all, recommendations[PATHS];
    struct answered_sum answered;
    struct list_cache_counts lists;
};

struct reporter {
    struct site *site;
    struct ticker *ticker;
    /* the ticker's thread's own */
    char logdir[PATH_BYTES_MAX];
    struct serving_log *log;
    struct feedback *feedback;
    struct totals before;
    struct figures interval;
    int64_t slot;                /* of the wall clock, cut by serving_every */
    int64_t started_ns, read_ns; /* monotonic: of the interval, of the last look at the store */
    bool is_first, has_rest, failing; /* no point yet; more to read; told that writing fails */
};

/* ---- counting ---- */

static uint64_t lists_before(const struct answered_sum *before, const char *strategy)
{
    for (size_t i = 0; i < before->n_strategies; i++)
        if (strcmp(before->strategies[i], strategy) == 0)
            return before->lists[i];
    return 0;
}

/* Every tick, so that a model version is told from the one that takes its counter later. */
static void count_answered(struct reporter *reporter)
{
    struct answered_sum now;
    const struct answered_sum *before = &reporter->before.answered;
    struct figures *figures = &reporter->interval;
    answered_sum(reporter->site->answered, &now);
    for (size_t i = 0; i < now.n_strategies; i++) {
        const uint64_t lists = now.lists[i] - lists_before(before, now.strategies[i]);
        if (lists)
            figures_add_lists(figures, now.strategies[i], lists);
    }
    for (size_t r = 0; r < ANSWERED_RANKS; r++)
        figures->ranks_given[r] += now.ranks[r] - before->ranks[r];
    for (size_t v = 0; v < ANSWERED_VERSIONS; v++) {
        const uint64_t items = now.items[v] - before->items[v];
        if (items)
            figures_count_version(figures,
                                  &(struct figures_version){now.versions[v], .given = items});
    }
    reporter->before.answered = now;
}

static void count_requests(struct reporter *reporter)
{
    struct site *site = reporter->site;
    struct totals *before = &reporter->before, now = *before;
    struct figures *figures = &reporter->interval;
    httpd_count(site->httpd, NULL, &now.all);
    for (size_t p = 0; p < PATHS; p++)
        httpd_count(site->httpd, recommendations_paths[p], &now.recommendations[p]);
    if (site->lists)
        now.lists = list_cache_count(site->lists);
    figures->requests += now.all.requests - before->all.requests;
    figures->refused += now.all.refused - before->all.refused;
    figures->failed += now.all.failed - before->all.failed;
    for (size_t p = 0; p < PATHS; p++)
        for (size_t i = 0; i < COUNTERS_BUCKETS; i++)
            figures->buckets[i] +=
                now.recommendations[p].buckets[i] - before->recommendations[p].buckets[i];
    figures->cache_hits += now.lists.hits - before->lists.hits;
    figures->cache_misses += now.lists.misses - before->lists.misses;
    *before = now;
}

/* One step through what the store has got. */
static void read_feedback(struct reporter *reporter)
{
    struct store *store;
    struct error err = {0};
    struct serving *serving = site_acquire(reporter->site);
    const uint64_t seq = live_seq(serving->live);
    serving_release(reporter->site, serving);
    enum status status = site_borrow_store(reporter->site, &store, &err);
    if (status == STATUS_OK) {
        status = feedback_read(reporter->feedback, store, seq, &reporter->interval,
                               &reporter->has_rest, &err);
        site_return_store(reporter->site, store);
    }
    if (status != STATUS_OK) {
        reporter->has_rest = false; /* the next minute tries again */
        log_write(LOG_WARNING, "feedback_not_read", "%s", err.text);
    }
    reporter->read_ns = clock_monotonic_ns();
}

/* ---- points ---- */

static int64_t slot_at(const struct reporter *reporter, int64_t now_ms)
{
    const int64_t every = reporter->site->settings->tensorboard.serving_every_ms;
    return now_ms / every - (now_ms % every < 0);
}

static void write_point(struct reporter *reporter, int64_t now_ms)
{
    struct error err = {0};
    count_requests(reporter);
    reporter->interval.milliseconds =
        (uint64_t)((clock_monotonic_ns() - reporter->started_ns) / 1000000);
    const enum status status = serving_log_write(reporter->log, &reporter->interval, now_ms, &err);
    if (status != STATUS_OK && !reporter->failing)
        log_write(LOG_WARNING, "serving_not_shown",
                  "TensorBoard does not show what serving does: %s", err.text);
    reporter->failing = status != STATUS_OK;
    reporter->interval = (struct figures){0};
    reporter->started_ns = clock_monotonic_ns();
    reporter->slot = slot_at(reporter, now_ms);
    reporter->is_first = false;
}

static bool has_news(struct reporter *reporter)
{
    struct counters_sum all;
    httpd_count(reporter->site->httpd, NULL, &all);
    return all.requests != reporter->before.all.requests;
}

static void tick(void *context)
{
    struct reporter *reporter = context;
    const int64_t now_ms = clock_now_ms();
    count_answered(reporter);
    const bool is_due =
        slot_at(reporter, now_ms) != reporter->slot ||
        (reporter->is_first && clock_seconds_since(reporter->started_ns) >= FIRST_AFTER_S &&
         has_news(reporter));
    if (is_due || reporter->has_rest || clock_seconds_since(reporter->read_ns) >= READ_EVERY_S)
        read_feedback(reporter);
    if (is_due)
        write_point(reporter, now_ms);
}

/* What there is when the daemon ends. */
static void write_last(void *context)
{
    struct reporter *reporter = context;
    count_answered(reporter);
    reporter->has_rest = true;
    for (int step = 0; step < LAST_STEPS_MAX && reporter->has_rest; step++)
        read_feedback(reporter);
    if (has_news(reporter))
        write_point(reporter, clock_now_ms());
}

/* ---- life ---- */

static enum status prepare(struct reporter *reporter)
{
    struct site *site = reporter->site;
    const struct settings *settings = site->settings;
    const int64_t now_ms = clock_now_ms();
    enum status status = path_join(reporter->logdir, site->logdir, SERVING_FOLDER);
    if (status == STATUS_OK)
        status = serving_log_new(reporter->logdir, &site->types,
                                 (size_t)settings->tensorboard.serving_days,
                                 (uint64_t)settings->tensorboard.max_size, now_ms, &reporter->log);
    struct serving *serving = site_acquire(site);
    if (status == STATUS_OK)
        status = feedback_new(site, live_seq(serving->live), &reporter->feedback);
    serving_release(site, serving);
    reporter->slot = slot_at(reporter, now_ms);
    reporter->started_ns = reporter->read_ns = clock_monotonic_ns();
    reporter->is_first = true;
    return status;
}

static void reporter_free(struct reporter *reporter)
{
    serving_log_free(reporter->log);
    feedback_free(reporter->feedback);
    free(reporter);
}

enum status reporter_start(struct site *site, struct reporter **ret_reporter, struct error *reterr)
{
    const struct settings *settings = site->settings;
    if (!settings->tensorboard.enabled || settings->tensorboard.serving_days == 0)
        return STATUS_OK;
    struct reporter *reporter = calloc(1, sizeof *reporter);
    if (!reporter)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory");
    reporter->site = site;
    enum status status = prepare(reporter);
    if (status != STATUS_OK) {
        reporter_free(reporter);
        return error_set(reterr, status, "cannot prepare to watch serving: %s",
                         status_name(status));
    }
    status = ticker_start(TICK_MS, tick, write_last, reporter, &reporter->ticker);
    if (status != STATUS_OK) {
        reporter_free(reporter);
        return error_set(reterr, status, "cannot start a thread");
    }
    *ret_reporter = reporter;
    return STATUS_OK;
}

void reporter_stop(struct reporter *reporter)
{
    if (!reporter)
        return;
    ticker_stop(reporter->ticker);
    reporter_free(reporter);
}
