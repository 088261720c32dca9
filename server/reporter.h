#pragma once
/* The reporter: a thread that writes what serving does for TensorBoard (serving_log.h), every
 * tensorboard.serving_every of the wall clock, once a minute after the start if there was something
 * to tell, and at the end.
 *
 * It costs requests three counters each (answered.h). The rest is its own: it reads counters every
 * second, and the events and impressions of each minute by their keys, some ten thousand at a time.
 */
#include "base/status.h"

struct site;
struct reporter;

/* After the HTTP layer and the store. *ret_reporter is NULL where the settings want none. */
enum status reporter_start(struct site *site, struct reporter **ret_reporter, struct error *reterr);

/* Writes what there is and joins; before httpd_stop, whose counters it reads. NULL is fine. */
void reporter_stop(struct reporter *reporter);
