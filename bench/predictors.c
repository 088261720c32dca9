/* Fits a predictor to a table and measures how well and how fast it learns and predicts.
 *
 *     predictors SPEC TRAIN TEST CLASS [seeds=N] [threads=N] [valid=SHARE] [ranks=0|1]
 * [NAME=VALUE]…
 *
 * Prints one JSON line a seed. `valid` of the training rows are held out for stopping early (0:
 * none); the test rows take part in nothing. With ranks=1 also the milliseconds in which 500
 * examples are scored in one batch by one thread, median and 99th percentile.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/rng.h"
#include "base/text.h"
#include "data/example_subset.h"
#include "data/features/features.h"
#include "data/features/frame.h"
#include "data/features/table_file.h"
#include "eval/binary_metrics.h"
#include "models/predictor.h"

enum { CANDIDATES = 500, RANKINGS = 2000 };

struct bench {
    struct features *features;
    struct frame *train, *test;
    const struct predictor_class *class;
    void *settings;
    struct arena arena;
    struct parallel *pool;
    double seeds, threads, valid, ranks;
    int64_t epochs;
};

static void fail(const char *what)
{
    fprintf(stderr, "predictors: %s\n", what);
    exit(1);
}

static void need(enum status status, const struct error *err)
{
    if (status != STATUS_OK)
        fail(err->text[0] ? err->text : status_name(status));
}

static void read_rows(const struct feature_spec *spec, const char *path, struct frame *frame)
{
    struct error err = {0};
    struct table_file *file;
    uint32_t n;
    need(table_file_open(path, spec, true, &file, &err), &err);
    do
        need(table_file_read(file, frame, 8192, &n, &err), &err);
    while (n == 8192);
    table_file_close(file);
}

static void set_option(struct bench *b, const char *word)
{
    const struct {
        const char *name;
        double *value;
    } own[] = {
        {"seeds", &b->seeds}, {"threads", &b->threads}, {"valid", &b->valid}, {"ranks", &b->ranks}};
    char name[64] = "";
    const char *equals = strchr(word, '=');
    if (!equals || (size_t)(equals - word) >= sizeof name)
        fail("options are NAME=VALUE");
    memcpy(name, word, (size_t)(equals - word));
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (strcmp(own[i].name, name) == 0) {
            if (text_to_double(equals + 1, own[i].value) != STATUS_OK)
                fail("not a number");
            return;
        }
    struct error err = {0};
    need(options_set(b->class->options, b->class->n_options, b->settings, "setting", name,
                     equals + 1, &b->arena, &err),
         &err);
}

static void choose_class(struct bench *b, const char *name)
{
    for (const struct predictor_class *const *at = predictor_classes; *at; at++)
        if (strcmp((*at)->name, name) == 0)
            b->class = *at;
    if (!b->class)
        fail("no such class");
    b->settings = arena_zalloc(&b->arena, 1, b->class->settings_size + 1);
    if (!b->settings ||
        options_init(b->class->options, b->class->n_options, b->settings, &b->arena) != STATUS_OK)
        fail("out of memory");
}

/* Rows of both parts, drawn by the seed. */
static uint32_t *draw_rows(const struct bench *b, uint64_t seed)
{
    const uint32_t n = frame_rows(b->train);
    uint32_t *rows = malloc((n + 1) * sizeof *rows);
    if (!rows)
        fail("out of memory");
    for (uint32_t i = 0; i < n; i++)
        rows[i] = i;
    struct rng rng = rng_seed(seed, 1);
    rng_shuffle(&rng, rows, n);
    return rows;
}

static struct predictor *fit(const struct bench *b, uint64_t seed, double *ret_seconds)
{
    const uint32_t n = frame_rows(b->train), n_valid = (uint32_t)(n * b->valid);
    uint32_t *rows = draw_rows(b, seed);
    struct examples all, train, valid;
    features_examples(b->features, b->train, &all);
    const struct example_subset to_train = {.all = &all, .rows = rows + n_valid},
                                to_valid = {.all = &all, .rows = rows};
    example_subset_view(&to_train, n - n_valid, &train);
    example_subset_view(&to_valid, n_valid, &valid);
    const struct predictor_task task = {
        .train = n_valid ? &train : &all, .valid = n_valid ? &valid : NULL, .seed = seed};
    struct predictor *predictor;
    struct error err = {0};
    const int64_t start = clock_monotonic_ns();
    need(b->class->fit(&task, b->settings, b->pool, NULL, &predictor, &err), &err);
    *ret_seconds = clock_seconds_since(start);
    free(rows);
    return predictor;
}

static double measure(const struct bench *b, const struct predictor *predictor,
                      struct binary_report *report)
{
    struct examples test;
    struct arena scratch = {0};
    features_examples(b->features, b->test, &test);
    float *p = malloc(3 * (test.n + 1) * sizeof *p), *labels = p + test.n,
          *weights = p + 2 * test.n;
    if (!p || labels_read(&test, labels, weights) != STATUS_OK)
        fail("out of memory");
    const int64_t start = clock_monotonic_ns();
    if (b->class->predict_batch(predictor, &test, b->pool, p, &scratch) != STATUS_OK)
        fail("out of memory");
    const double seconds = clock_seconds_since(start);
    const struct binary_scores scores = {
        .probabilities = p, .labels = labels, .weights = weights, .n = test.n, .batch = 256};
    if (binary_evaluate(&scores, report) != STATUS_OK)
        fail("out of memory");
    arena_free(&scratch);
    free(p);
    return seconds;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void rank(const struct bench *b, const struct predictor *predictor)
{
    struct examples test;
    struct arena scratch = {0};
    float out[CANDIDATES];
    static double seconds[RANKINGS];
    features_examples(b->features, b->test, &test);
    test.n = CANDIDATES;
    for (size_t i = 0; i < RANKINGS; i++) {
        const int64_t start = clock_monotonic_ns();
        if (b->class->predict_batch(predictor, &test, NULL, out, &scratch) != STATUS_OK)
            fail("out of memory");
        arena_reset(&scratch);
        seconds[i] = clock_seconds_since(start);
    }
    qsort(seconds, RANKINGS, sizeof *seconds, compare);
    printf(", \"rank_500_ms\": %.3f, \"rank_500_p99_ms\": %.3f", seconds[RANKINGS / 2] * 1e3,
           seconds[RANKINGS * 99 / 100] * 1e3);
    arena_free(&scratch);
}

static void run(const struct bench *b, uint64_t seed)
{
    double seconds;
    struct predictor *predictor = fit(b, seed, &seconds);
    struct predictor_report report;
    struct binary_report metrics;
    b->class->describe(predictor, &report);
    const double n = frame_rows(b->train) - (uint32_t)(frame_rows(b->train) * b->valid);
    const double predict_seconds = measure(b, predictor, &metrics);
    printf("{\"class\": \"%s\", \"seed\": %d, \"epochs\": %u, \"best_epoch\": %u, "
           "\"fit_seconds\": %.3f, \"examples_per_second\": %.0f, \"train_loss\": %.5f, "
           "\"valid_auc\": %.5f, \"accuracy\": %.5f, \"auc\": %.5f, \"loss\": %.5f, "
           "\"parameters\": %zu, \"wide_zero\": %.4f, \"predictions_per_second\": %.0f",
           b->class->name, (int)seed, report.epochs, report.best_epoch, seconds,
           n * report.epochs / seconds, report.train_loss, report.valid_auc,
           metrics.values[BINARY_ACCURACY], metrics.values[BINARY_AUC],
           metrics.values[BINARY_AVERAGE_LOSS], (size_t)report.parameters,
           report.wide_weights ? (double)report.wide_zero / (double)report.wide_weights : 0,
           frame_rows(b->test) / predict_seconds);
    if (b->ranks > 0)
        rank(b, predictor);
    printf("}\n");
    fflush(stdout);
    b->class->free(predictor);
}

int main(int argc, char **argv)
{
    if (argc < 5)
        fail("predictors SPEC TRAIN TEST CLASS [NAME=VALUE]...");
    struct bench b = {.seeds = 1, .threads = parallel_cores(), .valid = 0.1};
    struct error err = {0};
    struct feature_spec *spec;
    choose_class(&b, argv[4]);
    for (int i = 5; i < argc; i++)
        set_option(&b, argv[i]);
    need(feature_spec_read(argv[1], &spec, &err), &err);
    need(features_new(spec, &b.features, &err), &err);
    if (frame_new_learning(b.features, &b.train) != STATUS_OK)
        fail("out of memory");
    read_rows(features_spec(b.features), argv[2], b.train);
    need(features_fit(b.features, b.train, NULL, 0, &err), &err);
    if (frame_new(b.features, true, &b.test) != STATUS_OK ||
        parallel_new((unsigned)b.threads, false, &b.pool) != STATUS_OK)
        fail("out of memory");
    read_rows(features_spec(b.features), argv[3], b.test);
    for (uint64_t seed = 1; seed <= (uint64_t)b.seeds; seed++)
        run(&b, seed);
    parallel_free(b.pool);
    frame_free(b.train);
    frame_free(b.test);
    features_free(b.features);
    arena_free(&b.arena);
    return 0;
}
