#pragma once
/* A few threads with a bounded queue, for requests that may take longer than an event loop may
 * wait. Each runs its route's handler with on_worker set. */
#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "server/request.h"

struct workers;

/* threads from 1 on; queue: requests that may wait. */
enum status workers_start(unsigned threads, size_t queue, struct workers **ret_workers,
                          struct error *reterr);

/* False when the queue is full or the workers are stopping: nothing was taken. */
bool workers_push(struct workers *workers, struct request *request);

size_t workers_waiting(struct workers *workers);

/* Finishes what waits with 503 and takes nothing more. */
void workers_cancel(struct workers *workers);

/* Cancels, waits for the handlers that run, joins. NULL is fine. */
void workers_stop(struct workers *workers);
