/* Writes rounds into a log directory as the trainer does (train/watch.h), for tests/board and
 * bench/board_start, with as many curves and texts as a round has of six models, four types of
 * events and a ranker; or of MODELS models: with 2, as by default, of one type and without a
 * ranker:
 *
 *     round-writer LOGDIR FIRST COUNT KEEP BYTES [MODELS]
 *
 * After each round the oldest go, as the trainer lets them go. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "train/watch.h"

enum { MODELS = 6, METRICS = 20, EPOCHS = 20, DAYS = 30, SCORES = 2000 };

static const char *const models[MODELS] = {"popular",  "ials",    "itemknn",
                                           "item2vec", "autorec", "ranked"};
static const char *const types[] = {"view", "click", "like", "purchase"};
static int n_models = MODELS;
static size_t n_types = sizeof types / sizeof *types;

static void observe_curves(const struct observer *observer, uint32_t version)
{
    char tag[128];
    for (int m = 0; m < n_models; m++) {
        for (int metric = 0; metric < METRICS; metric++) {
            snprintf(tag, sizeof tag, "holdout/%s/metric_%02d@20", models[m], metric);
            observe_scalar(observer, tag, version, 1.0 / (m + metric + 1));
        }
        for (int epoch = 1; epoch <= EPOCHS; epoch++) {
            snprintf(tag, sizeof tag, "fit/%s/loss", models[m]);
            observe_scalar(observer, tag, epoch, exp(-0.1 * epoch));
            observe_progress(observer, "fitting", (double)epoch / EPOCHS);
        }
    }
    for (int day = 0; day < DAYS; day++)
        for (size_t t = 0; t < n_types; t++) {
            snprintf(tag, sizeof tag, "events_by_day/%s", types[t]);
            observe_scalar(observer, tag, 20000 + version + day, 100.0 * day);
        }
    observe_scalar(observer, "data/users", version, 1000.0 + version);
}

static void observe_ranker(const struct observer *observer, uint32_t version)
{
    static float scores[SCORES], labels[SCORES];
    for (int i = 0; i < SCORES; i++) {
        scores[i] = (float)i / SCORES;
        labels[i] = (float)(i % 3 == 0 || i > SCORES / 2);
    }
    observe_scores(observer, "ranker/eval/pr", version, scores, labels, NULL, SCORES);
    observe_values(observer, "ranker/weights", version, scores, SCORES);
}

static void fill_report(struct buffer *out, uint32_t version)
{
    buffer_printf(out,
                  "{\"retriever\": \"ials\", \"published\": true, \"settings\": {\"ials\": "
                  "{\"dimensions\": 64, \"epochs\": %u}}, \"models\": [",
                  version);
    for (int m = 0; m < n_models; m++) {
        buffer_printf(out, "%s{\"model\": \"%s\", \"metrics\": {", m ? ", " : "", models[m]);
        for (int metric = 0; metric < METRICS; metric++)
            buffer_printf(out, "%s\"metric_%02d@20\": %.6f", metric ? ", " : "", metric,
                          1.0 / (m + metric + 1));
        buffer_append_text(out, "}}");
    }
    buffer_append_text(out, "], \"gate\": {\"ndcg@20\": 0.25, \"relative_to_popular\": 1.5}}");
}

static void write_round(struct board *board, uint32_t version)
{
    struct watch watch;
    struct round_result result = {.published = true, .retriever = "ials"};
    watch_start(&watch, board, version, OBSERVER_COSTS_EVERY, NULL);
    observe_curves(&watch.observer, version);
    if (n_models > 2)
        observe_ranker(&watch.observer, version);
    buffer_append_text(&result.reason, "It is better.");
    fill_report(&result.report, version);
    watch_finish(&watch, &result, STATUS_OK);
    round_result_free(&result);
}

int main(int argc, char **argv)
{
    struct board *board;
    struct error err = {0};
    if (argc == 7)
        n_models = atoi(argv[6]);
    if ((argc != 6 && argc != 7) || n_models < 2 || n_models > MODELS) {
        fprintf(stderr, "usage: round-writer LOGDIR FIRST COUNT KEEP BYTES [MODELS 2 to 6]\n");
        return 2;
    }
    if (n_models == 2)
        n_types = 1;
    if (board_open(argv[1], &board, &err) != STATUS_OK) {
        fprintf(stderr, "round-writer: %s\n", err.text);
        return 1;
    }
    const uint32_t first = (uint32_t)atoll(argv[2]), count = (uint32_t)atoll(argv[3]);
    for (uint32_t version = first; version < first + count; version++) {
        write_round(board, version);
        board_prune(board, WATCH_RUN_PREFIX, (size_t)atoll(argv[4]));
        board_prune_size(board, WATCH_RUN_PREFIX, strtoull(argv[5], NULL, 10), WATCH_FILES_MAX);
    }
    const bool failed = board_take_error(board, &err);
    if (failed)
        fprintf(stderr, "round-writer: %s\n", err.text);
    board_close(board);
    return failed;
}
