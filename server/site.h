#pragma once
/* A site: everything that one data directory's daemon owns. No statics: one process could hold
 * several.
 *
 * Threads and what they own: the writer (its STORE_WRITE handle, feeding Live), the trainer (its
 * STORE_READ handle), the HTTP layer's loops and workers (readers of the serving pair; a pool of
 * STORE_READ handles for workers), the reaper of old snapshots.
 */
#include "data/settings.h"
#include "data/store.h"
#include "recommend/live.h"
#include "train/snapshot.h"

struct site;

/* Opens (and makes) the data directory under its lock, binds types, loads the active snapshot (a
 * broken one falls back to the one before, logged), rebuilds Live, starts writer, trainer and HTTP.
 * BUSY when another daemon holds the directory. Settings stay the caller's and outlive the site. */
enum status site_start(const struct settings *settings, struct site **ret_site,
                       struct error *reterr);

/* Drains, stops every thread, checkpoints, closes. */
void site_stop(struct site *site);

unsigned site_port(const struct site *site);
const struct settings *site_settings(const struct site *site);

/* The serving pair: a snapshot and the Live on top of it. Reference-counted. */
struct serving {
    struct snapshot *snapshot;
    struct live *live;
    struct serving_impl *impl;
};
struct serving *site_acquire(struct site *site);
void serving_release(struct site *site, struct serving *serving);

/* A STORE_READ handle for the calling worker, given back by site_return_store; waits for a free
 * one. */
enum status site_borrow_store(struct site *site, struct store **ret_store, struct error *reterr);
void site_return_store(struct site *site, struct store *store);
