#pragma once
/* A training round, whole: a directory with a manifest, one file a model, ids, histories and the
 * catalogue, as read at seq S. No clock, duration, host or padding in it: the same data, seed and
 * settings give the same bytes.
 *
 *   <data>/snapshots/<version>/manifest.json   what it is, with the crc of every file beside it
 *                              data.tvs        ids, touches, catalogue (sections)
 *                              <model>.tvs     one a model
 *
 * Written under a temporary name, synced, renamed. Loaded by mmap; checked before it is published.
 * Reference-counted: acquire while you hold another reference; the release that drops the last one
 * unmaps, so release from a thread that may take its time (the daemon's reaper).
 */
#include <stdint.h>

#include "base/idmap.h"
#include "data/dataset.h"
#include "models/model.h"
#include "recommend/catalogue.h"

enum { SNAPSHOT_MODELS_MAX = 16 };

struct snapshot {
    uint64_t seq;
    uint32_t version; /* 0: the built-in empty one */
    uint32_t crc;     /* over the manifest */
    uint32_t n_users, n_items;
    struct event_types types; /* as trained with */
    struct signal_frame frame;
    struct idmap user_ids, item_ids;
    const uint64_t *touch_starts; /* [n_users + 1] */
    const struct touch *touches;  /* by user, sorted by (item, type) */
    const struct model *models[SNAPSHOT_MODELS_MAX];
    size_t n_models;
    const struct model *retriever; /* what serves: the gate's choice */
    const char *manifest;          /* JSON text */
    struct snapshot_impl *impl;
};

/* The snapshot of nothing at seq 0: a new data directory serves from it, newest items first. */
enum status snapshot_new_empty(const struct event_types *types, struct snapshot **ret_snapshot);

/* Writes <root>/<version> from a dataset (all events), its fitted models and the store's items up
 * to the dataset's seq. `retriever` is one of the models. report_json goes into the manifest as it
 * is; it must not hold times of day. */
struct store;
enum status snapshot_write(const char *root, uint32_t version, const struct dataset *dataset,
                           struct store *store, const struct model *const *models, size_t n_models,
                           const char *retriever, const char *settings_json, struct error *reterr);

/* CORRUPT names the file and section; UNSUPPORTED for a newer format or an unknown model. */
enum status snapshot_load(const char *root, uint32_t version, struct snapshot **ret_snapshot,
                          struct error *reterr);

/* A catalogue of its own for a Live, as read at S. */
enum status snapshot_catalogue(const struct snapshot *snapshot, struct catalogue **ret_catalogue,
                               struct error *reterr);

struct snapshot *snapshot_acquire(struct snapshot *snapshot);
void snapshot_release(struct snapshot *snapshot); /* NULL is fine */

/* Overwrites the rows of n users (ids, touches, model rows) in the stored files, in place: for
 * erasure. Users that the snapshot does not know are passed over. */
enum status snapshot_erase_users(const char *root, uint32_t version, const uint32_t *users,
                                 size_t n, struct error *reterr);

/* The versions on disk, oldest first, at most `room` of them; returns how many. */
size_t snapshot_list(const char *root, uint32_t *versions, size_t room);

/* Removes the oldest versions until at most `keep` are there; never `active`. Also removes what a
 * crash has left half-written. */
enum status snapshot_prune(const char *root, size_t keep, uint32_t active, struct error *reterr);
