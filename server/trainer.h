#pragma once
/* The trainer: a coordinator thread at ordinary priority that runs rounds on idle-class workers.
 *
 * A round starts on request, by the clock (training.every), after so many new events
 * (training.after_events) and at start. It never hurts serving: see base/parallel.h. A round that
 * gets less than training.min_share of the CPU it wants is lifted to the ordinary class, at nice
 * 10, and the log says so. A failed, refused or cancelled round leaves the active snapshot serving.
 */
#include "base/buffer.h"
#include "base/status.h"

struct site;
struct trainer;

enum status trainer_start(struct site *site, struct trainer **ret_trainer, struct error *reterr);

/* Cancels a running round (within a second) and joins. NULL is fine. */
void trainer_stop(struct trainer *trainer);

/* Asks for a round. CONFLICT when one runs. ret_version: the number it gets. */
enum status trainer_request(struct trainer *trainer, struct error *reterr);

/* Asks the round that runs, or is about to, to stop. NOT_FOUND when there is none. */
enum status trainer_cancel(struct trainer *trainer, struct error *reterr);

/* State as JSON: {"state", "version", "phase", "share", "epoch", "loss", "started_at",
 * "seconds_left", "last": {"version", "state", "reason", "finished_at"}}. */
void trainer_status(struct trainer *trainer, struct buffer *out);

/* A running round's share done, or -1: for metrics. */
double trainer_share(struct trainer *trainer);
