/* Weights of a blend: coordinate ascent on the mean NDCG@20 over the users of a validation part.
 *
 * Of each user only the candidates are kept, the CANDIDATES best of each member: what no member has
 * among them does not come among a blend's first 20. The steps are multiplicative, from the best of
 * each member alone and all alike; a step is taken where it helps.
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/blend_model.h"

enum { CANDIDATES = 100, K = 20, ROUNDS_MAX = 8, BLOCK_USERS = 32, BLOCKS_A_CALL = 16 };

struct judged_user {
    uint32_t user, n, n_truth;
};

struct worker {
    struct arena arena;
    float *scores; /* [n members x n_items] */
    struct ranked *order, *best;
    struct signal *history;
    unsigned char *taken; /* [n_items] */
};

struct judge {
    const struct blend_weighing *weighing;
    struct judged_user *users; /* [n_users] */
    uint32_t n_users;
    size_t room;         /* candidates of a user at most: CANDIDATES x members */
    float *values;       /* [n_users x room x members] */
    unsigned char *hits; /* [n_users x room] */
    double *ndcg;        /* [n_users] */
    const double *weights;
    struct worker *workers; /* one a thread */
    size_t first_block;
    _Atomic bool failed;
};

/* ---- candidates ---- */

static enum status score_members(const struct judge *judge, uint32_t user, struct worker *w)
{
    const struct blend_weighing *weighing = judge->weighing;
    const struct csr *m = &weighing->validation->by_user;
    struct query query = {.user = user, .history = w->history};
    for (uint64_t e = m->starts[user]; e < m->starts[user + 1]; e++)
        w->history[query.n++] = (struct signal){m->columns[e], m->values[e]};
    for (size_t i = 0; i < weighing->n; i++) {
        const struct model *model = weighing->models[i];
        float *scores = w->scores + i * m->n_columns;
        const enum status status =
            model->class->score(model, &query, 1, NULL, m->n_columns, scores, &w->arena);
        if (status != STATUS_OK)
            return status;
        blend_rescale(weighing->scale, scores, m->n_columns, w->order);
    }
    return STATUS_OK;
}

/* Marks the history and what is a candidate already in `taken`, which is all zero before and
 * after. */
static void gather(struct judge *judge, struct judged_user *user, struct worker *w)
{
    const struct blend_weighing *weighing = judge->weighing;
    const struct csr *m = &weighing->validation->by_user;
    const size_t at = (size_t)(user - judge->users);
    unsigned char *hits = judge->hits + at * judge->room;
    float *values = judge->values + at * judge->room * weighing->n;
    uint32_t *chosen = (uint32_t *)w->order; /* the order is not needed any more */
    const uint64_t start = m->starts[user->user], length = m->starts[user->user + 1] - start;
    user->n = 0;
    for (uint64_t e = start; e < start + length; e++)
        w->taken[m->columns[e]] = 1;
    for (size_t i = 0; i < weighing->n; i++) {
        const float *scores = w->scores + i * m->n_columns;
        const size_t n =
            topk_of_all(scores, m->n_columns, NULL, CANDIDATES + (size_t)length, w->best);
        for (size_t k = 0, taken = 0; k < n && taken < CANDIDATES; k++) {
            const uint32_t item = w->best[k].item;
            taken += w->taken[item] != 1;
            if (w->taken[item])
                continue;
            w->taken[item] = 2;
            chosen[user->n] = item;
            hits[user->n] = csr_find(&weighing->validation->truth, user->user, item) != CSR_NONE;
            for (size_t j = 0; j < weighing->n; j++)
                values[user->n * weighing->n + j] = w->scores[j * m->n_columns + item];
            user->n++;
        }
    }
    for (uint32_t i = 0; i < user->n; i++)
        w->taken[chosen[i]] = 0;
    for (uint64_t e = start; e < start + length; e++)
        w->taken[m->columns[e]] = 0;
}

static void gather_block(void *context, size_t block, unsigned worker)
{
    struct judge *judge = context;
    struct worker *w = &judge->workers[worker];
    const size_t first = (judge->first_block + block) * BLOCK_USERS;
    for (size_t i = first; i < first + BLOCK_USERS && i < judge->n_users; i++) {
        arena_reset(&w->arena);
        if (score_members(judge, judge->users[i].user, w) == STATUS_OK)
            gather(judge, &judge->users[i], w);
        else
            judge->failed = true;
    }
}

/* ---- NDCG ---- */

static double ndcg_of(const struct judge *judge, size_t at)
{
    const struct judged_user *user = &judge->users[at];
    const size_t n_members = judge->weighing->n;
    const float *values = judge->values + at * judge->room * n_members;
    const unsigned char *hits = judge->hits + at * judge->room;
    double best[K] = {0}, gain = 0, ideal = 0;
    bool hit[K] = {false};
    size_t n = 0;
    for (size_t c = 0; c < user->n; c++) {
        double score = 0;
        for (size_t m = 0; m < n_members; m++)
            score += judge->weights[m] * (double)values[c * n_members + m];
        if (n == K && !(score > best[K - 1]))
            continue;
        size_t place = n < K ? n++ : K - 1;
        for (; place > 0 && best[place - 1] < score; place--) {
            best[place] = best[place - 1];
            hit[place] = hit[place - 1];
        }
        best[place] = score;
        hit[place] = hits[c];
    }
    for (size_t k = 0; k < K; k++) {
        gain += hit[k] ? 1 / log2((double)k + 2) : 0;
        ideal += k < user->n_truth ? 1 / log2((double)k + 2) : 0;
    }
    return gain / ideal;
}

static void judge_block(void *context, size_t block, unsigned worker)
{
    (void)worker;
    struct judge *judge = context;
    for (size_t i = block * BLOCK_USERS; i < (block + 1) * BLOCK_USERS && i < judge->n_users; i++)
        judge->ndcg[i] = ndcg_of(judge, i);
}

static double mean_ndcg(struct judge *judge, const double *weights)
{
    double sum = 0;
    judge->weights = weights;
    parallel_for(judge->weighing->pool, (judge->n_users + BLOCK_USERS - 1) / BLOCK_USERS,
                 judge_block, judge, NULL);
    for (uint32_t i = 0; i < judge->n_users; i++)
        sum += judge->ndcg[i];
    return sum / judge->n_users;
}

/* ---- ascent ---- */

static double try_weights(struct judge *judge, const double *weights, double best, double *out)
{
    const double ndcg = mean_ndcg(judge, weights);
    if (ndcg <= best)
        return best;
    memcpy(out, weights, judge->weighing->n * sizeof *out);
    return ndcg;
}

static double try_starts(struct judge *judge, double *out)
{
    const size_t n = judge->weighing->n;
    double weights[BLEND_MEMBERS_MAX], best = -1;
    for (size_t m = 0; m <= n; m++) {
        for (size_t i = 0; i < n; i++)
            weights[i] = m == n ? 1 / (double)n : i == m;
        best = try_weights(judge, weights, best, out);
    }
    return best;
}

/* Every weight in turn, times a factor, or from 0 up to a part of the largest. */
static double climb_once(struct judge *judge, double best, double *out)
{
    static const double factors[] = {0, 0.5, 0.7, 0.85, 1.2, 1.5, 2};
    static const double parts[] = {0.1, 0.3, 0.6};
    const size_t n = judge->weighing->n;
    for (size_t m = 0; m < n; m++) {
        double weights[BLEND_MEMBERS_MAX], largest = 0;
        memcpy(weights, out, n * sizeof *weights);
        for (size_t i = 0; i < n; i++)
            largest = fmax(largest, weights[i]);
        const double from = weights[m];
        const size_t steps =
            from > 0 ? sizeof factors / sizeof *factors : sizeof parts / sizeof *parts;
        for (size_t s = 0; s < steps; s++) {
            weights[m] = from > 0 ? from * factors[s] : largest * parts[s];
            best = try_weights(judge, weights, best, out);
        }
    }
    return best;
}

static enum status climb(struct judge *judge, double *weights, double *ret_ndcg)
{
    const size_t n = judge->weighing->n;
    double best = try_starts(judge, weights), sum = 0;
    for (unsigned round = 0; round < ROUNDS_MAX; round++) {
        if (observer_stops(judge->weighing->observer))
            return STATUS_CANCELLED;
        const double before = best;
        best = climb_once(judge, best, weights);
        if (best <= before)
            break;
    }
    for (size_t m = 0; m < n; m++)
        sum += weights[m];
    for (size_t m = 0; m < n; m++)
        weights[m] /= sum;
    *ret_ndcg = best;
    return STATUS_OK;
}

/* ---- memory ---- */

uint64_t blend_weigh_estimate(size_t n, uint32_t n_users, uint32_t n_items)
{
    const uint64_t room = CANDIDATES * n;
    return n_users *
               (room * (n * sizeof(float) + 1) + sizeof(struct judged_user) + sizeof(double)) +
           parallel_cores() * (uint64_t)n_items *
               (n * sizeof(float) + 2 * sizeof(struct ranked) + sizeof(struct signal) + 1);
}

static enum status reserve_worker(struct worker *w, const struct judge *judge, uint32_t longest)
{
    const size_t n_items = judge->weighing->validation->truth.n_columns;
    w->scores = malloc((judge->weighing->n * n_items + 1) * sizeof *w->scores);
    w->order = malloc((n_items + judge->room + 1) * sizeof *w->order);
    w->best = malloc((CANDIDATES + (size_t)longest + 1) * sizeof *w->best);
    w->history = malloc(((size_t)longest + 1) * sizeof *w->history);
    w->taken = calloc(n_items + 1, sizeof *w->taken);
    return w->scores && w->order && w->best && w->history && w->taken ? STATUS_OK
                                                                      : STATUS_NO_MEMORY;
}

/* Workers must take no lock of malloc (base/parallel.h): what one user takes of the arena is
 * measured here, and each worker gets twice that. */
static enum status warm_arenas(struct judge *judge, uint32_t longest_user)
{
    struct worker *w = &judge->workers[0];
    enum status status = score_members(judge, longest_user, w);
    const size_t room = 2 * w->arena.used;
    for (unsigned i = 0; i < parallel_threads(judge->weighing->pool) && status == STATUS_OK; i++) {
        struct arena *arena = &judge->workers[i].arena;
        arena_free(arena);
        if (!arena_alloc(arena, room))
            status = STATUS_NO_MEMORY;
        arena_reset(arena);
    }
    return status;
}

static enum status reserve(struct judge *judge)
{
    const struct validation *v = judge->weighing->validation;
    const unsigned threads = parallel_threads(judge->weighing->pool);
    const size_t n = v->n_users;
    uint32_t longest = 0, longest_user = 0;
    judge->room = CANDIDATES * judge->weighing->n;
    judge->users = malloc((n + 1) * sizeof *judge->users);
    judge->values = malloc((n * judge->room * judge->weighing->n + 1) * sizeof *judge->values);
    judge->hits = malloc(n * judge->room + 1);
    judge->ndcg = malloc((n + 1) * sizeof *judge->ndcg);
    judge->workers = calloc(threads, sizeof *judge->workers);
    if (!judge->users || !judge->values || !judge->hits || !judge->ndcg || !judge->workers)
        return STATUS_NO_MEMORY;
    for (uint32_t u = 0; u < v->truth.n_rows; u++) {
        const uint32_t n_truth = (uint32_t)(v->truth.starts[u + 1] - v->truth.starts[u]);
        const uint32_t length = (uint32_t)(v->by_user.starts[u + 1] - v->by_user.starts[u]);
        if (n_truth == 0)
            continue;
        judge->users[judge->n_users++] = (struct judged_user){.user = u, .n_truth = n_truth};
        if (length >= longest) {
            longest = length;
            longest_user = u;
        }
    }
    assert(judge->n_users == n && n > 0);
    enum status status = STATUS_OK;
    for (unsigned i = 0; i < threads && status == STATUS_OK; i++)
        status = reserve_worker(&judge->workers[i], judge, longest);
    return status == STATUS_OK ? warm_arenas(judge, longest_user) : status;
}

static void judge_free(struct judge *judge)
{
    for (unsigned i = 0; judge->workers && i < parallel_threads(judge->weighing->pool); i++) {
        struct worker *w = &judge->workers[i];
        arena_free(&w->arena);
        free(w->scores);
        free(w->order);
        free(w->best);
        free(w->history);
        free(w->taken);
    }
    free(judge->workers);
    free(judge->users);
    free(judge->values);
    free(judge->hits);
    free(judge->ndcg);
}

static enum status gather_all(struct judge *judge)
{
    const size_t n_blocks = (judge->n_users + BLOCK_USERS - 1) / BLOCK_USERS;
    for (judge->first_block = 0; judge->first_block < n_blocks;
         judge->first_block += BLOCKS_A_CALL) {
        const size_t left = n_blocks - judge->first_block;
        if (observer_stops(judge->weighing->observer))
            return STATUS_CANCELLED;
        parallel_for(judge->weighing->pool, left < BLOCKS_A_CALL ? left : BLOCKS_A_CALL,
                     gather_block, judge, NULL);
        if (judge->failed)
            return STATUS_NO_MEMORY;
    }
    return STATUS_OK;
}

enum status blend_weigh(const struct blend_weighing *weighing, double *weights, double *ret_ndcg)
{
    struct judge judge = {.weighing = weighing};
    enum status status = reserve(&judge);
    if (status == STATUS_OK)
        status = gather_all(&judge);
    if (status == STATUS_OK)
        status = climb(&judge, weights, ret_ndcg);
    judge_free(&judge);
    return status;
}
