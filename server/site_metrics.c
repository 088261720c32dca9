#include <inttypes.h>

#include "base/clock.h"
#include "server/site_parts.h"

/* One metric in the Prometheus text format. */
static void print_metric(struct buffer *out, const char *type, const char *name, const char *help,
                         double value)
{
    buffer_printf(out, "# HELP tastevin_%s %s\n# TYPE tastevin_%s %s\ntastevin_%s %.17g\n", name,
                  help, name, type, name, value);
}

static void gauge(struct buffer *out, const char *name, const char *help, double value)
{
    print_metric(out, "gauge", name, help, value);
}

static void counter(struct buffer *out, const char *name, const char *help, double value)
{
    print_metric(out, "counter", name, help, value);
}

static void print_serving(struct site *site, struct buffer *out)
{
    struct serving *serving = site_acquire(site);
    struct live_view view;
    struct live_counts counts;
    live_view_take(serving->live, &view);
    live_count(&view, &counts);
    view.view.class->release(&view.view);
    gauge(out, "model_version", "Version of the snapshot that serves; 0 before the first round.",
          serving->snapshot->version);
    gauge(out, "snapshot_seq", "The last change that the serving snapshot has learnt.",
          (double)serving->snapshot->seq);
    gauge(out, "live_seq", "The last change that is served.", (double)live_seq(serving->live));
    gauge(out, "live_events", "Events since the serving snapshot.", (double)counts.events);
    gauge(out, "live_bytes", "Memory held for changes since the serving snapshot.",
          (double)counts.bytes);
    gauge(out, "users", "Users and guests known.", counts.users);
    gauge(out, "items", "Items known.", counts.items);
    gauge(out, "ghost_items", "Items made by events and never PUT: not recommended.",
          counts.ghosts);
    serving_release(site, serving);
}

static void print_lists(struct site *site, struct buffer *out)
{
    struct list_cache_counts counts = {0};
    if (site->lists)
        counts = list_cache_count(site->lists);
    counter(out, "cache_hits_total", "Ranked lists found in the cache.", (double)counts.hits);
    counter(out, "cache_misses_total", "Ranked lists not found there.", (double)counts.misses);
    gauge(out, "cache_lists", "Ranked lists in the cache.", counts.lists);
}

static void print_writer(struct site *site, struct buffer *out)
{
    struct writer_counts counts;
    writer_count(site->writer, &counts);
    counter(out, "commits_total", "Transactions committed.", (double)counts.commits);
    counter(out, "writes_total", "Write requests finished.", (double)counts.writes);
    counter(out, "writes_refused_total", "Write requests refused when applied.",
            (double)counts.refused);
    gauge(out, "writes_waiting", "Write requests in the queue.", counts.waiting);
    gauge(out, "wal_bytes", "Size of the write-ahead log after the last checkpoint.",
          (double)counts.wal_bytes);
}

void site_metrics(struct site *site, struct buffer *out)
{
    print_serving(site, out);
    print_lists(site, out);
    print_writer(site, out);
    gauge(out, "training_share", "Share of the running phase that is done; -1: no round runs.",
          trainer_share(site->trainer));
    gauge(out, "uptime_seconds", "Seconds since the start.",
          (double)(clock_now_ms() - site->started_ms) / 1000);
}
