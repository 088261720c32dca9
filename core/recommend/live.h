#pragma once
/* All changes after a snapshot's seq S, in memory: what was posted a moment ago.
 *
 * Live is brought up to date from the Store by seq, at start and after every commit alike
 * (live_catch_up): there is one path, whoever wrote. It owns the present catalogue and id maps, the
 * events of each user after S, and the death list. A user whose past changed otherwise (retraction,
 * merge) is read again whole and replaces the snapshot's touches.
 *
 * Threads: one writer (live_catch_up), any number of readers between live_lock and live_unlock;
 * both sides hold the lock for microseconds.
 */
#include <stdint.h>

#include "recommend/catalogue.h"
#include "recommend/view.h"

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
};

/* Takes over the catalogue. */
enum status live_new(const struct live_base *base, struct catalogue *catalogue,
                     struct live **ret_live, struct error *reterr);
void live_free(struct live *live);

/* Applies the store's changes up to its present seq. On failure what was applied stays and the next
 * call goes on from there. *ret_keys_changed may be NULL. */
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
uint32_t live_find_user(const struct live_view *view, const char *id);         /* NUMBER_NONE */
uint32_t live_find_session(const struct live_view *view, const char *session); /* NUMBER_NONE */
uint32_t live_find_item(const struct live_view *view, const char *id);         /* NUMBER_NONE */
uint64_t live_user_seq(const struct live_view *view, uint32_t user); /* of the newest change */
const struct catalogue *live_catalogue(const struct live_view *view);

struct live_counts {
    uint64_t events; /* after S */
    uint64_t bytes;  /* held */
    uint32_t users, items, ghosts;
};
void live_count(const struct live_view *view, struct live_counts *ret_counts);
