#include "data/dataset.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/* Users of one block of dataset_matrix: enough to make the hand-out cheap, few enough to share. */
enum { BLOCK_USERS = 128 };

/* ---- touches ---- */

/* Before folding, a slot stands for one event: item, type, and in last_ms its place among the
 * data set's events. */
static bool slot_before(const struct touch *a, const struct touch *b)
{
    if (a->item != b->item)
        return a->item < b->item;
    if (a->type != b->type)
        return a->type < b->type;
    return a->last_ms < b->last_ms;
}

static void sift_down(struct touch *slots, size_t root, size_t n)
{
    const struct touch moved = slots[root];
    for (;;) {
        size_t child = 2 * root + 1;
        if (child >= n)
            break;
        if (child + 1 < n && slot_before(&slots[child], &slots[child + 1]))
            child++;
        if (!slot_before(&moved, &slots[child]))
            break;
        slots[root] = slots[child];
        root = child;
    }
    slots[root] = moved;
}

/* Heap sort: in place, because workers may not allocate (qsort may). */
static void sort_slots(struct touch *slots, size_t n)
{
    for (size_t i = n / 2; i-- > 0;)
        sift_down(slots, i, n);
    for (size_t i = n; i-- > 1;) {
        const struct touch largest = slots[0];
        slots[0] = slots[i];
        slots[i] = largest;
        sift_down(slots, 0, i);
    }
}

static bool is_held(const struct bitmap *held, uint64_t event)
{
    return held && bitmap_test(held, (uint32_t)event);
}

/* The first event of the user that is still among the newest max_per_user. */
static uint64_t first_learnt(const struct dataset *d, uint32_t user, const struct bitmap *held)
{
    uint64_t first = d->starts[user + 1];
    uint32_t taken = 0;
    while (first > d->starts[user] && (d->types.max_per_user == 0 || taken < d->types.max_per_user))
        taken += !is_held(held, --first);
    return first;
}

size_t dataset_touches(const struct dataset *d, uint32_t user, const struct bitmap *held,
                       struct touch *out)
{
    assert(user < d->n_users);
    const uint64_t learnt = first_learnt(d, user, held);
    size_t n = 0;
    for (uint64_t e = d->starts[user]; e < d->starts[user + 1]; e++)
        if (!is_held(held, e))
            out[n++] = (struct touch){
                .item = d->items[e], .type = d->type_codes[e], .last_ms = (int64_t)e};
    sort_slots(out, n);
    size_t written = 0;
    for (size_t i = 0; i < n;) {
        struct touch touch = {.item = out[i].item, .type = out[i].type};
        for (; i < n && out[i].item == touch.item && out[i].type == touch.type; i++) {
            const uint64_t e = (uint64_t)out[i].last_ms;
            if (e < learnt)
                touch_see(&touch, &d->types, d->times[e]);
            else
                touch_add(&touch, &d->types, &d->frame, d->times[e], d->values[e]);
        }
        out[written++] = touch;
    }
    return written;
}

/* ---- the matrix ---- */

struct matrix_job;

/* The row of a user from the worker's touches[n] into columns and values; returns its length. */
typedef size_t (*row_of_touches)(const struct matrix_job *job, unsigned worker, size_t n,
                                 uint32_t *columns, float *values);

/* Every row is first written where the user's events would be, since a user has at most as many
 * entries as events; then the rows are moved together. */
struct matrix_job {
    const struct dataset *dataset;
    const struct bitmap *held;
    row_of_touches make_row;
    struct csr *matrix;     /* starts[u + 1]: size of row u, until the rows are moved */
    struct touch **touches; /* by worker */
    void **entries;         /* by worker: signals or ratings */
};

static size_t signal_row(const struct matrix_job *job, unsigned worker, size_t n, uint32_t *columns,
                         float *values)
{
    const struct dataset *d = job->dataset;
    struct signal *signals = job->entries[worker];
    n = signals_of_touches(job->touches[worker], n, &d->types, &d->frame, signals);
    for (size_t i = 0; i < n; i++) {
        columns[i] = signals[i].item;
        values[i] = signals[i].confidence;
    }
    return n;
}

static size_t rating_row(const struct matrix_job *job, unsigned worker, size_t n, uint32_t *columns,
                         float *values)
{
    struct rating *ratings = job->entries[worker];
    n = ratings_of_touches(job->touches[worker], n, &job->dataset->types, ratings);
    for (size_t i = 0; i < n; i++) {
        columns[i] = ratings[i].item;
        values[i] = ratings[i].value;
    }
    return n;
}

static void matrix_row(const struct matrix_job *job, uint32_t user, unsigned worker)
{
    const struct dataset *d = job->dataset;
    const size_t n = dataset_touches(d, user, job->held, job->touches[worker]);
    const uint64_t start = d->starts[user];
    job->matrix->starts[user + 1] =
        job->make_row(job, worker, n, job->matrix->columns + start, job->matrix->values + start);
}

static void matrix_block(void *context, size_t block, unsigned worker)
{
    const struct matrix_job *job = context;
    const uint64_t first = (uint64_t)block * BLOCK_USERS;
    for (uint64_t u = first; u < first + BLOCK_USERS && u < job->dataset->n_users; u++)
        matrix_row(job, (uint32_t)u, worker);
}

static void close_gaps(const struct dataset *d, struct csr *m)
{
    uint64_t end = 0;
    for (uint32_t u = 0; u < m->n_rows; u++) {
        const uint64_t n = m->starts[u + 1];
        memmove(m->columns + end, m->columns + d->starts[u], n * sizeof *m->columns);
        memmove(m->values + end, m->values + d->starts[u], n * sizeof *m->values);
        end += n;
        m->starts[u + 1] = end;
    }
    const size_t room = end ? (size_t)end : 1;
    uint32_t *columns = realloc(m->columns, room * sizeof *columns);
    if (columns)
        m->columns = columns;
    float *values = realloc(m->values, room * sizeof *values);
    if (values)
        m->values = values;
}

static size_t longest_history(const struct dataset *d)
{
    uint64_t longest = 0;
    for (uint32_t u = 0; u < d->n_users; u++)
        if (d->starts[u + 1] - d->starts[u] > longest)
            longest = d->starts[u + 1] - d->starts[u];
    return (size_t)longest;
}

static enum status job_scratch(struct matrix_job *job, unsigned n_workers, size_t longest)
{
    const size_t entry_size = sizeof(struct signal) > sizeof(struct rating) ? sizeof(struct signal)
                                                                            : sizeof(struct rating);
    job->touches = calloc(n_workers, sizeof *job->touches);
    job->entries = calloc(n_workers, sizeof *job->entries);
    if (!job->touches || !job->entries)
        return STATUS_NO_MEMORY;
    for (unsigned w = 0; w < n_workers; w++) {
        job->touches[w] = malloc((longest + 1) * sizeof **job->touches);
        job->entries[w] = malloc((longest + 1) * entry_size);
        if (!job->touches[w] || !job->entries[w])
            return STATUS_NO_MEMORY;
    }
    return STATUS_OK;
}

static void job_free(struct matrix_job *job, unsigned n_workers)
{
    for (unsigned w = 0; w < n_workers; w++) {
        if (job->touches)
            free(job->touches[w]);
        if (job->entries)
            free(job->entries[w]);
    }
    free(job->touches);
    free(job->entries);
}

static enum status make_matrix(const struct dataset *d, const struct bitmap *held,
                               row_of_touches make_row, struct parallel *pool,
                               struct csr *ret_by_user)
{
    struct csr m;
    enum status status = csr_alloc(d->n_users, d->n_items, d->n_events, &m);
    if (status != STATUS_OK)
        return status;
    const unsigned n_workers = parallel_threads(pool);
    struct matrix_job job = {.dataset = d, .held = held, .make_row = make_row, .matrix = &m};
    status = job_scratch(&job, n_workers, longest_history(d));
    if (status == STATUS_OK) {
        const size_t n_blocks = ((size_t)d->n_users + BLOCK_USERS - 1) / BLOCK_USERS;
        parallel_for(pool, n_blocks, matrix_block, &job, NULL);
        close_gaps(d, &m);
    }
    job_free(&job, n_workers);
    if (status != STATUS_OK) {
        csr_free(&m);
        return status;
    }
    *ret_by_user = m;
    return STATUS_OK;
}

enum status dataset_matrix(const struct dataset *d, const struct bitmap *held,
                           struct parallel *pool, struct csr *ret_by_user)
{
    return make_matrix(d, held, signal_row, pool, ret_by_user);
}

enum status dataset_ratings(const struct dataset *d, const struct bitmap *held,
                            struct parallel *pool, struct csr *ret_by_user)
{
    return make_matrix(d, held, rating_row, pool, ret_by_user);
}

void dataset_free(struct dataset *d)
{
    if (!d)
        return;
    free(d->starts);
    free(d->times);
    free(d->items);
    free(d->values);
    free(d->type_codes);
    idmap_free(&d->user_ids);
    idmap_free(&d->item_ids);
    free(d);
}
