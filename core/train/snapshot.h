#pragma once
/* A training round, whole: a directory with a manifest, one file a model, ids, histories and the
 * catalogue, as read at seq S. No clock, duration, host, version number or padding in it: the same
 * data, seed and settings give the same bytes.
 *
 *   <root>/<version>/manifest.json   what it is, with the crc of every file beside it
 *                    data.tvs        ids, touches, catalogue (sections)
 *                    <model>.tvs     one a model
 *                    ranker.tvs      the second stage, and the activity of items that it looks at;
 *                                    only where there is one
 *
 * Written under a temporary name, synced, renamed. Loaded by mmap; checked before it is published.
 * Reference-counted: acquire while you hold another reference; the release that drops the last one
 * unmaps, so release from a thread that may take its time (the daemon's reaper).
 */
#include <stdint.h>

#include "base/idmap.h"
#include "base/observer.h"
#include "data/dataset.h"
#include "models/model.h"
#include "recommend/catalogue.h"
#include "recommend/live.h"
#include "recommend/ranker.h"

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
    const struct touch *touches;  /* by user, sorted by (item, type); an erased user's are zeroed:
                                     type 0, which has no meaning */
    const struct model *models[SNAPSHOT_MODELS_MAX];
    size_t n_models;
    const struct model *retriever; /* what serves: the gate's choice; NULL: the empty one */
    /* The second stage, for the candidates of the retriever; NULL: none, or it could not be read:
     * then the retriever's order serves, and ranker_fault (otherwise "") says why. */
    const struct ranker *ranker;
    const struct activity *activity; /* [n_items] as of S, where there is a ranker */
    const char *ranker_fault;
    const char *manifest; /* JSON text */
    struct snapshot_impl *impl;
};

/* The snapshot of nothing at seq 0: a new data directory serves from it, newest items first. */
enum status snapshot_new_empty(const struct event_types *types, struct snapshot **ret_snapshot);

struct store;
struct snapshot_contents {
    const struct dataset *dataset; /* all events up to its seq */
    struct store *store;           /* for the items; those past the dataset's are left to Live */
    const struct model *const *models; /* [n_models] fitted on the dataset, `popular` first */
    size_t n_models;                   /* up to SNAPSHOT_MODELS_MAX */
    const char *retriever;             /* the name of one of them */
    const struct ranker *ranker;       /* of that one's candidates; NULL: none */
    const char *settings_json; /* an object for the manifest: what the models were fitted with */
};

/* Writes <root>/<version>. CONFLICT when it is there; CANCELLED, DISK_FULL, IO: nothing is left. */
enum status snapshot_write(const char *root, uint32_t version,
                           const struct snapshot_contents *contents,
                           const struct observer *observer, struct error *reterr);

/* Bytes that snapshot_write needs beyond its contents, at most. */
uint64_t snapshot_write_estimate(uint64_t n_events);

/* CORRUPT names the file and section; UNSUPPORTED for a newer format or an unknown model; NOT_FOUND
 * when there is none. */
enum status snapshot_load(const char *root, uint32_t version, struct snapshot **ret_snapshot,
                          struct error *reterr);

/* A catalogue of its own for a Live, as read at S. */
enum status snapshot_catalogue(const struct snapshot *snapshot, struct catalogue **ret_catalogue,
                               struct error *reterr);

/* What a Live over the snapshot is made from, but for rules, types that count and caches, which are
 * the caller's; types are those it was trained with. Borrowed from the snapshot. */
struct live_base snapshot_live_base(const struct snapshot *snapshot);

struct snapshot *snapshot_acquire(struct snapshot *snapshot);
void snapshot_release(struct snapshot *snapshot); /* NULL is fine */

/* Versions on disk, oldest first, into versions[room]: the newest ones when there are more. Returns
 * how many. No folder: 0. */
size_t snapshot_list(const char *root, uint32_t *versions, size_t room);

/* Removes the oldest versions until at most `keep` are there; never `active` (0: none). Also
 * removes what a crash left half-written a day ago or longer. */
enum status snapshot_prune(const char *root, size_t keep, uint32_t active, struct error *reterr);

/* The seq S of a stored snapshot, without loading it. NOT_FOUND, CORRUPT. */
enum status snapshot_seq(const char *root, uint32_t version, uint64_t *ret_seq,
                         struct error *reterr);

/* Overwrites the rows of n users in the stored files, in place: ids, touches and every section
 * "…/users" (n_users rows) or "…/user_rows" (by "…/user_starts") of the models, and the manifest's
 * checksums with them. Users that the snapshot does not know are passed over. Whoever has it loaded
 * sees the change. */
enum status snapshot_erase_users(const char *root, uint32_t version, const uint32_t *users,
                                 size_t n, struct error *reterr);
