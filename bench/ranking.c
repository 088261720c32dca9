/* What the second stage adds to an answer, on one core:
 *
 *     ranking DATA_DIR [PASSES]    the active snapshot of a data directory, which has a ranker
 *
 * Every user asks for ten items, once without and once with the ranker, in turn, so that both meet
 * the same machine; the difference is what ranking adds. Prints one JSON document: {"users",
 * "items", "candidates", "answers", "without_ms": {"median", "p99"}, "with_ms": {…}, "added_ms":
 * {…}}.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "data/store.h"
#include "recommend/live.h"
#include "recommend/rank_values.h"
#include "recommend/recommend.h"
#include "train/snapshot.h"

enum { PASSES_DEFAULT = 5, N = 10 };

struct bench {
    struct store *store;
    struct event_types types;
    struct snapshot *snapshot;
    struct rows8 *coarse;
    struct live *live;
    struct live_view view;
    struct arena arena;
};

static void end(const struct error *err)
{
    fprintf(stderr, "ranking: %s\n", err->text);
    exit(1);
}

static enum status find_active(void *context, const struct model_version *version)
{
    if (version->active)
        *(uint32_t *)context = version->version;
    return STATUS_OK;
}

static enum status open_all(struct bench *b, const char *folder, struct error *reterr)
{
    char snapshots[PATH_BYTES_MAX];
    uint32_t version = 0;
    struct catalogue *catalogue = NULL;
    event_types_init(&b->types);
    enum status status = store_open(folder, STORE_READ, &b->store, reterr);
    if (status == STATUS_OK)
        status = store_bind_types(b->store, &b->types, reterr);
    if (status == STATUS_OK)
        status = store_list_versions(b->store, UINT32_MAX, 1000, find_active, &version, reterr);
    if (status == STATUS_OK)
        status = path_join(snapshots, folder, "snapshots");
    if (status == STATUS_OK)
        status = snapshot_load(snapshots, version, &b->snapshot, reterr);
    if (status == STATUS_OK && !b->snapshot->ranker)
        return error_set(reterr, STATUS_NOT_FOUND,
                         "the active snapshot has no ranker: train with models.ranker=wide_deep on "
                         "data where two stages are better than one");
    if (status == STATUS_OK)
        status = snapshot_catalogue(b->snapshot, &catalogue, reterr);
    if (status != STATUS_OK)
        return status;
    const struct snapshot *s = b->snapshot;
    uint32_t d;
    const float *vectors = s->retriever->class->item_vectors
                               ? s->retriever->class->item_vectors(s->retriever, &d)
                               : NULL;
    if (vectors && rows8_new(vectors, s->retriever->n_items, d, &b->coarse) != STATUS_OK)
        b->coarse = NULL;
    struct live_base base = snapshot_live_base(s);
    base.types = &b->types;
    base.coarse = b->coarse;
    status = live_new(&base, catalogue, &b->live, reterr);
    if (status == STATUS_OK)
        status = live_catch_up(b->live, b->store, NULL, reterr);
    if (status == STATUS_OK)
        live_view_take(b->live, &b->view);
    return status;
}

/* Milliseconds of one answer. */
static double answer(struct bench *b, const struct view *view, uint32_t user)
{
    const struct recommend_request request = {.user = user, .n = N, .now_ms = clock_now_ms()};
    struct recommendation made;
    arena_reset(&b->arena);
    const int64_t started = clock_monotonic_ns();
    if (recommend(view, &request, &b->arena, &made) != STATUS_OK || made.n == 0)
        return -1;
    return (double)(clock_monotonic_ns() - started) / 1e6;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print(const char *name, double *ms, size_t n)
{
    qsort(ms, n, sizeof *ms, compare);
    printf(", \"%s\": {\"median\": %.4f, \"p99\": %.4f}", name, n ? ms[n / 2] : 0,
           n ? ms[n * 99 / 100] : 0);
}

static void measure(struct bench *b, int passes)
{
    const uint32_t n_users = b->snapshot->n_users;
    struct live_view alone = b->view;
    alone.view.ranker = NULL;
    double *without = calloc((size_t)n_users * (size_t)passes + 1, sizeof *without);
    double *with = calloc((size_t)n_users * (size_t)passes + 1, sizeof *with);
    double *added = calloc((size_t)n_users * (size_t)passes + 1, sizeof *added);
    size_t n = 0;
    for (int pass = -1; without && with && added && pass < passes; pass++) /* the first warms up */
        for (uint32_t user = 0; user < n_users; user++) {
            const double one = answer(b, &alone.view, user), two = answer(b, &b->view.view, user);
            if (pass < 0 || one < 0 || two < 0)
                continue;
            without[n] = one;
            with[n] = two;
            added[n++] = two - one;
        }
    printf("{\"users\": %u, \"items\": %u, \"candidates\": %d, \"answers\": %zu", n_users,
           b->snapshot->n_items, RANK_CANDIDATES, n);
    print("without_ms", without, n);
    print("with_ms", with, n);
    print("added_ms", added, n);
    printf("}\n");
    free(without);
    free(with);
    free(added);
}

int main(int argc, char **argv)
{
    struct bench bench = {0};
    struct error err = {0};
    if (argc < 2) {
        fprintf(stderr, "usage: ranking DATA_DIR [PASSES]\n");
        return 2;
    }
    if (open_all(&bench, argv[1], &err) != STATUS_OK)
        end(&err);
    measure(&bench, argc > 2 ? atoi(argv[2]) : PASSES_DEFAULT);
    bench.view.view.class->release(&bench.view.view);
    live_free(bench.live);
    rows8_free(bench.coarse);
    snapshot_release(bench.snapshot);
    store_close(bench.store);
    arena_free(&bench.arena);
    return 0;
}
