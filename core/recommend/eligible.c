#include "recommend/eligible.h"

struct bitmap bitmap_in_arena(struct arena *arena, uint32_t count)
{
    return (struct bitmap){.words = arena_zalloc(arena, bitmap_words(count), sizeof(uint64_t)),
                           .count = count};
}

static enum status keep_categories(const struct view *view, const struct recommend_request *request,
                                   struct arena *arena, struct bitmap *set)
{
    if (request->n_categories == 0)
        return STATUS_OK;
    struct bitmap wanted = bitmap_in_arena(arena, set->count);
    if (!wanted.words)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < request->n_categories; i++)
        view->class->category(view, request->categories[i], &wanted);
    bitmap_and(set, &wanted);
    return STATUS_OK;
}

static enum status keep_only(const struct recommend_request *request, struct arena *arena,
                             struct bitmap *set)
{
    if (!request->only)
        return STATUS_OK;
    struct bitmap wanted = bitmap_in_arena(arena, set->count);
    if (!wanted.words)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < request->n_only; i++)
        bitmap_set(&wanted, request->only[i]);
    bitmap_and(set, &wanted);
    return STATUS_OK;
}

static bool hides(const struct view *view, const struct recommend_request *request,
                  const struct touch *touch)
{
    if (request->hide_types)
        return request->hide_types[touch->type];
    if (request->seen == SEEN_INCLUDE)
        return false;
    const int64_t until_ms = touch_hides_until(touch, view->types);
    return until_ms != HIDES_NEVER && (until_ms == HIDES_FOREVER || request->now_ms < until_ms);
}

enum status eligible_set(const struct view *view, const struct recommend_request *request,
                         const struct touch *touches, size_t n_touches, struct arena *arena,
                         struct bitmap *ret_set)
{
    struct bitmap set = bitmap_in_arena(arena, view->n_items);
    if (!set.words)
        return STATUS_NO_MEMORY;
    enum status status = view->class->eligible(view, request->now_ms, &set);
    if (status == STATUS_OK)
        status = keep_categories(view, request, arena, &set);
    if (status == STATUS_OK)
        status = keep_only(request, arena, &set);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < request->n_exclude; i++)
        bitmap_clear(&set, request->exclude[i]);
    for (size_t i = 0; i < n_touches; i++)
        if (hides(view, request, &touches[i]))
            bitmap_clear(&set, touches[i].item);
    *ret_set = set;
    return STATUS_OK;
}

int64_t eligible_next_turn(const struct view *view, int64_t now_ms, const struct touch *touches,
                           size_t n_touches)
{
    int64_t next_ms = INT64_MAX;
    for (size_t i = 0; i < n_touches; i++) {
        const int64_t until_ms = touch_hides_until(&touches[i], view->types);
        if (until_ms != HIDES_NEVER && until_ms != HIDES_FOREVER && until_ms > now_ms &&
            until_ms < next_ms)
            next_ms = until_ms;
    }
    return next_ms;
}

enum status eligible_count(const struct view *view, const struct bitmap *set, struct arena *arena,
                           uint32_t *ret_count)
{
    uint32_t count = bitmap_population(set);
    if (view->grouped && view->n_groups) {
        struct bitmap groups = bitmap_in_arena(arena, view->n_groups);
        struct bitmap grouped = bitmap_in_arena(arena, set->count);
        if (!groups.words || !grouped.words)
            return STATUS_NO_MEMORY;
        bitmap_copy(&grouped, set);
        bitmap_and(&grouped, view->grouped);
        for (uint32_t item = bitmap_next(&grouped, 0); item < grouped.count;
             item = bitmap_next(&grouped, item + 1)) {
            const uint32_t group = view->class->group(view, item);
            count -= bitmap_test(&groups, group);
            bitmap_set(&groups, group);
        }
    }
    *ret_count = count;
    return STATUS_OK;
}
