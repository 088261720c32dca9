#include "server/counters.h"

#include <inttypes.h>
#include <math.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { STRIPES = 8, BUCKETS = COUNTERS_BUCKETS, CACHE_LINE = 64 };

/* What this program answers; the last stands for any other. */
static const unsigned statuses[] = {200, 201, 202, 204, 400, 401, 403, 404, 405, 408,
                                    409, 413, 415, 422, 429, 500, 503, 507, 0};
enum { STATUSES = sizeof statuses / sizeof statuses[0] };

/* Upper ends in microseconds; the last bucket has none. */
static const uint64_t bucket_us[BUCKETS - 1] = {10,     20,     50,     100,     200,    500,
                                                1000,   2000,   5000,   10000,   20000,  50000,
                                                100000, 200000, 500000, 1000000, 5000000};

struct cell {
    _Atomic uint64_t answers[STATUSES];
    _Atomic uint64_t buckets[BUCKETS];
    _Atomic uint64_t total_us;
};

struct counters {
    const struct route *routes;
    size_t n_cells; /* one a route, and one for what has no route */
    struct cell *cells;
};

enum status counters_new(const struct route *table, struct counters **ret_counters)
{
    struct counters *counters = calloc(1, sizeof *counters);
    if (!counters)
        return STATUS_NO_MEMORY;
    counters->routes = table;
    while (table[counters->n_cells].path)
        counters->n_cells++;
    counters->n_cells++;
    const size_t size = STRIPES * counters->n_cells * sizeof *counters->cells;
    counters->cells = aligned_alloc(CACHE_LINE, (size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE);
    if (!counters->cells) {
        free(counters);
        return STATUS_NO_MEMORY;
    }
    memset(counters->cells, 0, size);
    *ret_counters = counters;
    return STATUS_OK;
}

void counters_free(struct counters *counters)
{
    if (!counters)
        return;
    free(counters->cells);
    free(counters);
}

static size_t status_index(unsigned status)
{
    size_t i = 0;
    while (i < STATUSES - 1 && statuses[i] != status)
        i++;
    return i;
}

static size_t bucket_index(uint64_t us)
{
    size_t i = 0;
    while (i < BUCKETS - 1 && us > bucket_us[i])
        i++;
    return i;
}

static void add(_Atomic uint64_t *counter, uint64_t amount)
{
    atomic_fetch_add_explicit(counter, amount, memory_order_relaxed);
}

void counters_add(struct counters *counters, const struct route *route, unsigned status,
                  int64_t duration_ns)
{
    const int cpu = sched_getcpu();
    const size_t stripe = cpu < 0 ? 0 : (size_t)cpu % STRIPES;
    const size_t row = route ? (size_t)(route - counters->routes) : counters->n_cells - 1;
    struct cell *cell = &counters->cells[stripe * counters->n_cells + row];
    const uint64_t us = duration_ns > 0 ? (uint64_t)duration_ns / 1000 : 0;
    add(&cell->answers[status_index(status)], 1);
    add(&cell->buckets[bucket_index(us)], 1);
    add(&cell->total_us, us);
}

static uint64_t read_counter(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

struct sums {
    uint64_t answers[STATUSES], buckets[BUCKETS], total_us, n_answers;
};

static struct sums sum_stripes(const struct counters *counters, size_t row)
{
    struct sums sums = {0};
    for (size_t stripe = 0; stripe < STRIPES; stripe++) {
        const struct cell *cell = &counters->cells[stripe * counters->n_cells + row];
        for (size_t i = 0; i < STATUSES; i++)
            sums.answers[i] += read_counter(&cell->answers[i]);
        for (size_t i = 0; i < BUCKETS; i++)
            sums.buckets[i] += read_counter(&cell->buckets[i]);
        sums.total_us += read_counter(&cell->total_us);
    }
    for (size_t i = 0; i < BUCKETS; i++)
        sums.n_answers += sums.buckets[i];
    return sums;
}

void counters_sum(const struct counters *counters, const char *path, struct counters_sum *ret_sum)
{
    *ret_sum = (struct counters_sum){0};
    for (size_t row = 0; row < counters->n_cells; row++) {
        const bool none = row == counters->n_cells - 1;
        if (path && (none || strcmp(counters->routes[row].path, path) != 0))
            continue;
        const struct sums sums = sum_stripes(counters, row);
        ret_sum->requests += sums.n_answers;
        for (size_t i = 0; i < STATUSES; i++) {
            ret_sum->refused += statuses[i] / 100 == 4 ? sums.answers[i] : 0;
            ret_sum->failed += statuses[i] / 100 == 5 ? sums.answers[i] : 0;
        }
        for (size_t i = 0; i < BUCKETS; i++)
            ret_sum->buckets[i] += sums.buckets[i];
    }
}

double counters_quantile(const uint64_t buckets[COUNTERS_BUCKETS], double q)
{
    double n = 0, below = 0;
    for (size_t i = 0; i < BUCKETS; i++)
        n += (double)buckets[i];
    for (size_t i = 0; i < BUCKETS && n > 0; i++) {
        const double low = i ? (double)bucket_us[i - 1] : 0;
        const double high = i < BUCKETS - 1 ? (double)bucket_us[i] : low;
        const double in = (double)buckets[i];
        if (in > 0 && below + in >= q * n)
            return (low + (high - low) * fmax(0, q * n - below) / in) / 1e6;
        below += in;
    }
    return NAN;
}

static void print_labels(const struct counters *counters, size_t row, struct buffer *out)
{
    static const char *const names[METHOD_COUNT] = {"GET", "PUT", "PATCH", "POST", "DELETE"};
    if (row == counters->n_cells - 1)
        buffer_append_text(out, "method=\"\",route=\"none\"");
    else
        buffer_printf(out, "method=\"%s\",route=\"%s\"", names[counters->routes[row].method],
                      counters->routes[row].path);
}

static void print_answers(const struct counters *counters, size_t row, const struct sums *sums,
                          struct buffer *out)
{
    for (size_t i = 0; i < STATUSES; i++) {
        if (sums->answers[i] == 0)
            continue;
        buffer_append_text(out, "tastevin_http_requests_total{");
        print_labels(counters, row, out);
        if (statuses[i])
            buffer_printf(out, ",status=\"%u\"} %" PRIu64 "\n", statuses[i], sums->answers[i]);
        else
            buffer_printf(out, ",status=\"other\"} %" PRIu64 "\n", sums->answers[i]);
    }
}

static void print_durations(const struct counters *counters, size_t row, const struct sums *sums,
                            struct buffer *out)
{
    static const char name[] = "tastevin_http_request_duration_seconds";
    uint64_t below = 0;
    for (size_t i = 0; i < BUCKETS; i++) {
        below += sums->buckets[i];
        buffer_printf(out, "%s_bucket{", name);
        print_labels(counters, row, out);
        if (i < BUCKETS - 1)
            buffer_printf(out, ",le=\"%g\"} %" PRIu64 "\n", (double)bucket_us[i] / 1e6, below);
        else
            buffer_printf(out, ",le=\"+Inf\"} %" PRIu64 "\n", below);
    }
    buffer_printf(out, "%s_sum{", name);
    print_labels(counters, row, out);
    buffer_printf(out, "} %.6f\n%s_count{", (double)sums->total_us / 1e6, name);
    print_labels(counters, row, out);
    buffer_printf(out, "} %" PRIu64 "\n", sums->n_answers);
}

void counters_print(const struct counters *counters, struct buffer *out)
{
    buffer_append_text(out, "# HELP tastevin_http_requests_total Answers by route and status.\n"
                            "# TYPE tastevin_http_requests_total counter\n");
    for (size_t row = 0; row < counters->n_cells; row++) {
        const struct sums sums = sum_stripes(counters, row);
        print_answers(counters, row, &sums, out);
    }
    buffer_append_text(out,
                       "# HELP tastevin_http_request_duration_seconds From the whole request to "
                       "its answer.\n"
                       "# TYPE tastevin_http_request_duration_seconds histogram\n");
    for (size_t row = 0; row < counters->n_cells; row++) {
        const struct sums sums = sum_stripes(counters, row);
        if (sums.n_answers > 0)
            print_durations(counters, row, &sums, out);
    }
}
