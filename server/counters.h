#pragma once
/* What was answered: requests by route and status, seconds by route; as Prometheus text.
 *
 * Lock-free. Counters lie in stripes, one a CPU or so, so that two event loops do not pull one
 * cache line back and forth; reading adds the stripes up (each counter exact, all of them together
 * not of one moment).
 */
#include <stdint.h>

#include "base/buffer.h"
#include "server/route.h"

struct counters;

/* `table` must outlive the counters. NO_MEMORY. */
enum status counters_new(const struct route *table, struct counters **ret_counters);
void counters_free(struct counters *counters);

/* One answer; route NULL: none was found. */
void counters_add(struct counters *counters, const struct route *route, unsigned status,
                  int64_t duration_ns);

enum { COUNTERS_BUCKETS = 18 };

/* Since the start: requests of one route, or of all (NULL). */
struct counters_sum {
    uint64_t requests, refused, failed; /* answers in all, of them 4xx, 5xx */
    uint64_t buckets[COUNTERS_BUCKETS]; /* by how long they took */
};
void counters_sum(const struct counters *counters, const char *path, struct counters_sum *ret_sum);

/* The seconds that a share q (0..1) of the answers in these buckets stayed below, as if they lay
 * evenly within each bucket; the last one has no upper end and counts as its lower. NaN without
 * answers. */
double counters_quantile(const uint64_t buckets[COUNTERS_BUCKETS], double q);

/* Appends tastevin_http_requests_total and tastevin_http_request_duration_seconds; routes that
 * were never asked are left out. */
void counters_print(const struct counters *counters, struct buffer *out);
