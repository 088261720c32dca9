#pragma once
/* Times: int64 milliseconds since 1970 UTC, or TIME_UNKNOWN. */
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/status.h"

#define TIME_UNKNOWN INT64_MIN

enum { TIME_TEXT_SIZE = 32 };

/* Wall clock, milliseconds. May step back: never use it for durations or order. */
int64_t clock_now_ms(void);

/* Monotonic, for durations and deadlines. */
int64_t clock_monotonic_ns(void);
double clock_seconds_since(int64_t monotonic_ns);

/* So many milliseconds from now on the monotonic clock: for waits that end by themselves. */
struct timespec clock_monotonic_in(int64_t ms);

/* CPU time of the calling thread. */
int64_t clock_thread_cpu_ns(void);

/* RFC 3339 in UTC with milliseconds: 2026-11-23T15:28:00.000Z. Years 0001 to 9999. */
void time_format(int64_t ms, char out[TIME_TEXT_SIZE]);

/* Reads RFC 3339 (any offset, fraction to any length, cut at milliseconds; 'T' or a space).
 * MALFORMED for anything else, OUT_OF_RANGE for fields that do not exist (Feb 30, 25:00) and for
 * instants that time_format could not write back. A 60th second counts as the next minute's first.
 */
enum status time_parse(const char *text, int64_t *ret_ms);
