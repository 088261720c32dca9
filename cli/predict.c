/* Probabilities for the rows of a file.
 *
 * Two frames take turns: while one worker reads the next, the others predict the rows of the
 * present one piece by piece, and the one that has read helps them. A step ends when both are
 * done; then its lines are written, in the order of the rows.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/parallel.h"
#include "cli/commands.h"
#include "cli/predict_lines.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "cli/threads.h"
#include "data/example_subset.h"
#include "data/features/table_file.h"
#include "train/fitted.h"

enum { FRAME_ROWS = 1 << 15, PIECE_ROWS = 1 << 10, PIECES = FRAME_ROWS / PIECE_ROWS };

struct prediction {
    const struct invocation *invocation;
    struct fitted *fitted;
    struct table_file *file;
    struct frame *present, *next;
    bool ended; /* `next` got the last rows */
    enum status read_status, predict_status;
    struct error err; /* of reading */
    struct parallel *pool;
    struct arena *scratch; /* [threads] */
    unsigned n_scratch;
    enum predict_format format;
    struct examples examples;  /* of the present frame */
    uint32_t rows[FRAME_ROWS]; /* 0, 1, 2, … */
    float probabilities[FRAME_ROWS];
    char lines[PIECES][PIECE_ROWS * PREDICT_LINE_MAX];
    size_t lengths[PIECES];
};

static void read_next(struct prediction *p)
{
    uint32_t n = 0;
    if (p->ended)
        return;
    p->read_status = table_file_read(p->file, p->next, FRAME_ROWS, &n, &p->err);
    p->ended = p->read_status != STATUS_OK || n < FRAME_ROWS;
}

static void predict_piece(struct prediction *p, size_t piece, unsigned worker)
{
    const uint32_t first = (uint32_t)piece * PIECE_ROWS, left = p->examples.n - first;
    const uint32_t n = left < PIECE_ROWS ? left : PIECE_ROWS;
    const struct example_subset subset = {.all = &p->examples, .rows = p->rows + first};
    struct examples some;
    example_subset_view(&subset, n, &some);
    const struct predictor *predictor = p->fitted->predictor;
    const enum status status = predictor->class->predict_batch(
        predictor, &some, NULL, p->probabilities + first, &p->scratch[worker]);
    if (status == STATUS_OK)
        p->lengths[piece] = predict_lines(p->probabilities + first, n, p->format, p->lines[piece]);
    else
        __atomic_store_n(&p->predict_status, status, __ATOMIC_RELAXED);
    arena_reset(&p->scratch[worker]);
}

static void run_block(void *context, size_t block, unsigned worker)
{
    struct prediction *p = context;
    if (block == 0)
        read_next(p);
    else
        predict_piece(p, block - 1, worker);
}

static enum status write_lines(const struct prediction *p, size_t pieces, struct error *reterr)
{
    for (size_t i = 0; i < pieces; i++)
        if (fwrite(p->lines[i], 1, p->lengths[i], stdout) != p->lengths[i])
            return error_set_errno(reterr, errno, "writing the probabilities");
    return STATUS_OK;
}

/* Predicts the present frame and reads the next one, which becomes the present. */
static enum status step(struct prediction *p, struct error *reterr)
{
    const size_t pieces = (frame_rows(p->present) + PIECE_ROWS - 1) / PIECE_ROWS;
    features_examples(p->fitted->features, p->present, &p->examples);
    frame_clear(p->next);
    parallel_for(p->pool, 1 + pieces, run_block, p, NULL);
    if (p->predict_status != STATUS_OK)
        return error_set(reterr, p->predict_status, "out of memory while predicting");
    const enum status status = write_lines(p, pieces, reterr);
    struct frame *swap = p->present;
    p->present = p->next;
    p->next = swap;
    return status;
}

/* Rows before a broken line are predicted before it is reported. */
static enum status predict_all(struct prediction *p, struct error *reterr)
{
    struct progress progress = progress_start();
    enum status status = STATUS_OK;
    do {
        progress_show(&progress, "predicting", table_file_share(p->file));
        status = step(p, reterr);
    } while (status == STATUS_OK && frame_rows(p->present) > 0);
    progress_clear(&progress);
    if (status == STATUS_OK && p->read_status != STATUS_OK) {
        *reterr = p->err;
        status = p->read_status;
    }
    return status;
}

static enum status prepare(struct prediction *p, struct error *reterr)
{
    const struct invocation *invocation = p->invocation;
    enum status status = fitted_load(invocation_text(invocation, "model"), &p->fitted, reterr);
    if (status == STATUS_OK)
        status = table_file_open(invocation_text(invocation, "input"),
                                 features_spec(p->fitted->features), false, &p->file, reterr);
    if (status == STATUS_OK)
        status = threads_start(invocation, &p->pool, reterr);
    if (status != STATUS_OK)
        return status;
    p->n_scratch = parallel_threads(p->pool);
    p->scratch = calloc(p->n_scratch, sizeof *p->scratch);
    if (!p->scratch || frame_new(p->fitted->features, false, &p->present) != STATUS_OK ||
        frame_new(p->fitted->features, false, &p->next) != STATUS_OK)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the rows");
    for (uint32_t i = 0; i < FRAME_ROWS; i++)
        p->rows[i] = i;
    return STATUS_OK;
}

static void prediction_free(struct prediction *p)
{
    for (unsigned i = 0; p->scratch && i < p->n_scratch; i++)
        arena_free(&p->scratch[i]);
    free(p->scratch);
    frame_free(p->present);
    frame_free(p->next);
    table_file_close(p->file);
    fitted_free(p->fitted);
    parallel_free(p->pool);
    free(p);
}

int command_predict(const struct invocation *invocation)
{
    struct error err = {0};
    if (!invocation_text(invocation, "model") || !invocation_text(invocation, "input"))
        return report_usage(invocation->command, "predict needs --model and --input");
    struct prediction *p = calloc(1, sizeof *p);
    if (!p) {
        error_set(&err, STATUS_NO_MEMORY, "no memory");
        return report_failure(&err);
    }
    p->invocation = invocation;
    p->format = (enum predict_format)invocation_choice(invocation, "output");
    enum status status = prepare(p, &err);
    if (status == STATUS_OK)
        status = predict_all(p, &err);
    prediction_free(p);
    return status == STATUS_OK ? EXIT_DONE : report_failure(&err);
}
