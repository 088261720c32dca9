#pragma once
/* All changes after a snapshot's seq S, in memory: what was posted a moment ago.
 *
 * Live is brought up to date from the Store by seq, at start and after every commit alike
 * (live_catch_up): there is one path, whoever wrote. It owns the present catalogue and id maps, the
 * events of each user after S, and the death list. A user whose past changed otherwise (retraction,
 * merge) is read again whole and replaces the snapshot's touches.
 *
 * What grows with the changes (new ids and sessions, touches of users) is given back only with the
 * Live: the next training round starts a new one. So its size is bounded by what is written between
 * two rounds: about 32 bytes for each different (user, item, type). Where there is a ranker, Live
 * also counts the activity of items on: 24 bytes each; what is retracted stays counted until then.
 * Of the attributes that the ranker's spec names it keeps the values, as they are now.
 *
 * Threads: one writer (live_catch_up), any number of readers, each between live_view_take and the
 * view's release; both sides hold the lock for microseconds. A thread takes one view at a time: a
 * second one while a writer waits would never come.
 */
#include <stdint.h>

#include "recommend/catalogue.h"
#include "recommend/view.h"

struct list_cache;
struct live;
struct store;

/* The part of a snapshot that Live and views stand on, all borrowed; it outlives them. (Live may
 * not know train/snapshot.h: include order.) */
struct live_base {
    uint64_t seq;
    uint32_t n_users, n_items;
    const struct event_types *types; /* what the configuration says now */
    const struct signal_frame *frame;
    const struct idmap *user_ids, *item_ids;
    const uint64_t *touch_starts;
    const struct touch *touches;
    const struct model *const *models;
    size_t n_models;
    const struct model *retriever;
    struct rules rules;
    const struct ranker *ranker;     /* NULL: none */
    const struct activity *activity; /* [n_items] as of seq; NULL without a ranker */
    const struct rows8 *coarse;      /* as in view.h; may be NULL */
    uint64_t generation;      /* another one for each snapshot served, for the keys of lists */
    struct list_cache *lists; /* told of deaths; may be NULL */
};

/* Takes over the catalogue, in any case. */
enum status live_new(const struct live_base *base, struct catalogue *catalogue,
                     struct live **ret_live, struct error *reterr);
void live_free(struct live *live);

/* Applies the store's changes up to its present seq. On failure what was applied stays and the next
 * call goes on from there. Not within a transaction. *ret_keys_changed (may be NULL): access keys
 * have changed since the last call that said so. */
enum status live_catch_up(struct live *live, struct store *store, bool *ret_keys_changed,
                          struct error *reterr);

uint64_t live_seq(struct live *live); /* the last change applied */

/* A view for one request: holds the reader's lock until released. */
struct live_view {
    struct view view; /* first */
    struct live *live;
};
void live_view_take(struct live *live, struct live_view *ret_view);

/* While a view is taken. */
uint32_t live_find_user(const struct live_view *view, const char *id); /* NUMBER_NONE */
/* Of sessions begun after S; older ones are in the store (store_find_session). */
uint32_t live_find_session(const struct live_view *view, const char *session); /* NUMBER_NONE */
uint32_t live_find_item(const struct live_view *view, const char *id);         /* NUMBER_NONE */
uint64_t live_user_seq(const struct live_view *view, uint32_t user); /* of the newest change */
/* How much there is of the user's history: at most so many touches. */
uint64_t live_count_touches(const struct live_view *view, uint32_t user);
uint64_t live_generation(const struct live_view *view);
/* Rises whenever one of the snapshot's items may have become eligible by a change of its own. */
uint64_t live_gains(const struct live_view *view);
const struct catalogue *live_catalogue(const struct live_view *view);

struct live_counts {
    uint64_t events; /* after S */
    uint64_t bytes;  /* held */
    uint32_t users;  /* users and guests in the store */
    uint32_t items;  /* in the catalogue, ghosts among them */
    uint32_t ghosts; /* made by events and not yet listed */
};
void live_count(const struct live_view *view, struct live_counts *ret_counts);
