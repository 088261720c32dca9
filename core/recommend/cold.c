#include "recommend/cold.h"

#include "models/content.h"
#include "recommend/eligible.h"

/* Cold ones among `eligible`. Returns how many. */
static uint32_t mark_cold(const struct model *content, const struct bitmap *eligible,
                          struct bitmap *out)
{
    const uint32_t *likes = content_likes(content);
    uint32_t n = 0;
    for (uint32_t item = bitmap_next(eligible, 0);
         item < eligible->count && item < content->n_items; item = bitmap_next(eligible, item + 1))
        if (likes[item] == 0) {
            bitmap_set(out, item);
            n++;
        }
    return n;
}

static enum status query_of(const struct view *view, const struct touch *touches, size_t n_touches, struct arena *arena,
                            struct query *ret_query)
{
    struct signal *history = arena_alloc(arena, n_touches * sizeof *history);
    if (!history)
        return STATUS_NO_MEMORY;
    *ret_query = (struct query){.user = QUERY_NO_USER, .history = history};
    ret_query->n =
        (uint32_t)signals_of_touches(touches, n_touches, view->types, view->frame, history);
    return STATUS_OK;
}

/* What is like nothing of the history is left where it was. */
static enum status rank_cold(const struct candidates *candidates, struct bitmap *eligible,
                             struct arena *arena, struct cold_items *cold)
{
    size_t n = 0;
    for (size_t i = 0; i < candidates->n; i++)
        if (candidates->scores[i] > 0) {
            candidates->items[n] = candidates->items[i];
            candidates->scores[n++] = candidates->scores[i];
        }
    cold->best = arena_alloc(arena, (n < COLD_MAX ? n : COLD_MAX) * sizeof *cold->best);
    if (!cold->best)
        return STATUS_NO_MEMORY;
    cold->n = topk_of_list(candidates->items, candidates->scores, n, n < COLD_MAX ? n : COLD_MAX,
                           cold->best);
    for (size_t i = 0; i < cold->n; i++)
        bitmap_clear(eligible, cold->best[i].item);
    return STATUS_OK;
}

enum status cold_take(const struct view *view, const struct touch *touches, size_t n_touches,
                      struct bitmap *eligible, struct arena *arena, struct cold_items *ret_cold)
{
    const struct model *content = view->rules.content;
    struct cold_items cold = {.every = view->rules.cold_every};
    struct candidates candidates;
    struct query query;
    *ret_cold = (struct cold_items){0};
    if (!content || !cold.every || n_touches == 0)
        return STATUS_OK;
    struct bitmap marked = bitmap_in_arena(arena, view->n_items);
    if (!marked.words)
        return STATUS_NO_MEMORY;
    if (mark_cold(content, eligible, &marked) == 0)
        return STATUS_OK;
    enum status status = query_of(view, touches, n_touches, arena, &query);
    if (status == STATUS_OK)
        status = retrieve_scored(content, &query, &marked, arena, &candidates);
    if (status == STATUS_OK)
        status = rank_cold(&candidates, eligible, arena, &cold);
    if (status == STATUS_OK)
        *ret_cold = cold;
    return status;
}

size_t cold_join(const struct cold_items *cold, const struct ranked *others, size_t n_others,
                 size_t k, struct ranked *out)
{
    size_t n = 0;
    for (size_t m = 0, c = 0; n < k; n++) {
        const bool turn = cold->every && (n + 1) % cold->every == 0;
        if (c < cold->n && (turn || m == n_others)) {
            out[n] = cold->best[c++];
            if (n > 0 || n_others > 0)
                out[n].score = n > 0 ? out[n - 1].score : others[0].score;
        } else if (m < n_others) {
            out[n] = others[m++];
        } else {
            break;
        }
    }
    return n;
}
