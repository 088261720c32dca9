#pragma once
/* What the Recommender sees: models, histories, eligibility. A Snapshot with its Live fills a view
 * in the daemon and at the terminal, a Dataset fills one in `evaluate`: what is measured is what is
 * served. A view is taken for one request (view->class->release gives it back). */
#include <stdint.h>

#include "base/arena.h"
#include "base/bitmap.h"
#include "data/signal.h"
#include "linalg/rows8.h"
#include "models/model.h"
#include "recommend/rules.h"

struct view;
struct activity;
struct facts;
struct ranker;

struct view_class {
    /* The user's touches, everything counted, sorted by (item, type); from the arena. A user
     * without any gets 0. *ret_fresh: differs from what the models were fitted with. */
    enum status (*touches)(const struct view *view, uint32_t user, struct arena *arena,
                           const struct touch **ret_touches, size_t *ret_n, bool *ret_fresh);
    /* The items that may be shown at now_ms, into out, which has view->n_items bits. */
    enum status (*eligible)(const struct view *view, int64_t now_ms, struct bitmap *out);
    /* Sets in out (n_items bits) the items in the category or below it. */
    void (*category)(const struct view *view, const char *path, struct bitmap *out);
    /* Of an item in `grouped`: its group, below n_groups. */
    uint32_t (*group)(const struct view *view, uint32_t item);
    int64_t (*created_ms)(const struct view *view, uint32_t item);
    void (*release)(struct view *view);
    /* What had happened around the item before now_ms (TIME_UNKNOWN: all there is). NULL: the view
     * does not know, and nothing is ranked again. */
    void (*activity)(const struct view *view, uint32_t item, int64_t now_ms,
                     struct activity *ret_activity);
};

/* Embedded at the start of what implements it. */
struct view {
    const struct view_class *class;
    uint32_t n_items; /* every item known, whether or not the models know it */
    uint32_t n_groups;
    const struct bitmap *grouped; /* items that share a group of variants; NULL: none does */
    const struct event_types *types;
    const struct signal_frame *frame;
    const struct model *const *models; /* [n_models], `popular` first */
    size_t n_models;
    const struct overlay *const *overlays; /* [n_models] what came since their fits, NULL: nothing;
                                              itself NULL: nothing for any */
    const struct model *retriever;         /* the one that answers by default */
    struct rules rules;
    const struct ranker *ranker;                 /* orders its best again; NULL: nothing does */
    const struct facts *item_facts, *user_facts; /* what the ranker asks for of items and users, by
                                                    number; NULL: nothing is known */
    const struct rows8 *coarse;                  /* its item vectors in 8 bits; NULL: not made */
};

/* What came since the fit of one of the view's models; NULL: nothing. */
const struct overlay *view_overlay(const struct view *view, const struct model *model);
