#pragma once
/* Serving as TensorBoard shows it: a log directory of its own, a run a day (UTC), "day-2026-11-30".
 *
 * Each point sums up the time since the point before, at the minute of the day in which it ended
 * (1440: midnight). A day that has ended gets its sums as points "day/…", all at the step of the
 * day's number since 1970. What the next start must know (the last step, the day's sums so far)
 * stands in "serving.json" beside the event files, and is written before the point: a crash loses a
 * point, and none comes twice.
 *
 * A clock that is set back, or years ahead, ends the interval; the day that it says then begins or
 * goes on behind its own last step.
 *
 * Threads: one user at a time.
 */
#include <stdint.h>

#include "data/event_type.h"
#include "server/figures.h"

enum { SERVING_LOG_FILES_MAX = 200 }; /* of all days: one for each day and each start */

struct serving_log;

/* Nothing is written yet. `logdir` and `types` are borrowed. The newest `days` runs are kept, and
 * no more than bytes_max of them. NO_MEMORY. */
enum status serving_log_new(const char *logdir, const struct event_types *types, size_t days,
                            uint64_t bytes_max, int64_t now_ms, struct serving_log **ret_log);
void serving_log_free(struct serving_log *log);

/* One point of what was between the last call (or the start) and now_ms. Whatever fails is told and
 * loses the point at most; the next call tries again. BUSY: another process has the directory. */
enum status serving_log_write(struct serving_log *log, const struct figures *interval,
                              int64_t now_ms, struct error *reterr);
