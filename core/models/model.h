#pragma once
/* The recommender interface: one contract for every model, and the registry.
 *
 * A model is fitted once and const from then on: any number of threads may ask it. What changes
 * after the fit (new events, new items) comes in with the query, which carries the history:
 * known, cold, fresh and guest users use the same call. Filtering and top-k are never in a model.
 *
 * A model file defines one `const struct model_class`, listed in models/registry.c; every class
 * passes tests/contract.
 */
#include <stdint.h>

#include "base/arena.h"
#include "base/observer.h"
#include "base/option.h"
#include "base/parallel.h"
#include "base/sections.h"
#include "data/dataset.h"
#include "data/item_records.h"

#define QUERY_NO_USER UINT32_MAX

/* What a model has learnt since its fit: made, changed and freed by the functions of its class. */
struct overlay;

/* Who asks. Arrays are borrowed for the call. */
struct query {
    uint32_t user;                 /* row of the training data, or QUERY_NO_USER */
    bool fresh;                    /* the history differs from the one the model was fitted with */
    uint32_t n;                    /* length of the history */
    const struct signal *history;  /* rising item numbers; items past the model's are skipped */
    const int64_t *times;          /* [n] of the newest event with each; NULL: none is known */
    const struct overlay *overlay; /* of the model asked; NULL: nothing came since the fit */
    uint32_t n_ratings;
    const struct rating
        *ratings; /* [n_ratings] of the history, as ratings, in the same order; given
                     to classes with `predict`, to others it may be left out */
};

/* Where predicted ratings lie. */
struct rating_scale {
    float low, high; /* of the ratings fitted on */
};

/* What a model is fitted on. Borrowed for the fit. */
struct train_set {
    const struct dataset *dataset;
    const struct bitmap *held; /* events left out; NULL: none */
    const struct csr *by_user; /* signed confidences, n_users x n_items, held events left out */
    const struct csr *by_item; /* its transpose */
    uint64_t seed;
    const struct item_records *items; /* titles, categories, attributes…; NULL: none are known */
    const struct order_lines *orders; /* what was bought in one order; NULL: none are known */
};

struct model;

struct model_class {
    const char *name;    /* "ials" */
    const char *summary; /* one line for help */
    bool impersonal;     /* the same scores for everyone: needs no history */
    const struct option *options;
    size_t n_options, settings_size;

    /* Optional. Whether settings make sense that the options alone cannot judge, before any work:
     * the sentence names the setting. */
    enum status (*check)(const void *settings, struct error *reterr);

    /* Fits. settings: the struct that options describe. The pool may be NULL. Cancelled within a
     * second when the observer says stop. Same data, seed and settings: same bytes when saved, for
     * any number of threads. Reports "fit/…" scalars by epoch. */
    enum status (*fit)(const struct train_set *data, const void *settings, struct parallel *pool,
                       const struct observer *observer, struct model **ret_model,
                       struct error *reterr);

    /* Bytes that a fit needs at its peak beyond the train set, for the memory limit. */
    uint64_t (*estimate)(const void *settings, uint32_t n_users, uint32_t n_items, uint64_t size);

    /* Scores out[n_queries x n_items], row-major; items NULL: all items 0 .. n_items-1 of the
     * model. Item numbers past the model's score -INFINITY. Higher is better; finite otherwise.
     * Scratch memory comes from the arena. NO_MEMORY is the only failure. */
    enum status (*score)(const struct model *model, const struct query *queries, size_t n_queries,
                         const uint32_t *items, size_t n_items, float *out, struct arena *scratch);

    /* Optional, both or none: score = <query vector, item row>. Rows of *ret_d floats. The vector
     * of a user of the training data who is not fresh is the stored one: the query's history is
     * then not looked at and may be left out. */
    const float *(*item_vectors)(const struct model *model, uint32_t *ret_d);
    enum status (*query_vector)(const struct model *model, const struct query *query, float *out,
                                struct arena *scratch);

    /* Optional, both or none. Predicted ratings of n items, each within the scale; for items past
     * the model's the prediction knows the user alone. rating_scale is false for a model that was
     * fitted without ratings or for another purpose: it predicts none. NO_MEMORY. */
    bool (*rating_scale)(const struct model *model, struct rating_scale *ret_scale);
    enum status (*predict)(const struct model *model, const struct query *query,
                           const uint32_t *items, size_t n, float *out, struct arena *scratch);

    /* Optional. Likeness of every item of the model to one of them, out[n_items]; the item itself
     * gets -INFINITY, as does an item of which the model knows nothing. */
    enum status (*similar)(const struct model *model, uint32_t item, float *out,
                           struct arena *scratch);

    /* Optional, the first two or none. What comes after the fit goes into an overlay, which is no
     * part of the model: Live owns one, tells it each change, and puts it into queries. Changes
     * come from one thread, while nobody reads. NO_MEMORY leaves the overlay as it was. */
    enum status (*overlay_new)(const struct model *model, struct overlay **ret_overlay);
    void (*overlay_free)(struct overlay *overlay); /* NULL is fine */
    /* Optional. One more event, of any type, in the order of their seq. */
    enum status (*overlay_event)(struct overlay *overlay, uint32_t user, uint32_t item,
                                 double weight, int64_t time_ms);
    /* Optional. All that the model and the overlay know of the user is to count no more. */
    enum status (*overlay_forget)(struct overlay *overlay, uint32_t user);
    /* Optional. The item, new or not, is now like this; record NULL: it is gone. */
    enum status (*overlay_item)(struct overlay *overlay, uint32_t item,
                                const struct item_record *record);
    /* Optional, with overlay_item: likeness of the listed items, rising numbers, to one, out[n] as
     * of `similar`. Both it and they may be past the model's where the overlay (may be NULL) knows
     * them. */
    enum status (*similar_among)(const struct model *model, const struct overlay *overlay,
                                 uint32_t item, const uint32_t *items, size_t n_items, float *out,
                                 struct arena *scratch);
    uint64_t (*overlay_bytes)(const struct overlay *overlay);

    /* Sections are named "<prefix>…"; load takes them from a mapping that outlives the model and
     * may point into it. CORRUPT with the section's name. */
    void (*save)(const struct model *model, struct sections_writer *writer);
    enum status (*load)(const struct sections *sections, struct model **ret_model,
                        struct error *reterr);
    void (*free)(struct model *model); /* NULL is fine */
};

/* Every model's struct begins with this. */
struct model {
    const struct model_class *class;
    uint32_t n_users, n_items; /* what it was fitted on */
};

/* The registry: `popular` first; NULL at the end. */
extern const struct model_class *const model_classes[];

/* NULL when there is none of that name; the nearest name otherwise known is in *ret_nearest (may be
 * NULL). */
const struct model_class *model_class_find(const char *name, const char **ret_nearest);

/* The same with a sentence: NOT_FOUND with the nearest name, or with all of them. */
enum status model_class_need(const char *name, const struct model_class **ret_class,
                             struct error *reterr);

/* A settings struct with the defaults, from the arena; NULL when memory is out. */
void *model_settings_new(const struct model_class *class, struct arena *arena);

/* What the class has to say against settings; STATUS_OK where it has nothing. */
enum status model_settings_check(const struct model_class *class, const void *settings,
                                 struct error *reterr);

/* Of n models the first whose class has that name; NULL when there is none. */
const struct model *model_named(const struct model *const *models, size_t n, const char *name);

/* Free that dispatches; NULL is fine. */
void model_free(struct model *model);
