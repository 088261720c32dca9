/* What the kernels reach, beside what the machine can do at all, in one run.
 *
 *     kernels [MILLISECONDS]    of each measurement, the best of five counts; 20 by default
 *
 * Prints one JSON document: "limits" {"fma": [{"set", "gflops": [one core, all cores]}], "triad":
 * {"gbs": [one core, all cores]}} and "kernels": [{"set", "kernel", "shape", "bound": "arithmetic"
 * or "memory", "gflops", "gbs"}]. The arithmetic limit is a loop of fused multiply-adds on
 * registers alone; that of memory is a triad a = b + s c over arrays beyond every cache, counted as
 * 12 bytes an element. Kernels run on one core, so the first of each pair is theirs.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "base/clock.h"
#include "base/rng.h"
#include "base/text.h"
#include "linalg/kernels.h"
#include "linalg/solve.h"

enum { TRIES = 5, THREADS_MAX = 64, FMA_LOOPS = 4096, TRIAD_FLOATS = 1 << 25, SUMS_MAX = 16 };

/* ---- time ---- */

/* Runs `once` for at least `seconds`, TRIES times over; seconds of one run, of the fastest try. */
static double time_of(void (*once)(void *context), void *context, double seconds)
{
    double best = 1e9;
    once(context);
    for (int t = 0; t < TRIES; t++) {
        const int64_t started = clock_monotonic_ns();
        double took;
        int64_t n = 0;
        do {
            once(context);
            n++;
        } while ((took = clock_seconds_since(started)) < seconds);
        if (took / (double)n < best)
            best = took / (double)n;
    }
    return best;
}

/* ---- the machine's arithmetic ---- */

/* Each returns the flops of one call. `sink` takes every sum, and the factors come from outside, so
 * that the compiler can leave nothing out. */
#define FMA_LOOP(vector, set1, fma, n_sums, store)                                                 \
    enum { WIDTH = sizeof(vector) / sizeof(float) };                                               \
    vector sums[n_sums];                                                                           \
    const vector factor = set1(sink[0]), small = set1(sink[1]);                                    \
    for (int i = 0; i < (n_sums); i++)                                                             \
        sums[i] = set1((float)i);                                                                  \
    for (int loop = 0; loop < FMA_LOOPS; loop++)                                                   \
        _Pragma("GCC unroll 16") for (int i = 0; i < (n_sums); i++) sums[i] =                      \
            fma(sums[i], factor, small);                                                           \
    for (int i = 0; i < (n_sums); i++)                                                             \
        store(sink + i * WIDTH, sums[i]);                                                          \
    return 2.0 * FMA_LOOPS * (n_sums)*WIDTH

#if defined(__x86_64__)
__attribute__((target("avx512f,avx512vl,avx512dq"))) static double fma_avx512(float *sink)
{
    FMA_LOOP(__m512, _mm512_set1_ps, _mm512_fmadd_ps, 16, _mm512_storeu_ps);
}

__attribute__((target("avx2,fma"))) static double fma_avx2(float *sink)
{
    FMA_LOOP(__m256, _mm256_set1_ps, _mm256_fmadd_ps, 12, _mm256_storeu_ps);
}
#endif

typedef float four __attribute__((vector_size(16)));

static four four_set1(float x)
{
    return (four){x, x, x, x};
}

static void four_store(float *out, four x)
{
    memcpy(out, &x, sizeof x);
}

#define FOUR_MADD(a, b, c) ((a) * (b) + (c))

static double fma_plain(float *sink)
{
    FMA_LOOP(four, four_set1, FOUR_MADD, 12, four_store);
}

static const struct peak {
    const char *set;
    double (*loop)(float *sink);
} peaks[] = {
#if defined(__x86_64__)
    {"avx512", fma_avx512},
    {"avx2", fma_avx2},
#endif
    {"plain", fma_plain},
};

/* ---- one core and all cores ---- */

struct lane {
    pthread_t thread;
    pthread_barrier_t *start;
    void (*once)(void *context);
    double seconds, took;
    double (*loop)(float *sink);
    float *a, *b, *c; /* [n] */
    size_t n;
    float sink[SUMS_MAX * TILE];
    double work; /* flops or bytes of one run */
};

static void run_fma(void *context)
{
    struct lane *lane = context;
    lane->sink[0] = 0.9999F;
    lane->sink[1] = 1e-3F;
    lane->work = lane->loop(lane->sink);
}

static void run_triad(void *context)
{
    struct lane *lane = context;
    const float scale = 3;
    float *restrict a = lane->a;
    const float *restrict b = lane->b, *restrict c = lane->c;
    for (size_t i = 0; i < lane->n; i++)
        a[i] = b[i] + scale * c[i];
    lane->sink[0] = a[lane->n / 2];
    lane->work = 12.0 * (double)lane->n;
}

static void *run_lane(void *context)
{
    struct lane *lane = context;
    pthread_barrier_wait(lane->start);
    lane->took = time_of(lane->once, lane, lane->seconds);
    return NULL;
}

/* The sum over n lanes of what each does a second, in 1e9. */
static double run_lanes(struct lane *lanes, unsigned n)
{
    pthread_barrier_t start;
    pthread_barrier_init(&start, NULL, n);
    double sum = 0;
    for (unsigned i = 0; i < n; i++) {
        lanes[i].start = &start;
        if (pthread_create(&lanes[i].thread, NULL, run_lane, &lanes[i]) != 0)
            abort();
    }
    for (unsigned i = 0; i < n; i++) {
        pthread_join(lanes[i].thread, NULL);
        sum += lanes[i].work / lanes[i].took * 1e-9;
    }
    pthread_barrier_destroy(&start);
    return sum;
}

static double fma_limit(const struct peak *peak, unsigned n, double seconds)
{
    struct lane lanes[THREADS_MAX] = {0};
    for (unsigned i = 0; i < n; i++)
        lanes[i] = (struct lane){.once = run_fma, .loop = peak->loop, .seconds = seconds};
    return run_lanes(lanes, n);
}

static double triad_limit(float *memory, unsigned n, double seconds)
{
    struct lane lanes[THREADS_MAX] = {0};
    const size_t part = TRIAD_FLOATS / n;
    for (unsigned i = 0; i < n; i++)
        lanes[i] = (struct lane){.once = run_triad,
                                 .seconds = seconds,
                                 .a = memory + i * part,
                                 .b = memory + TRIAD_FLOATS + i * part,
                                 .c = memory + 2 * (size_t)TRIAD_FLOATS + i * part,
                                 .n = part};
    return run_lanes(lanes, n);
}

/* ---- the kernels ---- */

struct task {
    const struct kernels *set;
    size_t n, d;
    float *rows, *weights, *x, *out; /* [n x d], [n], [d], [n or d or a matrix] */
    float *tiles, *inverses;         /* a positive definite matrix */
    float sink;
};

static void run_dot(void *context)
{
    struct task *t = context;
    for (size_t i = 0; i < t->n; i++)
        t->sink += t->set->dot(t->rows + i * t->d, t->x, t->d);
}

static void run_axpy(void *context)
{
    struct task *t = context;
    for (size_t i = 0; i < t->n; i++)
        t->set->axpy(1e-9F, t->rows + i * t->d, t->x, t->d);
}

static void run_scan(void *context)
{
    struct task *t = context;
    t->set->scan(t->rows, t->n, t->d, t->x, t->out);
}

static void run_tile_product(void *context)
{
    struct task *t = context;
    t->set->tile_product(t->rows, t->weights, t->n, -1, t->out);
}

static void run_tile_factor(void *context)
{
    struct task *t = context;
    memcpy(t->out, t->tiles, TILE * TILE * sizeof *t->out);
    t->sink += t->set->tile_factor(t->out, t->inverses);
}

static void run_tile_solve(void *context)
{
    struct task *t = context;
    t->set->tile_solve(t->tiles, t->weights, t->out);
}

static void run_combine(void *context)
{
    struct task *t = context;
    t->set->combine(t->rows, t->n, t->d, t->weights, t->out);
}

static void run_normal_product(void *context)
{
    struct task *t = context;
    t->set->normal_product(t->rows, t->n, t->d, t->weights, t->x, t->out);
}

/* A run reads n x d floats once. */
static const struct work {
    const char *kernel;
    void (*once)(void *context);
    size_t n, d;
    double flops; /* for each of them */
    bool from_memory;
} works[] = {
    {"dot", run_dot, 256, 64, 2, false},
    {"axpy", run_axpy, 256, 64, 2, false},
    {"scan", run_scan, 2048, 64, 2, false},
    {"scan", run_scan, 300000, 64, 2, true},
    {"tile_product", run_tile_product, 128, TILE, 2.0 * TILE, false},
    {"tile_factor", run_tile_factor, TILE, TILE, TILE / 3.0, false},
    {"tile_solve", run_tile_solve, TILE, TILE, TILE, false},
    {"combine", run_combine, 512, 64, 2, false},
    {"normal_product", run_normal_product, 512, 64, 4, false},
    {"normal_product", run_normal_product, 512, 192, 4, false},
};
enum { N_WORKS = sizeof works / sizeof *works, ROWS_MAX = 300000 * 64 };

static void fill(float *values, size_t n, struct rng *rng)
{
    for (size_t i = 0; i < n; i++)
        values[i] = (float)(rng_uniform(rng) - 0.5) * 1e-3F;
}

/* Strong on its diagonal, and so its own well-behaved factor too. */
static void fill_tile(float *tile)
{
    for (size_t i = 0; i < TILE; i++)
        for (size_t j = 0; j < TILE; j++)
            tile[i * TILE + j] = i == j ? 1 : 1e-3F;
}

static void print_work(const struct kernels *set, const struct work *w, struct task *task,
                       double seconds, bool first)
{
    task->set = set;
    task->n = w->n;
    task->d = w->d;
    const double took = time_of(w->once, task, seconds);
    const double elements = (double)w->n * (double)w->d;
    printf("%s{\"set\": \"%s\", \"kernel\": \"%s\", \"shape\": \"%zu x %zu\", \"bound\": \"%s\", "
           "\"gflops\": %.2f, \"gbs\": %.2f}",
           first ? "" : ",\n  ", set->name, w->kernel, w->n, w->d,
           w->from_memory ? "memory" : "arithmetic", elements * w->flops / took * 1e-9,
           elements * sizeof(float) / took * 1e-9);
}

static void print_kernels(float *memory, double seconds)
{
    static float x[256], out[300000], weights[128 * TILE], tiles[TILE * TILE], inverses[TILE];
    struct rng rng = rng_seed(1, 1);
    fill(memory, ROWS_MAX, &rng);
    fill(x, sizeof x / sizeof *x, &rng);
    fill(weights, sizeof weights / sizeof *weights, &rng);
    fill_tile(tiles);
    struct task task = {.rows = memory,
                        .weights = weights,
                        .x = x,
                        .out = out,
                        .tiles = tiles,
                        .inverses = inverses};
    printf("\"kernels\": [");
    for (size_t s = 0; kernels_all()[s]; s++)
        for (size_t w = 0; w < N_WORKS; w++)
            print_work(kernels_all()[s], &works[w], &task, seconds, s == 0 && w == 0);
    printf("]}\n");
}

static bool can_run(const char *set)
{
    for (size_t s = 0; kernels_all()[s]; s++)
        if (strcmp(kernels_all()[s]->name, set) == 0)
            return true;
    return false;
}

static void print_limits(float *memory, unsigned n_cores, double seconds)
{
    printf("{\"cores\": %u, \"limits\": {\"fma\": [", n_cores);
    bool first = true;
    for (size_t p = 0; p < sizeof peaks / sizeof *peaks; p++) {
        if (!can_run(peaks[p].set))
            continue;
        printf("%s{\"set\": \"%s\", \"gflops\": [%.2f, %.2f]}", first ? "" : ", ", peaks[p].set,
               fma_limit(&peaks[p], 1, seconds), fma_limit(&peaks[p], n_cores, seconds));
        first = false;
    }
    printf("], \"triad\": {\"gbs\": [%.2f, %.2f]}},\n ", triad_limit(memory, 1, seconds),
           triad_limit(memory, n_cores, seconds));
}

int main(int argc, char **argv)
{
    int64_t ms = 20;
    if (argc > 2 ||
        (argc == 2 && (text_to_int64(argv[1], &ms) != STATUS_OK || ms < 1 || ms > 10000))) {
        fprintf(stderr, "usage: kernels [MILLISECONDS]\n");
        return 2;
    }
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    const unsigned n = cores < 1 ? 1 : cores > THREADS_MAX ? THREADS_MAX : (unsigned)cores;
    float *memory = calloc(3 * (size_t)TRIAD_FLOATS, sizeof *memory);
    if (!memory)
        return EXIT_FAILURE;
    memset(memory, 1, 3 * (size_t)TRIAD_FLOATS * sizeof *memory);
    print_limits(memory, n, (double)ms * 1e-3);
    print_kernels(memory, (double)ms * 1e-3);
    free(memory);
    return EXIT_SUCCESS;
}
