#include <stdlib.h>

#include "models/autorec_model.h"

enum { BLOCK_USERS = 64, BLOCKS_A_CALL = 64 };

struct users_job {
    struct autorec *model;
    const struct csr *histories;
    struct signal *signals; /* [workers x room] */
    struct rating *ratings;
    float *scratch;
    size_t room, first_block;
};

static void user_row(const struct users_job *job, uint32_t user, unsigned worker)
{
    const struct csr *m = job->histories;
    const struct autorec *model = job->model;
    const uint64_t start = m->starts[user];
    const uint32_t n = (uint32_t)(m->starts[user + 1] - start);
    struct query query = {.user = user};
    if (model->rates) {
        struct rating *ratings = job->ratings + worker * job->room;
        for (uint32_t k = 0; k < n; k++)
            ratings[k] = (struct rating){m->columns[start + k], m->values[start + k]};
        query.ratings = ratings;
        query.n_ratings = n;
    } else {
        struct signal *signals = job->signals + worker * job->room;
        for (uint32_t k = 0; k < n; k++)
            signals[k] = (struct signal){m->columns[start + k], m->values[start + k]};
        query.history = signals;
        query.n = n;
    }
    autorec_vector(model, &query, job->scratch + worker * autorec_scratch_size(model),
                   model->users_memory + (size_t)user * model->width);
}

static void users_block(void *context, size_t block, unsigned worker)
{
    const struct users_job *job = context;
    const uint64_t first = (job->first_block + block) * BLOCK_USERS;
    for (uint64_t u = first; u < first + BLOCK_USERS && u < job->model->base.n_users; u++)
        user_row(job, (uint32_t)u, worker);
}

static enum status run_users(struct users_job *job, struct parallel *pool,
                             const struct observer *observer)
{
    const size_t n_blocks = ((size_t)job->model->base.n_users + BLOCK_USERS - 1) / BLOCK_USERS;
    for (job->first_block = 0; job->first_block < n_blocks; job->first_block += BLOCKS_A_CALL) {
        if (observer_stops(observer))
            return STATUS_CANCELLED;
        const size_t left = n_blocks - job->first_block;
        parallel_for(pool, left < BLOCKS_A_CALL ? left : BLOCKS_A_CALL, users_block, job, NULL);
    }
    return STATUS_OK;
}

enum status autorec_make_users(struct autorec *model, const struct csr *histories,
                               struct parallel *pool, const struct observer *observer,
                               float *scratch)
{
    const unsigned threads = parallel_threads(pool);
    struct users_job job = {.model = model, .histories = histories, .scratch = scratch};
    job.room = (size_t)model->base.n_items + 1;
    job.signals = malloc(threads * job.room * sizeof *job.signals);
    job.ratings = malloc(threads * job.room * sizeof *job.ratings);
    enum status status = STATUS_NO_MEMORY;
    if (job.signals && job.ratings)
        status = run_users(&job, pool, observer);
    free(job.signals);
    free(job.ratings);
    return status;
}
