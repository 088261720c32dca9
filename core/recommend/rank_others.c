#include "recommend/rank_others.h"

#include <math.h>

#include "recommend/rank_values.h"

/* others->n when it is not among them. */
static uint32_t place_of(const struct rank_others *others, const struct model_class *class)
{
    uint32_t at = 0;
    while (at < others->n && others->of[at] != class)
        at++;
    return at;
}

bool rank_others_add(struct rank_others *others, const struct model_class *class, uint32_t *ret_at)
{
    const uint32_t at = place_of(others, class);
    if (at == RANK_OTHERS_MAX)
        return false;
    others->of[at] = class;
    others->n += at == others->n;
    *ret_at = at;
    return true;
}

bool rank_others_has(const struct rank_others *others, const struct model_class *class)
{
    return place_of(others, class) < others->n;
}

void rank_others_find(const struct rank_others *others, const struct model *const *models, size_t n,
                      const struct model **out)
{
    for (uint32_t o = 0; o < others->n; o++) {
        out[o] = NULL;
        for (size_t i = 0; i < n && !out[o]; i++)
            if (models[i]->class == others->of[o])
                out[o] = models[i];
    }
}

/* By falling score, then rising item: what a model does not know comes last. */
struct scored {
    const struct rank_query *query;
    uint32_t *items;    /* [n] the candidates */
    float *scores;      /* [n] */
    struct ranked *row; /* [n] items are places in the table */
};

static enum status ask(const struct scored *s, const struct model *model, uint32_t n,
                       struct arena *arena)
{
    struct query query = *s->query->query;
    query.overlay = view_overlay(s->query->view, model);
    return model->class->score(model, &query, 1, s->items, n, s->scores, arena);
}

static void put(const struct scored *s, size_t other, struct rank_table *table)
{
    const size_t at = RANK_NUMBERS + other * RANK_OTHER_NUMBERS;
    for (uint32_t i = 0; i < table->n; i++)
        s->row[i] = (struct ranked){i, s->scores[i]};
    ranked_sort(s->row, table->n);
    for (uint32_t i = 0; i < table->n; i++) {
        float *numbers = table->numbers + (size_t)s->row[i].item * table->width + at;
        const bool known = isfinite(s->row[i].score);
        numbers[0] = known ? s->row[i].score : NAN;
        numbers[1] = known ? log1pf((float)i) : NAN;
    }
}

static void put_missing(size_t other, struct rank_table *table)
{
    const size_t at = RANK_NUMBERS + other * RANK_OTHER_NUMBERS;
    for (uint32_t i = 0; i < table->n; i++)
        for (size_t k = 0; k < RANK_OTHER_NUMBERS; k++)
            table->numbers[(size_t)i * table->width + at + k] = NAN;
}

enum status rank_others_fill(const struct rank_query *query, struct arena *arena,
                             struct rank_table *table)
{
    const uint32_t n = table->n;
    struct scored s = {.query = query,
                       .items = arena_alloc(arena, n * sizeof *s.items),
                       .scores = arena_alloc(arena, n * sizeof *s.scores),
                       .row = arena_alloc(arena, n * sizeof *s.row)};
    if (!s.items || !s.scores || !s.row)
        return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < n; i++)
        s.items[i] = table->candidates[i].item;
    for (size_t o = 0; o < query->n_others; o++) {
        const struct model *model = query->others[o];
        if (!model || n == 0) {
            put_missing(o, table);
            continue;
        }
        const enum status status = ask(&s, model, n, arena);
        if (status != STATUS_OK)
            return status;
        put(&s, o, table);
    }
    return STATUS_OK;
}
