#include "server/trainer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "server/log.h"
#include "server/online.h"
#include "server/trainer_parts.h"
#include "train/kept.h"
#include "train/round.h"
#include "train/watch.h"
#include "train/watch_items.h"
#include "train/watch_users.h"

enum {
    TICK_MS = 1000,
    STARVED_AFTER_S = 10, /* a round is judged after so long, and again every so often */
};

/* ---- watching a round ---- */

static void see_progress(void *context, const char *phase, double share)
{
    struct trainer *trainer = context;
    pthread_mutex_lock(&trainer->mutex);
    if (strncmp(trainer->now.phase, phase, TRAINER_PHASE_MAX - 1) != 0) {
        strncpy(trainer->now.phase, phase, TRAINER_PHASE_MAX - 1);
        trainer->now.phase_started_ns = clock_monotonic_ns();
    }
    trainer->now.share = share;
    pthread_mutex_unlock(&trainer->mutex);
}

static void see_scalar(void *context, const char *tag, int64_t step, double value)
{
    struct trainer *trainer = context;
    const char *slash = strrchr(tag, '/');
    if (!slash || strcmp(slash, "/loss") != 0)
        return;
    pthread_mutex_lock(&trainer->mutex);
    trainer->now.epoch = step;
    trainer->now.loss = value;
    pthread_mutex_unlock(&trainer->mutex);
}

/* Idle workers get what is left over. When that is too little for too long, the round goes on
 * in the ordinary class, at nice 10: better a slower answer now and then than models that never
 * get newer. */
static void judge_share(struct trainer *trainer)
{
    const int64_t now = clock_monotonic_ns();
    if (!trainer->pool || !parallel_is_idle(trainer->pool) ||
        now - trainer->judged_ns < STARVED_AFTER_S * INT64_C(1000000000))
        return;
    trainer->judged_ns = now;
    const double wanted = clock_seconds_since(trainer->pool_started_ns);
    const double got = parallel_busy_share(trainer->pool);
    if (got >= trainer->site->settings->training.min_share)
        return;
    parallel_lift(trainer->pool);
    log_write(LOG_WARNING, "round_starved",
              "the round got %.0f %% of the CPU it wanted in %.0f s; it goes on at a "
              "raised priority (training.min_share)",
              100 * got, wanted);
}

static bool see_stop(void *context)
{
    struct trainer *trainer = context;
    judge_share(trainer);
    return atomic_load(&trainer->stop);
}

/* ---- one round ---- */

static enum status add_version(void *context, struct store *store, struct error *reterr)
{
    struct model_version *version = context;
    return store_add_version(store, version->seq, clock_now_ms(), &version->version, reterr);
}

static enum status update_version(void *context, struct store *store, struct error *reterr)
{
    return store_update_version(store, context, reterr);
}

static void open_board(struct trainer *trainer)
{
    const struct settings *settings = trainer->site->settings;
    struct error err = {0};
    if (trainer->board || !settings->tensorboard.enabled)
        return;
    if (board_open(trainer->site->logdir, &trainer->board, &err) != STATUS_OK)
        log_write(LOG_WARNING, "tensorboard_off", "training goes on without curves: %s", err.text);
}

static enum status run_pool(struct trainer *trainer, struct round_request *request,
                            struct round_result *result, struct error *reterr)
{
    const struct settings *settings = trainer->site->settings;
    const unsigned threads =
        settings->training.threads ? (unsigned)settings->training.threads : parallel_cores();
    enum status status = parallel_new(threads, true, &trainer->pool);
    if (status != STATUS_OK)
        return error_set(reterr, status, "cannot start %u threads for training", threads);
    trainer->pool_started_ns = trainer->judged_ns = clock_monotonic_ns();
    request->pool = trainer->pool;
    status = round_run(request, result, reterr);
    parallel_free(trainer->pool);
    trainer->pool = NULL;
    return status;
}

static enum status run_watched(struct trainer *trainer, uint32_t version,
                               struct round_result *result, struct error *reterr)
{
    struct site *site = trainer->site;
    const struct observer own = {
        .context = trainer, .progress = see_progress, .scalar = see_scalar, .stop = see_stop};
    open_board(trainer);
    struct watch watch;
    watch_start(&watch, trainer->board, version, site->settings->tensorboard.costs_every, &own);
    struct serving *serving = site_acquire(site);
    struct round_request request = {.store = trainer->store,
                                    .settings = site->settings,
                                    .types = &site->types,
                                    .snapshots = site->snapshots,
                                    .version = version,
                                    .observer = &watch.observer,
                                    .active = serving->snapshot};
    online_observe(site, trainer->store, serving->snapshot, version, &watch.observer);
    const enum status status = run_pool(trainer, &request, result, reterr);
    serving_release(site, serving);
    watch_finish(&watch, result, status);
    struct error err;
    if (board_take_error(trainer->board, &err))
        log_write(LOG_WARNING, "tensorboard_failed", "%s", err.text);
    board_prune(trainer->board, WATCH_RUN_PREFIX, (size_t)site->settings->tensorboard.keep);
    board_prune_size(trainer->board, WATCH_RUN_PREFIX,
                     (uint64_t)site->settings->tensorboard.max_size, WATCH_FILES_MAX);
    return status;
}

static void note_end(struct trainer *trainer, const struct model_version *version)
{
    pthread_mutex_lock(&trainer->mutex);
    trainer->now = (struct round_state){.loss = NAN};
    trainer->last.version = version->version;
    trainer->last.state = version->state;
    trainer->last.finished_ms = version->finished_ms;
    snprintf(trainer->last.reason, TRAINER_REASON_MAX, "%s", version->reason);
    utf8_trim_partial(trainer->last.reason);
    pthread_mutex_unlock(&trainer->mutex);
    log_write(strcmp(version->state, "failed") == 0 ? LOG_ERROR : LOG_INFO, "round_ended",
              "version %u: %s%s%s", version->version, version->state,
              version->reason[0] ? ": " : "", version->reason);
}

static enum status record_kept(void *context, struct store *store, struct error *reterr)
{
    const struct site *site = context;
    return kept_update(store, site->snapshots, reterr);
}

uint32_t trainer_serving_version(struct site *site)
{
    struct serving *serving = site_acquire(site);
    const uint32_t version = serving->snapshot->version;
    serving_release(site, serving);
    return version;
}

/* Snapshots beyond training.keep go, the serving one never. */
static void prune(struct trainer *trainer)
{
    struct site *site = trainer->site;
    struct error err = {0};
    pthread_mutex_lock(&site->versions_mutex);
    enum status status = snapshot_prune(site->snapshots, (size_t)site->settings->training.keep,
                                        trainer_serving_version(site), &err);
    if (status == STATUS_OK)
        status = writer_run(site->writer, record_kept, site, false, &err);
    pthread_mutex_unlock(&site->versions_mutex);
    if (status != STATUS_OK)
        log_write(LOG_WARNING, "prune_failed", "%s", err.text);
}

static void publish(struct trainer *trainer, struct model_version *version)
{
    struct error err = {0};
    if (site_activate(trainer->site, version->version, &err) == STATUS_OK)
        return;
    log_write(LOG_ERROR, "publish_failed", "version %u: %s", version->version, err.text);
    version->state = "failed";
    version->reason = "its snapshot could not be loaded; the one before goes on serving";
    writer_run(trainer->site->writer, update_version, version, false, NULL);
}

static void finish_round(struct trainer *trainer, struct model_version *version, enum status status,
                         const struct round_result *result, const struct error *err)
{
    round_describe(status, result, err, clock_now_ms(), version);
    struct error failed = {0};
    if (writer_run(trainer->site->writer, update_version, version, false, &failed) != STATUS_OK)
        log_write(LOG_ERROR, "round_not_recorded", "%s", failed.text);
    if (status == STATUS_OK && result->published)
        publish(trainer, version);
    prune(trainer);
    note_end(trainer, version);
}

/* After the version serves: nobody waits for a picture. */
static void show_items(struct trainer *trainer, uint32_t version)
{
    const struct site *site = trainer->site;
    struct error err = {0};
    if (watch_items(trainer->board, site->snapshots, version,
                    (uint32_t)site->settings->tensorboard.items,
                    (uint64_t)site->settings->tensorboard.max_size, &err) != STATUS_OK)
        log_write(LOG_WARNING, "items_not_shown", "TensorBoard's projector lacks version %u: %s",
                  version, err.text);
}

/* Nobody is erased from the snapshot while it is read: the picture would outlive them. */
static void show_users(struct trainer *trainer, uint32_t version)
{
    struct site *site = trainer->site;
    struct error err = {0};
    pthread_mutex_lock(&site->versions_mutex);
    const enum status status = watch_users(trainer->board, site->snapshots, version,
                                           (uint32_t)site->settings->tensorboard.users,
                                           (uint64_t)site->settings->tensorboard.max_size, &err);
    pthread_mutex_unlock(&site->versions_mutex);
    if (status != STATUS_OK)
        log_write(LOG_WARNING, "users_not_shown", "TensorBoard's projector lacks version %u: %s",
                  version, err.text);
}

static void run_round(struct trainer *trainer)
{
    struct model_version version = {
        .started_ms = clock_now_ms(), .finished_ms = TIME_UNKNOWN, .reason = "", .report = "{}"};
    struct error err = {0};
    enum status status = writer_run(trainer->site->writer, add_version, &version, false, &err);
    if (status != STATUS_OK) {
        log_write(LOG_ERROR, "round_not_started", "%s", err.text);
        pthread_mutex_lock(&trainer->mutex);
        trainer->wanted = false;
        pthread_mutex_unlock(&trainer->mutex);
        return;
    }
    pthread_mutex_lock(&trainer->mutex);
    trainer->wanted = false; /* what is asked for from here on is another round */
    trainer->now = (struct round_state){.running = true,
                                        .version = version.version,
                                        .phase = "starting",
                                        .loss = NAN,
                                        .started_ms = version.started_ms,
                                        .phase_started_ns = clock_monotonic_ns()};
    pthread_mutex_unlock(&trainer->mutex);
    log_write(LOG_INFO, "round_started", "version %u", version.version);
    struct round_result result = {0};
    status = run_watched(trainer, version.version, &result, &err);
    finish_round(trainer, &version, status, &result, &err);
    if (status == STATUS_OK && !atomic_load(&trainer->stop)) {
        show_items(trainer, version.version);
        show_users(trainer, version.version);
    }
    round_result_free(&result);
}

/* ---- when ---- */

static uint64_t count_events(struct trainer *trainer, uint32_t *ret_version)
{
    struct serving *serving = site_acquire(trainer->site);
    struct live_view view;
    struct live_counts counts;
    live_view_take(serving->live, &view);
    live_count(&view, &counts);
    view.view.class->release(&view.view);
    *ret_version = serving->snapshot->version;
    serving_release(trainer->site, serving);
    return counts.events;
}

/* What came before a round that published nothing does not ask for the next one at once. */
static bool are_enough(const struct trainer *trainer, uint64_t n_events, uint32_t version)
{
    const int64_t after = trainer->site->settings->training.after_events;
    const uint64_t tried = version == trainer->tried_on ? trainer->n_tried : 0;
    return after > 0 && n_events >= tried && n_events - tried >= (uint64_t)after;
}

static bool is_due(struct trainer *trainer)
{
    const struct settings *settings = trainer->site->settings;
    uint32_t version;
    const uint64_t n_events = count_events(trainer, &version);
    if (!trainer->asked_at_start) {
        trainer->asked_at_start = true;
        if (settings->training.at_start && n_events > 0)
            return true;
    }
    if (are_enough(trainer, n_events, version))
        return true;
    if (settings->training.every_ms < 0 || n_events == 0)
        return false;
    const int64_t waited_ms = (clock_monotonic_ns() - trainer->last_round_ns) / 1000000;
    return waited_ms >= settings->training.every_ms;
}

/* ---- the thread ---- */

static bool wait_tick(struct trainer *trainer, bool *ret_wanted)
{
    const struct timespec until = clock_monotonic_in(TICK_MS);
    pthread_mutex_lock(&trainer->mutex);
    if (!trainer->wanted && !trainer->ends)
        pthread_cond_clockwait(&trainer->wakes, &trainer->mutex, CLOCK_MONOTONIC, &until);
    *ret_wanted = trainer->wanted;
    const bool ends = trainer->ends;
    pthread_mutex_unlock(&trainer->mutex);
    return !ends;
}

static void *trainer_main(void *argument)
{
    struct trainer *trainer = argument;
    bool wanted;
    struct error err = {0};
    if (writer_run(trainer->site->writer, trainer_end_interrupted, NULL, false, &err) != STATUS_OK)
        log_write(LOG_WARNING, "rounds_not_ended", "%s", err.text);
    while (wait_tick(trainer, &wanted)) {
        trainer_follow_store(trainer);
        if (!wanted && !is_due(trainer))
            continue;
        trainer->n_tried = count_events(trainer, &trainer->tried_on);
        run_round(trainer);
        trainer->last_round_ns = clock_monotonic_ns();
        pthread_mutex_lock(&trainer->mutex);
        atomic_store(&trainer->stop, trainer->ends);
        pthread_mutex_unlock(&trainer->mutex);
    }
    return NULL;
}

enum status trainer_start(struct site *site, struct trainer **ret_trainer, struct error *reterr)
{
    struct trainer *trainer = calloc(1, sizeof *trainer);
    if (!trainer)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the trainer");
    trainer->site = site;
    trainer->now.loss = NAN;
    trainer->last_round_ns = clock_monotonic_ns();
    enum status status = store_open(site->folder, STORE_READ, &trainer->store, reterr);
    if (status != STATUS_OK) {
        free(trainer);
        return status;
    }
    store_data_version(trainer->store, &trainer->data_version);
    pthread_mutex_init(&trainer->mutex, NULL);
    pthread_cond_init(&trainer->wakes, NULL);
    /* what is there already asks for nothing but by training.at_start */
    trainer->n_tried = count_events(trainer, &trainer->tried_on);
    if (pthread_create(&trainer->thread, NULL, trainer_main, trainer) != 0) {
        store_close(trainer->store);
        free(trainer);
        return error_set(reterr, STATUS_IO, "cannot start the trainer's thread");
    }
    *ret_trainer = trainer;
    return STATUS_OK;
}

void trainer_stop(struct trainer *trainer)
{
    if (!trainer)
        return;
    pthread_mutex_lock(&trainer->mutex);
    trainer->ends = true;
    atomic_store(&trainer->stop, true);
    pthread_cond_signal(&trainer->wakes);
    pthread_mutex_unlock(&trainer->mutex);
    pthread_join(trainer->thread, NULL);
    board_close(trainer->board);
    store_close(trainer->store);
    pthread_cond_destroy(&trainer->wakes);
    pthread_mutex_destroy(&trainer->mutex);
    free(trainer);
}
