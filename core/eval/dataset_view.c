#include "eval/dataset_view.h"

#include <assert.h>

#include "base/clock.h"

bool dataset_has_item(const struct dataset *dataset, uint32_t item)
{
    if (item >= dataset->n_items)
        return false;
    if (dataset->item_ids.count == 0)
        return true;
    size_t length = 0;
    if (item < dataset->item_ids.count)
        idmap_id(&dataset->item_ids, item, &length);
    return length > 0;
}

static enum status view_touches(const struct view *view, uint32_t user, struct arena *arena,
                                const struct touch **ret_touches, size_t *ret_n, bool *ret_fresh)
{
    const struct dataset_view *self = (const struct dataset_view *)view;
    const struct dataset *dataset = self->dataset;
    assert(user < dataset->n_users);
    const size_t most = (size_t)(dataset->starts[user + 1] - dataset->starts[user]);
    struct touch *touches = arena_alloc(arena, most * sizeof *touches);
    if (!touches)
        return STATUS_NO_MEMORY;
    *ret_n = dataset_touches(dataset, user, self->held, touches);
    *ret_touches = touches;
    *ret_fresh = self->fresh;
    return STATUS_OK;
}

static enum status view_eligible(const struct view *view, int64_t now_ms, struct bitmap *out)
{
    const struct dataset_view *self = (const struct dataset_view *)view;
    bitmap_copy(out, &self->eligible);
    for (uint32_t i = 0; self->only_known && now_ms != TIME_UNKNOWN && i < view->n_items; i++) {
        const uint64_t first = self->times->starts[i];
        if (first == self->times->starts[i + 1] || self->times->times[first] >= now_ms)
            bitmap_clear(out, i);
    }
    return STATUS_OK;
}

static void view_category(const struct view *view, const char *path, struct bitmap *out)
{
    (void)view; /* a Dataset knows no categories */
    (void)path;
    (void)out;
}

static uint32_t view_group(const struct view *view, uint32_t item)
{
    (void)view;
    (void)item;
    return 0; /* never asked: no item is in a group */
}

static int64_t view_created_ms(const struct view *view, uint32_t item)
{
    (void)view;
    (void)item;
    return TIME_UNKNOWN;
}

static void view_release(struct view *view)
{
    (void)view;
}

static void view_activity(const struct view *view, uint32_t item, int64_t now_ms,
                          struct activity *ret_activity)
{
    item_times_as_of(((const struct dataset_view *)view)->times, item, now_ms, ret_activity);
}

static const struct view_class class = {
    .touches = view_touches,
    .eligible = view_eligible,
    .category = view_category,
    .group = view_group,
    .created_ms = view_created_ms,
    .release = view_release,
    .activity = view_activity,
};

enum status dataset_view_init(struct dataset_view *ret_view, const struct dataset *dataset,
                              const struct bitmap *held, const struct model *const *models,
                              size_t n_models, const struct model *retriever, bool fresh)
{
    struct dataset_view view = {.view = {.class = &class,
                                         .n_items = dataset->n_items,
                                         .types = &dataset->types,
                                         .frame = &dataset->frame,
                                         .models = models,
                                         .n_models = n_models,
                                         .retriever = retriever},
                                .dataset = dataset,
                                .held = held,
                                .fresh = fresh};
    const enum status status = bitmap_resize(&view.eligible, dataset->n_items);
    if (status != STATUS_OK)
        return status;
    for (uint32_t i = 0; i < dataset->n_items; i++)
        if (dataset_has_item(dataset, i))
            bitmap_set(&view.eligible, i);
    *ret_view = view;
    return STATUS_OK;
}

void dataset_view_date(struct dataset_view *view, const struct item_times *times,
                       const struct ranker *ranker, const struct rank_facts *facts, bool only_known)
{
    if (facts) {
        view->view.item_facts = facts->of[RANK_OF_ITEM];
        view->view.user_facts = facts->of[RANK_OF_USER];
    }
    view->times = times;
    view->view.ranker = times ? ranker : NULL;
    view->only_known = times && only_known;
}

void dataset_view_free(struct dataset_view *view)
{
    bitmap_free(&view->eligible);
}
