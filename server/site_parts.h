#pragma once
/* What a site is made of: for the files that are the site (site, serving, writer, trainer), not for
 * resources. */
#include <pthread.h>
#include <stdatomic.h>

#include "server/answered.h"
#include "server/httpd.h"
#include "server/mapper.h"
#include "server/reporter.h"
#include "server/scrubber.h"
#include "server/site.h"
#include "server/trainer.h"
#include "server/writer.h"

enum { SITE_STORES_MAX = 64 };

struct serving_impl {
    struct serving serving;
    atomic_int references;
    struct serving_impl *next; /* in the reaper's list */
};

struct site {
    const struct settings *settings;
    struct event_types types; /* bound to the store's codes */
    char folder[PATH_BYTES_MAX], snapshots[PATH_BYTES_MAX], logdir[PATH_BYTES_MAX];
    int lock_fd;
    unsigned char secret[SITE_SECRET_BYTES];
    int64_t started_ms;
    _Atomic uint64_t n_recommendations; /* named so far, from a random number on */

    /* the serving slot: held for a pointer's copy only */
    pthread_mutex_t slot_mutex;
    struct serving_impl *serving;
    struct list_cache *lists;    /* NULL: off */
    _Atomic uint64_t n_servings; /* made so far: the next one's generation */

    /* what was replaced is unmapped and freed by a thread that answers nobody */
    pthread_t reaper;
    pthread_mutex_t reaper_mutex;
    pthread_cond_t reaper_wakes;
    struct serving_impl *retired;
    bool reaper_ends, reaper_runs;

    /* STORE_READ handles for workers */
    pthread_mutex_t stores_mutex;
    pthread_cond_t store_returned;
    struct store *stores[SITE_STORES_MAX];
    size_t n_free_stores, n_stores;

    /* Held while a stored snapshot is chosen and loaded, erased in, or removed: by whatever thread
     * does it, over its calls of writer_run. So the writer never takes it. */
    pthread_mutex_t versions_mutex;

    struct answered *answered;
    struct writer *writer;
    struct trainer *trainer;
    struct mapper *mapper; /* NULL: training.map is 0 */
    struct scrubber *scrubber;
    struct reporter *reporter; /* NULL: off */
    struct httpd *httpd;
};

/* Hands the store's keys to the HTTP layer: at start and after a change. */
enum status site_reload_keys(struct site *site, struct store *store, struct error *reterr);

/* site_activate for who holds versions_mutex. */
enum status site_activate_held(struct site *site, uint32_t version, struct error *reterr);

/* serving.c */
enum status serving_slot_start(struct site *site);
void serving_slot_stop(struct site *site);

/* A snapshot with a new Live on it, not yet caught up. Takes the snapshot over in any case. */
enum status serving_new(struct site *site, struct snapshot *snapshot,
                        struct serving_impl **ret_serving, struct error *reterr);
/* Puts it in the slot; the one before goes when its last request has ended. */
void serving_publish(struct site *site, struct serving_impl *serving);
