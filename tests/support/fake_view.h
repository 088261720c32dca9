#pragma once
/* A view and models for tests of the Recommender, filled in by hand. */
#include <math.h>
#include <string.h>

#include "recommend/view.h"

enum { FAKE_ITEMS_MAX = 2000, FAKE_TOUCHES_MAX = 64, FAKE_DIMENSIONS = 3 };

struct fake_model {
    struct model model; /* first */
    float scores[FAKE_ITEMS_MAX];
    float vectors[FAKE_ITEMS_MAX * FAKE_DIMENSIONS];
    bool untouched[FAKE_ITEMS_MAX]; /* of no likeness to anything */
};

static inline enum status fake_score(const struct model *model, const struct query *queries,
                                     size_t n_queries, const uint32_t *items, size_t n_items,
                                     float *out, struct arena *scratch)
{
    (void)queries;
    (void)scratch;
    const struct fake_model *self = (const struct fake_model *)model;
    for (size_t q = 0; q < n_queries; q++)
        for (size_t i = 0; i < n_items; i++) {
            const size_t item = items ? items[i] : i;
            out[q * n_items + i] = item < model->n_items ? self->scores[item] : -INFINITY;
        }
    return STATUS_OK;
}

static inline const float *fake_item_vectors(const struct model *model, uint32_t *ret_d)
{
    *ret_d = FAKE_DIMENSIONS;
    return ((const struct fake_model *)model)->vectors;
}

/* (1, 10, 100) for everyone. */
static inline enum status fake_query_vector(const struct model *model, const struct query *query,
                                            float *out, struct arena *scratch)
{
    (void)model;
    (void)query;
    (void)scratch;
    out[0] = 1;
    out[1] = 10;
    out[2] = 100;
    return STATUS_OK;
}

static inline enum status fake_similar(const struct model *model, uint32_t item, float *out,
                                       struct arena *scratch)
{
    (void)scratch;
    const struct fake_model *self = (const struct fake_model *)model;
    for (uint32_t i = 0; i < model->n_items; i++)
        out[i] = i == item || self->untouched[i] ? -INFINITY : -fabsf((float)i - (float)item);
    return STATUS_OK;
}

static const struct model_class fake_popular = {
    .name = "popular", .impersonal = true, .score = fake_score};
static const struct model_class fake_scorer = {.name = "scorer", .score = fake_score};
static const struct model_class fake_likeness = {
    .name = "likeness", .score = fake_score, .similar = fake_similar};
static const struct model_class fake_vectors = {.name = "vectors",
                                                .score = fake_score,
                                                .item_vectors = fake_item_vectors,
                                                .query_vector = fake_query_vector};

struct fake_view {
    struct view view; /* first */
    bool shown[FAKE_ITEMS_MAX];
    int category[FAKE_ITEMS_MAX];   /* asked for as "0", "1" … */
    uint32_t group[FAKE_ITEMS_MAX]; /* UINT32_MAX: none */
    int64_t created[FAKE_ITEMS_MAX];
    struct touch touches[FAKE_TOUCHES_MAX]; /* of every user */
    size_t n_touches;
    bool fresh;
    uint64_t grouped_words[FAKE_ITEMS_MAX / 64 + 1];
    struct bitmap grouped;
    struct event_types types;
    struct signal_frame frame;
    const struct model *models[4];
};

static inline const struct fake_view *fake_of(const struct view *view)
{
    return (const struct fake_view *)view;
}

static inline enum status fake_touches(const struct view *view, uint32_t user, struct arena *arena,
                                       const struct touch **ret_touches, size_t *ret_n,
                                       bool *ret_fresh)
{
    (void)user;
    (void)arena;
    *ret_touches = fake_of(view)->touches;
    *ret_n = fake_of(view)->n_touches;
    *ret_fresh = fake_of(view)->fresh;
    return STATUS_OK;
}

static inline enum status fake_eligible(const struct view *view, int64_t now_ms, struct bitmap *out)
{
    (void)now_ms;
    bitmap_fill(out, false);
    for (uint32_t i = 0; i < out->count; i++)
        if (fake_of(view)->shown[i])
            bitmap_set(out, i);
    return STATUS_OK;
}

static inline void fake_category(const struct view *view, const char *path, struct bitmap *out)
{
    for (uint32_t i = 0; i < out->count; i++)
        if (fake_of(view)->category[i] == path[0] - '0')
            bitmap_set(out, i);
}

static inline uint32_t fake_group(const struct view *view, uint32_t item)
{
    return fake_of(view)->group[item];
}

static inline int64_t fake_created_ms(const struct view *view, uint32_t item)
{
    return fake_of(view)->created[item];
}

static inline void fake_release(struct view *view)
{
    (void)view;
}

static const struct view_class fake_view_class = {
    .touches = fake_touches,
    .eligible = fake_eligible,
    .category = fake_category,
    .group = fake_group,
    .created_ms = fake_created_ms,
    .release = fake_release,
};

/* n_items shown items without groups, created in order of number; no models; the default types. */
static inline void fake_view_init(struct fake_view *view, uint32_t n_items)
{
    memset(view, 0, sizeof *view);
    event_types_init(&view->types);
    view->frame = (struct signal_frame){.newest_ms = 0};
    for (uint32_t i = 0; i < FAKE_ITEMS_MAX; i++) {
        view->group[i] = UINT32_MAX;
        view->created[i] = i;
        view->shown[i] = i < n_items;
    }
    view->grouped = (struct bitmap){.words = view->grouped_words, .count = n_items};
    view->view = (struct view){.class = &fake_view_class,
                               .n_items = n_items,
                               .grouped = &view->grouped,
                               .types = &view->types,
                               .frame = &view->frame,
                               .models = view->models};
}

static inline void fake_view_add_model(struct fake_view *view, struct fake_model *model,
                                       const struct model_class *class, uint32_t n_users,
                                       uint32_t n_items)
{
    model->model = (struct model){.class = class, .n_users = n_users, .n_items = n_items};
    view->models[view->view.n_models++] = &model->model;
    view->view.retriever = &model->model;
}

static inline void fake_view_group(struct fake_view *view, uint32_t item, uint32_t group)
{
    view->group[item] = group;
    bitmap_set(&view->grouped, item);
    if (group >= view->view.n_groups)
        view->view.n_groups = group + 1;
}

/* Touches must be given in order of item and type. */
static inline void fake_view_touch(struct fake_view *view, uint32_t item, const char *type,
                                   int64_t time_ms)
{
    struct touch *touch = &view->touches[view->n_touches++];
    *touch = (struct touch){.item = item, .type = event_types_code(&view->types, type)};
    touch_add(touch, &view->types, &view->frame, time_ms, NAN);
}
