#include "models/gram.h"

#include <math.h>
#include <stdlib.h>

enum { BLOCKS_A_CALL = 64 /* between two looks at the observer */ };

/* Additions of one block, about a millisecond. */
static const uint64_t block_work = 1 << 20;

struct scratch {
    float *totals; /* [n_items], 0 between columns */
    uint32_t *items;
    float *sums;
};

struct gram {
    const struct gram_request *request;
    struct scratch *workers;
    uint32_t starts[BLOCKS_A_CALL + 1]; /* of the items of each block */
};

static uint64_t history_size(const struct csr *by_user, uint32_t user)
{
    return by_user->starts[user + 1] - by_user->starts[user];
}

static uint64_t column_work(const struct gram_request *request, uint32_t item)
{
    const struct csr *by_item = request->by_item;
    uint64_t work = 1;
    for (uint64_t k = by_item->starts[item]; k < by_item->starts[item + 1]; k++)
        work += history_size(request->by_user, by_item->columns[k]);
    return work;
}

static void add_history(const struct csr *by_user, uint32_t user, float weight, float *totals)
{
    for (uint64_t k = by_user->starts[user]; k < by_user->starts[user + 1]; k++)
        totals[by_user->columns[k]] += by_user->values[k] > 0 ? weight : 0;
}

static void take(struct scratch *s, uint32_t item, struct gram_column *column)
{
    if (!(s->totals[item] > 0))
        return;
    column->items[column->n] = item;
    column->sums[column->n++] = s->totals[item];
    s->totals[item] = 0;
}

/* Empties the totals into the column: by walking the same histories again where they are few, over
 * the whole catalogue otherwise. */
static void take_all(const struct gram_request *request, struct scratch *s, uint64_t work,
                     struct gram_column *column)
{
    const struct csr *by_user = request->by_user, *by_item = request->by_item;
    if (work > by_item->n_rows) {
        for (uint32_t i = 0; i < by_item->n_rows; i++)
            take(s, i, column);
        return;
    }
    for (uint64_t e = by_item->starts[column->item]; e < by_item->starts[column->item + 1]; e++) {
        const uint32_t user = by_item->columns[e];
        for (uint64_t k = by_user->starts[user]; k < by_user->starts[user + 1]; k++)
            take(s, by_user->columns[k], column);
    }
}

static void make_column(const struct gram_request *request, struct scratch *s, uint32_t item,
                        unsigned worker)
{
    const struct csr *by_item = request->by_item;
    struct gram_column column = {.item = item, .items = s->items, .sums = s->sums};
    uint64_t work = 0;
    for (uint64_t k = by_item->starts[item]; k < by_item->starts[item + 1]; k++) {
        const uint32_t user = by_item->columns[k];
        if (!(by_item->values[k] > 0))
            continue;
        add_history(request->by_user, user, request->user_weights[user], s->totals);
        work += history_size(request->by_user, user);
    }
    take_all(request, s, work, &column);
    if (column.n > 0)
        request->each(request->context, &column, worker);
}

static void run_block(void *context, size_t block, unsigned worker)
{
    const struct gram *gram = context;
    for (uint32_t i = gram->starts[block]; i < gram->starts[block + 1]; i++)
        make_column(gram->request, &gram->workers[worker], i, worker);
}

/* Cuts the items from `first` on into blocks of about equal work. Returns their number. */
static size_t cut_blocks(struct gram *gram, uint32_t first)
{
    const uint32_t n_items = gram->request->by_item->n_rows;
    size_t n_blocks = 0;
    uint64_t work = 0;
    gram->starts[0] = first;
    for (uint32_t i = first; i < n_items && n_blocks < BLOCKS_A_CALL; i++) {
        work += column_work(gram->request, i);
        if (work < block_work && i + 1 < n_items)
            continue;
        gram->starts[++n_blocks] = i + 1;
        work = 0;
    }
    return n_blocks;
}

static enum status run_all(struct gram *gram, struct parallel *pool,
                           const struct observer *observer)
{
    const uint32_t n_items = gram->request->by_item->n_rows;
    for (uint32_t first = 0; first < n_items;) {
        if (observer_stops(observer))
            return STATUS_CANCELLED;
        const size_t n_blocks = cut_blocks(gram, first);
        parallel_for(pool, n_blocks, run_block, gram, NULL);
        first = gram->starts[n_blocks];
        observe_progress(observer, gram->request->phase, (double)first / n_items);
    }
    return STATUS_OK;
}

static void free_scratch(struct scratch *workers, unsigned n)
{
    for (unsigned i = 0; workers && i < n; i++) {
        free(workers[i].totals);
        free(workers[i].items);
        free(workers[i].sums);
    }
    free(workers);
}

static struct scratch *new_scratch(unsigned n, uint32_t n_items)
{
    struct scratch *workers = calloc(n, sizeof *workers);
    bool complete = workers != NULL;
    for (unsigned i = 0; complete && i < n; i++) {
        workers[i].totals = calloc((size_t)n_items + 1, sizeof *workers[i].totals);
        workers[i].items = malloc(((size_t)n_items + 1) * sizeof *workers[i].items);
        workers[i].sums = malloc(((size_t)n_items + 1) * sizeof *workers[i].sums);
        complete = workers[i].totals && workers[i].items && workers[i].sums;
    }
    if (complete)
        return workers;
    free_scratch(workers, n);
    return NULL;
}

enum status gram_columns(const struct gram_request *request, struct parallel *pool,
                         const struct observer *observer)
{
    const unsigned threads = parallel_threads(pool);
    struct gram gram = {.request = request,
                        .workers = new_scratch(threads, request->by_item->n_rows)};
    if (!gram.workers)
        return STATUS_NO_MEMORY;
    const enum status status = run_all(&gram, pool, observer);
    free_scratch(gram.workers, threads);
    return status;
}

uint64_t gram_estimate(uint32_t n_items)
{
    return (uint64_t)parallel_cores() * n_items * (2 * sizeof(float) + sizeof(uint32_t));
}

static uint32_t count_likes(const struct csr *matrix, uint32_t row)
{
    uint32_t likes = 0;
    for (uint64_t k = matrix->starts[row]; k < matrix->starts[row + 1]; k++)
        likes += matrix->values[k] > 0;
    return likes;
}

void gram_count_likes(const struct csr *matrix, uint32_t *likes)
{
    for (uint32_t r = 0; r < matrix->n_rows; r++)
        likes[r] = count_likes(matrix, r);
}

float *gram_weights(const struct csr *matrix, double power)
{
    float *weights = malloc(((size_t)matrix->n_rows + 1) * sizeof *weights);
    for (uint32_t r = 0; weights && r < matrix->n_rows; r++) {
        const uint32_t likes = count_likes(matrix, r);
        weights[r] = likes ? (float)pow(likes, -power) : 1;
    }
    return weights;
}
