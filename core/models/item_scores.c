#include "models/item_scores.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

enum { BLOCK_USERS = 256, BLOCKS_A_CALL = 64 /* between two looks at the observer */ };

/* ---- life cycle ---- */

static struct item_scores *model_new(const struct model_class *class, size_t size, uint32_t n_users,
                                     uint32_t n_items)
{
    struct item_scores *model = calloc(1, size);
    if (model)
        model->base = (struct model){.class = class, .n_users = n_users, .n_items = n_items};
    return model;
}

struct item_scores *item_scores_new(const struct model_class *class, size_t size, uint32_t n_users,
                                    uint32_t n_items)
{
    struct item_scores *model = model_new(class, size, n_users, n_items);
    float *scores = calloc((size_t)n_items + 1, sizeof *scores);
    if (!model || !scores) {
        free(model);
        free(scores);
        return NULL;
    }
    model->scores = model->owned = scores;
    return model;
}

void item_scores_free(struct model *model)
{
    struct item_scores *scores = (struct item_scores *)model;
    if (scores)
        free(scores->owned);
    free(scores);
}

/* ---- use ---- */

enum status item_scores_score(const struct model *model, const struct query *queries,
                              size_t n_queries, const uint32_t *items, size_t n_items, float *out,
                              struct arena *scratch)
{
    (void)queries;
    (void)scratch;
    const float *scores = ((const struct item_scores *)model)->scores;
    for (size_t q = 0; q < n_queries; q++)
        for (size_t i = 0; i < n_items; i++) {
            const size_t item = items ? items[i] : i;
            out[q * n_items + i] = item < model->n_items ? scores[item] : -INFINITY;
        }
    return STATUS_OK;
}

/* ---- files ---- */

static const char *section_name(const struct model_class *class, const char *part,
                                char name[SECTION_NAME_MAX + 1])
{
    snprintf(name, SECTION_NAME_MAX + 1, "%s/%s", class->name, part);
    return name;
}

void item_scores_save(const struct model *model, struct sections_writer *writer)
{
    const uint32_t shape[] = {model->n_users, model->n_items};
    char name[SECTION_NAME_MAX + 1];
    sections_add(writer, section_name(model->class, "shape", name), SECTION_U32, 2, 1, shape);
    sections_add(writer, section_name(model->class, "scores", name), SECTION_F32, model->n_items, 1,
                 ((const struct item_scores *)model)->scores);
}

enum status item_scores_load(const struct model_class *class, size_t size,
                             const struct sections *sections, struct model **ret_model,
                             struct error *reterr)
{
    const struct section *shape, *scores;
    char name[SECTION_NAME_MAX + 1];
    enum status status = sections_need(sections, section_name(class, "shape", name), SECTION_U32, 2,
                                       1, &shape, reterr);
    if (status != STATUS_OK)
        return status;
    const uint32_t *sizes = shape->data;
    status = sections_need(sections, section_name(class, "scores", name), SECTION_F32, sizes[1], 1,
                           &scores, reterr);
    if (status != STATUS_OK)
        return status;
    struct item_scores *model = model_new(class, size, sizes[0], sizes[1]);
    if (!model)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for %s", class->name);
    model->scores = scores->data;
    *ret_model = &model->base;
    return STATUS_OK;
}

/* ---- when ---- */

struct timing {
    const struct train_set *data;
    int64_t *times; /* [entries of by_user] */
    size_t first_block;
};

/* A user's events stand in order of time: the last one met for an item is its newest. Unknown
 * times, which come first, are below every other. */
static void time_user(const struct timing *timing, uint32_t user)
{
    const struct dataset *d = timing->data->dataset;
    const struct bitmap *held = timing->data->held;
    for (uint64_t e = d->starts[user]; e < d->starts[user + 1]; e++) {
        if (held && bitmap_test(held, (uint32_t)e))
            continue;
        const uint64_t entry = csr_find(timing->data->by_user, user, d->items[e]);
        if (entry != CSR_NONE)
            timing->times[entry] = d->times[e];
    }
}

static void time_block(void *context, size_t block, unsigned worker)
{
    (void)worker;
    const struct timing *timing = context;
    const uint64_t first = (timing->first_block + block) * BLOCK_USERS;
    for (uint64_t u = first; u < first + BLOCK_USERS && u < timing->data->by_user->n_rows; u++)
        time_user(timing, (uint32_t)u);
}

enum status entry_times_make(const struct train_set *data, struct parallel *pool,
                             const struct observer *observer, int64_t **ret_times)
{
    const uint64_t size = csr_size(data->by_user);
    struct timing timing = {.data = data, .times = malloc((size + 1) * sizeof *timing.times)};
    if (!timing.times)
        return STATUS_NO_MEMORY;
    for (uint64_t k = 0; k < size; k++)
        timing.times[k] = TIME_UNKNOWN;
    const size_t n_blocks = ((size_t)data->by_user->n_rows + BLOCK_USERS - 1) / BLOCK_USERS;
    for (size_t first = 0; first < n_blocks; first += BLOCKS_A_CALL) {
        if (observer_stops(observer)) {
            free(timing.times);
            return STATUS_CANCELLED;
        }
        const size_t left = n_blocks - first;
        timing.first_block = first;
        parallel_for(pool, left < BLOCKS_A_CALL ? left : BLOCKS_A_CALL, time_block, &timing, NULL);
        observe_progress(observer, "reading times", (double)first / (double)n_blocks);
    }
    *ret_times = timing.times;
    return STATUS_OK;
}
