#pragma once
/* A site: everything that one data directory's daemon owns. No statics: one process could hold
 * several.
 *
 * Threads and what they own: the writer (its STORE_WRITE handle, feeding Live), the trainer (its
 * STORE_READ handle), the HTTP layer's loops and workers (readers of the serving pair; a pool of
 * STORE_READ handles for workers), the reaper of old snapshots.
 */
#include "base/file.h"
#include "data/settings.h"
#include "data/store.h"
#include "recommend/list_cache.h"
#include "recommend/live.h"
#include "train/snapshot.h"

struct site;
struct httpd;
struct trainer;
struct writer;

enum { SITE_SECRET_BYTES = 32 };

#define SITE_LOCK_FILE "lock"
#define SITE_SNAPSHOTS "snapshots"

/* Opens (and makes) the data directory under its lock, binds types, loads the active snapshot (a
 * broken one falls back to the one before, logged), rebuilds Live, starts writer, trainer and HTTP.
 * BUSY when another daemon holds the directory. Settings stay the caller's and outlive the site. */
enum status site_start(const struct settings *settings, struct site **ret_site,
                       struct error *reterr);

/* Drains, stops every thread, checkpoints, closes. NULL is fine. */
void site_stop(struct site *site);

/* The exclusive lock of a data directory, for whoever must be alone there: `serve`, `migrate up`,
 * `restore`. BUSY says so. Returned descriptor: close() gives the lock back. */
enum status site_lock(const char *folder, int *ret_fd, struct error *reterr);

/* Reads the type names of the configuration into the store's codes; for every program that writes
 * events. In a transaction of its own. */
enum status site_bind_types(struct store *store, struct event_types *types, struct error *reterr);

unsigned site_port(const struct site *site);
const struct settings *site_settings(const struct site *site);
const struct event_types *site_types(const struct site *site);
struct writer *site_writer(const struct site *site);
struct trainer *site_trainer(const struct site *site);
struct httpd *site_httpd(const struct site *site);

/* The serving pair: a snapshot and the Live on top of it. Reference-counted; never NULL. */
struct serving {
    struct snapshot *snapshot;
    struct live *live;
    struct rows8 *coarse;     /* of the retriever's vectors; NULL: it has none that fit */
    struct list_cache *lists; /* the site's; NULL: off */
};
struct serving *site_acquire(struct site *site);
void serving_release(struct site *site, struct serving *serving);

/* Loads that version and serves it from then on; the store marks it active. Runs on the calling
 * thread but for the swap, which is the writer's. NOT_FOUND, CORRUPT: the present one goes on. */
enum status site_activate(struct site *site, uint32_t version, struct error *reterr);

struct item_map_file;

/* The map of what serves, to be closed by item_map_file_close. NOT_FOUND says why there is none,
 * and what to do. */
enum status site_open_map(struct site *site, const struct serving *serving,
                          struct item_map_file *ret_file, struct error *reterr);

/* Appends Prometheus text of the site's own figures (the HTTP layer's are httpd_metrics). */
void site_metrics(struct site *site, struct buffer *out);

/* A STORE_READ handle for the calling worker, given back by site_return_store; waits for a free
 * one. */
enum status site_borrow_store(struct site *site, struct store **ret_store, struct error *reterr);
void site_return_store(struct site *site, struct store *store);

/* Counts a list of n items that a request was given, from place `offset` on. `strategy` is a
 * constant text. */
void site_count_list(struct site *site, const char *strategy, uint32_t version, uint32_t offset,
                     uint32_t n);

enum { RECOMMENDATION_ID_SIZE = 80 };

/* An opaque, signed name for one answer: time, model version and a random seed. Terminated. */
void site_recommendation_id(struct site *site, int64_t now_ms, uint32_t version,
                            char out[RECOMMENDATION_ID_SIZE]);

/* The model version that gave the answer so named; false for a name that was not given here. */
bool site_recommendation_version(const struct site *site, const char *id, uint32_t *ret_version);
