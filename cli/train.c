#include "cli/train.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "board/board.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/report.h"
#include "train/snapshot.h"
#include "train/watch.h"
#include "train/watch_items.h"
#include "train/watch_users.h"

/* ---- the store's record of the round ---- */

static enum status add_version(void *context, struct store *store, struct error *reterr)
{
    struct model_version *version = context;
    struct store_counts counts;
    enum status status = store_count(store, &counts, reterr);
    if (status != STATUS_OK)
        return status;
    version->seq = counts.seq;
    return store_add_version(store, counts.seq, version->started_ms, &version->version, reterr);
}

static enum status update_version(void *context, struct store *store, struct error *reterr)
{
    return store_update_version(store, context, reterr);
}

static enum status activate(void *context, struct store *store, struct error *reterr)
{
    const struct model_version *version = context;
    return store_activate_version(store, version->version, reterr);
}

/* ---- the round ---- */

/* The daemon of the same directory may hold the log directory: then this round goes without. */
static struct board *open_board(const struct settings *settings)
{
    struct board *board = NULL;
    struct error err = {0};
    char logdir[PATH_BYTES_MAX];
    if (!settings->tensorboard.enabled)
        return NULL;
    const bool named = settings->tensorboard.logdir[0];
    if (path_join(logdir, named ? settings->tensorboard.logdir : settings->data.directory,
                  named ? "" : "tensorboard") != STATUS_OK ||
        board_open(logdir, &board, &err) != STATUS_OK)
        report_note("tastevin: without TensorBoard: %s", err.text);
    return board;
}

/* What serves now, for the gate; a broken one is nothing to compare with. */
static struct snapshot *load_active(const struct context *context)
{
    struct error err = {0};
    struct snapshot *snapshot = NULL;
    uint32_t version = 0;
    if (active_version(context->store, &version, &err) != STATUS_OK || version == 0)
        return NULL;
    if (snapshot_load(context->snapshots, version, &snapshot, &err) != STATUS_OK)
        report_note("tastevin: the active version %u cannot be compared with: %s", version,
                    err.text);
    return snapshot;
}

static void show_items(const struct context *context, struct board *board, uint32_t version)
{
    const struct settings *settings = &context->settings;
    struct error err = {0};
    if (watch_items(board, context->snapshots, version, (uint32_t)settings->tensorboard.items,
                    (uint64_t)settings->tensorboard.max_size, &err) != STATUS_OK)
        report_note("tastevin: TensorBoard's projector lacks this round: %s", err.text);
}

/* A daemon might erase somebody meanwhile: beside one none are shown. */
static void show_users(const struct context *context, struct board *board, uint32_t version)
{
    const struct settings *settings = &context->settings;
    struct error err = {0};
    if (!context_has_daemon(context) &&
        watch_users(board, context->snapshots, version, (uint32_t)settings->tensorboard.users,
                    (uint64_t)settings->tensorboard.max_size, &err) != STATUS_OK)
        report_note("tastevin: TensorBoard's projector lacks this round's users: %s", err.text);
}

static enum status run_round(struct context *context, uint32_t version,
                             const struct observer *observer, struct round_result *ret_result,
                             struct error *reterr)
{
    struct parallel *pool = NULL;
    struct store *reader = NULL;
    const int64_t threads = context->settings.training.threads;
    enum status status = parallel_new(threads ? (unsigned)threads : parallel_cores(), false, &pool);
    if (status != STATUS_OK)
        return error_set(reterr, status, "the training threads could not be started");
    status = store_open(context->settings.data.directory, STORE_READ, &reader, reterr);
    if (status != STATUS_OK) {
        parallel_free(pool);
        return status;
    }
    struct board *board = open_board(&context->settings);
    struct snapshot *active = load_active(context);
    struct watch watch;
    watch_start(&watch, board, version, context->settings.tensorboard.costs_every, observer);
    const struct round_request request = {.store = reader,
                                          .settings = &context->settings,
                                          .types = &context->types,
                                          .snapshots = context->snapshots,
                                          .version = version,
                                          .pool = pool,
                                          .observer = &watch.observer,
                                          .active = active};
    status = round_run(&request, ret_result, reterr);
    watch_finish(&watch, status == STATUS_OK ? ret_result : NULL, status);
    snapshot_release(active);
    board_prune(board, WATCH_RUN_PREFIX, (size_t)context->settings.tensorboard.keep);
    board_prune_size(board, WATCH_RUN_PREFIX, (uint64_t)context->settings.tensorboard.max_size,
                     WATCH_FILES_MAX);
    if (status == STATUS_OK)
        show_items(context, board, version);
    show_users(context, board, version);
    board_close(board);
    store_close(reader);
    parallel_free(pool);
    return status;
}

static enum status record(struct context *context, struct model_version *version,
                          enum status round_status, const struct round_result *result,
                          const struct error *err, struct error *reterr)
{
    round_describe(round_status, result, err, clock_now_ms(), version);
    enum status status = store_transact(context->store, update_version, version, reterr);
    if (status == STATUS_OK && round_status == STATUS_OK && result->published)
        status = store_transact(context->store, activate, version, reterr);
    return status;
}

enum status train_run(struct context *context, const struct observer *observer,
                      struct train_outcome *ret_outcome, struct error *reterr)
{
    struct error err = {0};
    struct model_version version = {
        .started_ms = clock_now_ms(), .finished_ms = TIME_UNKNOWN, .reason = "", .report = "{}"};
    *ret_outcome = (struct train_outcome){0};
    enum status status = round_check_settings(&context->settings, reterr);
    if (status == STATUS_OK)
        status = folder_make(context->snapshots, reterr);
    if (status == STATUS_OK)
        status = store_transact(context->store, add_version, &version, reterr);
    if (status != STATUS_OK)
        return status;
    ret_outcome->version = version.version;
    const enum status ran =
        run_round(context, version.version, observer, &ret_outcome->result, &err);
    status = record(context, &version, ran, &ret_outcome->result, &err, reterr);
    if (ran != STATUS_OK) {
        if (reterr)
            *reterr = err;
        return ran;
    }
    return status == STATUS_OK
               ? context_prune(context, (size_t)context->settings.training.keep, reterr)
               : status;
}

/* ---- the subcommand ---- */

static void print_outcome(const struct train_outcome *outcome, bool as_json)
{
    const struct round_result *result = &outcome->result;
    const char *report = result->report.data ? result->report.data : "{}";
    const char *reason = result->reason.data ? result->reason.data : "";
    if (as_json) {
        struct buffer text = {0};
        buffer_append_json(&text, reason, strlen(reason));
        printf("{\"version\": %u, \"seq\": %" PRIu64
               ", \"published\": %s, \"reason\": %s, \"report\": %s}\n",
               outcome->version, result->seq, result->published ? "true" : "false",
               text.data ? text.data : "\"\"", report);
        buffer_free(&text);
        return;
    }
    printf("version %u is %s. %s\n", outcome->version,
           result->published ? "published and serves" : "refused; what served before goes on",
           reason);
    printf("'tastevin models show %u' has its figures.\n", outcome->version);
}

int command_train(const struct invocation *invocation)
{
    struct error err = {0};
    struct console console = {0};
    struct context context = {0};
    struct train_outcome outcome = {0};
    enum status status = console_open(&console, &err);
    if (status == STATUS_OK)
        status = context_open(invocation, CONTEXT_CHANGE, &context, &err);
    if (status == STATUS_OK)
        status = train_run(&context, &console.observer, &outcome, &err);
    console_close(&console);
    if (status == STATUS_OK)
        print_outcome(&outcome, invocation_flag(invocation, "json"));
    const bool published = outcome.result.published;
    round_result_free(&outcome.result);
    context_close(&context);
    if (status != STATUS_OK)
        return report_failure(&err);
    return published ? EXIT_DONE : EXIT_FAILED;
}
