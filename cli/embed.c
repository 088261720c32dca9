#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "board/board.h"
#include "board/projector.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/embedding.h"
#include "cli/report.h"
#include "cli/threads.h"

struct embed_job {
    const struct invocation *invocation;
    struct skipgram_settings settings;
    struct embedding_source source;
    struct parallel *pool;
    struct console console;
    struct board *board;
    struct vectors vectors;
    double seconds; /* of the fit */
    char run[300];  /* the projector's; "" without */
};

/* ---- what was asked for ---- */

static bool is_of_store(const struct invocation *invocation)
{
    return invocation_has(invocation, "data") || invocation_has(invocation, "config");
}

static const char *check_request(const struct invocation *invocation)
{
    const bool text = invocation_has(invocation, "text");
    if (invocation_flag(invocation, "nearest") || invocation_flag(invocation, "analogy"))
        return "--nearest and --analogy are of --vectors FILE";
    if (text && is_of_store(invocation))
        return "--text is of files, and --data or --config name the store: one of both";
    if (!text && !is_of_store(invocation))
        return "embed needs --text FILE or --data DIR, or --vectors FILE to look at";
    if (!invocation_has(invocation, "out"))
        return "embed needs --out DIR for the vectors";
    if (!text && invocation_has(invocation, "phrases"))
        return "--phrases joins words of a --text";
    return invocation->n_arguments ? "words are of --vectors FILE with --nearest or --analogy"
                                   : NULL;
}

static void read_settings(struct embed_job *job)
{
    const struct invocation *invocation = job->invocation;
    job->settings =
        (struct skipgram_settings){.dimensions = invocation_whole(invocation, "dimensions"),
                                   .window = invocation_whole(invocation, "window"),
                                   .negatives = invocation_whole(invocation, "negatives"),
                                   .epochs = invocation_whole(invocation, "epochs"),
                                   .alpha = invocation_real(invocation, "alpha"),
                                   .subsample = invocation_real(invocation, "subsample"),
                                   .rate = invocation_real(invocation, "rate"),
                                   .loss = invocation_choice(invocation, "loss")};
}

/* ---- outputs ---- */

static enum status write_vectors(const struct embed_job *job, struct error *reterr)
{
    static const struct {
        const char *name;
        enum vectors_format format;
    } files[] = {{"vectors.txt", VECTORS_TEXT}, {"vectors.bin", VECTORS_BINARY}};
    const struct named_vectors named = {.names = job->source.corpus.names,
                                        .d = job->vectors.d,
                                        .width = job->vectors.width,
                                        .values = job->vectors.inputs};
    const char *out = invocation_text(job->invocation, "out");
    enum status status = STATUS_OK;
    for (size_t i = 0; i < sizeof files / sizeof *files && status == STATUS_OK; i++) {
        char path[PATH_BYTES_MAX];
        status = path_join(path, out, files[i].name) == STATUS_OK
                     ? vectors_write(&named, files[i].format, path, reterr)
                     : error_set(reterr, STATUS_TOO_LARGE, "the path of --out is too long");
    }
    return status;
}

static void give_cell(void *context, uint32_t row, uint32_t column, struct buffer *out)
{
    const struct embed_job *job = context;
    size_t length;
    const char *name = idmap_id(&job->source.corpus.names, row, &length);
    const char *title = job->source.titles ? job->source.titles[row] : NULL;
    if (column == 1)
        buffer_append_whole(out, job->source.corpus.counts[row]);
    else if (column == 0 && title)
        buffer_append_text(out, title);
    else
        buffer_append(out, name, length);
}

/* Of very many the most frequent. TensorBoard keeps what it has read of a run, so each time it is a
 * new one. */
static enum status write_projector(struct embed_job *job, struct error *reterr)
{
    static const char *const titles[] = {"name", "count", "id"};
    const struct vectors *v = &job->vectors;
    const struct projector projector = {.name = "vectors",
                                        .n = v->n < PROJECTOR_ROWS_MAX ? v->n : PROJECTOR_ROWS_MAX,
                                        .d = v->d,
                                        .width = v->width,
                                        .vectors = v->inputs,
                                        .columns = titles,
                                        .n_columns = job->source.titles ? 3 : 2,
                                        .cell = give_cell,
                                        .context = job};
    char stamp[24];
    snprintf(stamp, sizeof stamp, "%" PRId64, clock_now_ms() / 1000);
    enum status status = STATUS_CONFLICT;
    for (int again = 1; again < 1000 && status == STATUS_CONFLICT; again++) {
        snprintf(job->run, sizeof job->run, "vectors-%s-%d", stamp, again);
        status = projector_write(job->board, job->run, job->settings.epochs, &projector, reterr);
    }
    return status;
}

static enum status print_result(const struct embed_job *job, struct error *reterr)
{
    const struct corpus *corpus = &job->source.corpus;
    const char *out = invocation_text(job->invocation, "out");
    const double words =
        (double)job->source.n_tokens * (double)job->settings.epochs / fmax(job->seconds, 1e-9);
    if (!invocation_flag(job->invocation, "json")) {
        printf("%u vectors of %u numbers, from %" PRIu64 " tokens in %" PRIu64 " sequences, in "
               "%.1f s (%.0f tokens/s)\n%s/vectors.txt and vectors.bin; in TensorBoard: run %s\n",
               job->vectors.n, job->vectors.d, corpus->n_tokens, corpus->n_sequences, job->seconds,
               words, out, job->run);
        return STATUS_OK;
    }
    struct buffer text = {0};
    buffer_printf(&text,
                  "{\"vectors\": %u, \"dimensions\": %u, \"joined\": %" PRIu64
                  ", \"tokens_read\": %" PRIu64 ", \"tokens\": %" PRIu64 ", \"sequences\": %" PRIu64
                  ", \"seconds\": ",
                  job->vectors.n, job->vectors.d, job->source.n_joined, job->source.n_tokens,
                  corpus->n_tokens, corpus->n_sequences);
    buffer_append_double(&text, job->seconds);
    buffer_append_text(&text, ", \"tokens_per_second\": ");
    buffer_append_double(&text, round(words));
    buffer_printf(&text, ", \"run\": \"%s\"}\n", job->run);
    return report_text(&text, stdout, reterr);
}

/* ---- the work ---- */

static enum status open_board(struct embed_job *job, struct error *reterr)
{
    char path[PATH_BYTES_MAX];
    const char *logdir = invocation_text(job->invocation, "logdir");
    const char *out = invocation_text(job->invocation, "out");
    enum status status = folder_make(out, reterr);
    if (status != STATUS_OK)
        return status;
    if (!logdir) {
        if (path_join(path, out, "tensorboard") != STATUS_OK)
            return error_set(reterr, STATUS_TOO_LARGE, "the path of --out is too long");
        logdir = path;
    }
    status = board_open(logdir, &job->board, reterr);
    if (status == STATUS_OK) {
        char name[40];
        snprintf(name, sizeof name, "embed-%" PRId64, clock_now_ms());
        job->console.run = board_run_open(job->board, name, 1);
        job->console.observer.costs_every = job->console.run ? OBSERVER_COSTS_EVERY : 0;
    }
    return status;
}

static enum status fit(struct embed_job *job, struct error *reterr)
{
    const struct sequences sequences = corpus_sequences(&job->source.corpus);
    const int64_t began = clock_monotonic_ns();
    const enum status status = skipgram_fit(
        &sequences, &job->settings, (uint64_t)invocation_whole(job->invocation, "seed"), job->pool,
        &job->console.observer, &job->vectors, reterr);
    job->seconds = clock_seconds_since(began);
    if (status == STATUS_CANCELLED)
        error_prefix(reterr, "nothing was written: ");
    return status;
}

static enum status run(struct embed_job *job, struct error *reterr)
{
    const struct invocation *invocation = job->invocation;
    enum status status = console_open(&job->console, reterr);
    if (status == STATUS_OK)
        status = threads_start(invocation, &job->pool, reterr);
    if (status != STATUS_OK)
        return status;
    status = is_of_store(invocation)
                 ? embedding_of_store(invocation, job->pool, &job->console.observer, &job->source,
                                      reterr)
                 : embedding_of_texts(invocation, &job->console.observer, &job->source, reterr);
    if (status == STATUS_OK)
        status = open_board(job, reterr);
    if (status == STATUS_OK)
        status = fit(job, reterr);
    progress_clear(&job->console.progress);
    if (status == STATUS_OK)
        status = write_vectors(job, reterr);
    if (status == STATUS_OK)
        status = write_projector(job, reterr);
    return status == STATUS_OK ? print_result(job, reterr) : status;
}

static int learn(const struct invocation *invocation)
{
    struct error err = {0};
    struct embed_job job = {.invocation = invocation};
    read_settings(&job);
    const enum status status = run(&job, &err);
    board_run_close(job.console.run);
    job.console.run = NULL;
    console_close(&job.console);
    board_close(job.board);
    vectors_free(&job.vectors);
    embedding_source_free(&job.source);
    parallel_free(job.pool);
    return status == STATUS_OK ? EXIT_DONE : report_failure(&err);
}

int command_embed(const struct invocation *invocation)
{
    if (invocation_has(invocation, "vectors"))
        return embedding_look(invocation);
    const char *wrong = check_request(invocation);
    return wrong ? report_usage(invocation->command, "%s", wrong) : learn(invocation);
}
