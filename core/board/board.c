#include "board/board.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "board/board_parts.h"
#include "board/event.h"
#include "board/listing.h"
#include "board/names.h"
#include "board/record.h"
#include "board/summary.h"

/* Neither name may contain "tfevents": readers take every file that does. */
static const char lock_name[] = ".tastevin.lock";
static const char writer_name[] = "tastevin";

/* ---- failures ---- */

void board_note_failure(struct board *board, const struct error *err)
{
    pthread_mutex_lock(&board->mutex);
    board->failures++;
    if (!board->failing) {
        board->failing = true;
        board->told = false;
        board->err = *err;
    }
    pthread_mutex_unlock(&board->mutex);
}

bool board_take_error(struct board *board, struct error *ret_error)
{
    if (!board)
        return false;
    pthread_mutex_lock(&board->mutex);
    const bool news = board->err.status != STATUS_OK && !board->told;
    if (news)
        *ret_error = board->err;
    board->told = true;
    pthread_mutex_unlock(&board->mutex);
    return news;
}

uint64_t board_failures(struct board *board)
{
    if (!board)
        return 0;
    pthread_mutex_lock(&board->mutex);
    const uint64_t failures = board->failures;
    pthread_mutex_unlock(&board->mutex);
    return failures;
}

/* No more writes to this run; its file ends with its last whole record. */
static void quieten(struct board_run *run, const struct error *err)
{
    board_note_failure(run->board, err);
    if (run->fd < 0)
        return;
    if (ftruncate(run->fd, (off_t)run->size) != 0) {
        /* Half a record stays at the end. Readers wait there, and the run has ended anyway. */
    }
    close(run->fd);
    run->fd = -1;
}

/* ---- the board ---- */

static enum status lock_logdir(const char *logdir, int *ret_fd, struct error *reterr)
{
    char path[PATH_BYTES_MAX];
    if (path_join(path, logdir, lock_name) != STATUS_OK)
        return error_set(reterr, STATUS_TOO_LARGE, "the path %.100s… is too long", logdir);
    const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW, 0640);
    if (fd < 0)
        return error_set_errno(reterr, errno, "cannot create %s", path);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        const int reason = errno;
        close(fd);
        if (reason == EWOULDBLOCK)
            return error_set(reterr, STATUS_BUSY,
                             "another process writes to the log directory %s; give each its own",
                             logdir);
        return error_set_errno(reterr, reason, "cannot lock %s", path);
    }
    *ret_fd = fd;
    return STATUS_OK;
}

enum status board_open(const char *logdir, struct board **ret_board, struct error *reterr)
{
    enum status status = folder_make(logdir, reterr);
    if (status != STATUS_OK)
        return status;
    int lock_fd;
    status = lock_logdir(logdir, &lock_fd, reterr);
    if (status != STATUS_OK)
        return status;
    struct board *board = calloc(1, sizeof *board);
    if (!board || !(board->logdir = strdup(logdir))) {
        free(board);
        close(lock_fd);
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the log directory");
    }
    board->lock_fd = lock_fd;
    pthread_mutex_init(&board->mutex, NULL);
    *ret_board = board;
    return STATUS_OK;
}

void board_close(struct board *board)
{
    if (!board)
        return;
    while (board->runs)
        board_run_close(board->runs);
    close(board->lock_fd); /* and with it the lock; the file stays, so that nobody locks another */
    pthread_mutex_destroy(&board->mutex);
    free(board->logdir);
    free(board);
}

static bool run_is_open(const struct board *board, const char *name)
{
    for (const struct board_run *run = board->runs; run; run = run->next)
        if (strcmp(run->name, name) == 0)
            return true;
    return false;
}

/* ---- records ---- */

/* Frames run->event and writes it. */
void board_write_event(struct board_run *run)
{
    struct error err = {0};
    buffer_clear(&run->record);
    record_append(&run->record, run->event.data, run->event.size);
    if (run->event.failed || run->record.failed) {
        error_set(&err, STATUS_NO_MEMORY, "out of memory for an event of run %s", run->name);
        quieten(run, &err);
        return;
    }
    if (run->size + run->record.size > BOARD_RUN_BYTES_MAX) {
        error_set(&err, STATUS_TOO_LARGE,
                  "run %s has reached %d MB of events; the rest is left out", run->name,
                  BOARD_RUN_BYTES_MAX >> 20);
        quieten(run, &err);
        return;
    }
    ssize_t n;
    do {
        n = write(run->fd, run->record.data, run->record.size);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        error_set_errno(&err, errno, "cannot write to run %s", run->name);
    else if ((size_t)n != run->record.size)
        error_set(&err, STATUS_DISK_FULL, "only a part of an event could be written to run %s",
                  run->name);
    if (err.status != STATUS_OK)
        quieten(run, &err);
    else
        run->size += run->record.size;
}

/* ---- runs ---- */

static struct board_run *run_new(struct board *board, const char *name, int64_t first_step)
{
    struct board_run *run = calloc(1, sizeof *run);
    if (run) {
        run->board = board;
        run->fd = -1;
        run->first_step = first_step < 0                ? 0
                          : first_step > BOARD_STEP_MAX ? BOARD_STEP_MAX
                                                        : first_step;
        run_name_clean(name, run->name);
    }
    return run;
}

static void run_free(struct board_run *run)
{
    if (run->fd >= 0)
        close(run->fd);
    idmap_free(&run->tag_names);
    free(run->tags);
    buffer_free(&run->event);
    buffer_free(&run->record);
    buffer_free(&run->values);
    free(run);
}

static enum status create_file(struct board_run *run, struct error *reterr)
{
    char folder[PATH_BYTES_MAX], name[EVENT_FILE_NAME_MAX + 1], path[PATH_BYTES_MAX];
    if (path_join(folder, run->board->logdir, run->name) != STATUS_OK)
        return error_set(reterr, STATUS_TOO_LARGE, "the path of run %s is too long", run->name);
    enum status status = folder_make(folder, reterr);
    if (status == STATUS_OK)
        status = event_file_name(folder, clock_now_ms() / 1000, BOARD_RUN_FILES_MAX, name, reterr);
    if (status != STATUS_OK)
        return status;
    if (path_join(path, folder, name) != STATUS_OK)
        return error_set(reterr, STATUS_TOO_LARGE, "the path of run %s is too long", run->name);
    run->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (run->fd < 0)
        return error_set_errno(reterr, errno, "cannot create %s", path);
    return STATUS_OK;
}

static void write_opening(struct board_run *run)
{
    const double now = event_wall_time(clock_now_ms());
    event_file_version(&run->event, now, writer_name);
    board_write_event(run);
    if (run->fd < 0)
        return;
    buffer_clear(&run->event);
    event_session_start(&run->event, now, run->first_step);
    board_write_event(run);
}

/* Puts the run on the board's list, unless one of its name is there. */
static enum status list_run(struct board_run *run, struct error *reterr)
{
    struct board *board = run->board;
    enum status status = STATUS_OK;
    pthread_mutex_lock(&board->mutex);
    if (run_is_open(board, run->name)) {
        status = error_set(reterr, STATUS_BUSY, "run %s is open already", run->name);
    } else {
        run->next = board->runs;
        board->runs = run;
    }
    pthread_mutex_unlock(&board->mutex);
    return status;
}

static void unlist_run(struct board_run *run)
{
    struct board *board = run->board;
    pthread_mutex_lock(&board->mutex);
    struct board_run **at = &board->runs;
    while (*at != run)
        at = &(*at)->next;
    *at = run->next;
    pthread_mutex_unlock(&board->mutex);
}

static void note_success(struct board *board)
{
    pthread_mutex_lock(&board->mutex);
    board->failing = false;
    pthread_mutex_unlock(&board->mutex);
}

struct board_run *board_run_open(struct board *board, const char *name, int64_t first_step)
{
    if (!board)
        return NULL;
    struct error err = {0};
    struct board_run *run = run_new(board, name, first_step);
    if (!run) {
        error_set(&err, STATUS_NO_MEMORY, "out of memory for run %.100s", name);
        board_note_failure(board, &err);
        return NULL;
    }
    if (list_run(run, &err) != STATUS_OK) {
        board_note_failure(board, &err);
        run_free(run);
        return NULL;
    }
    if (create_file(run, &err) != STATUS_OK)
        board_note_failure(board, &err);
    else
        write_opening(run);
    if (run->fd < 0) {
        unlist_run(run);
        run_free(run);
        return NULL;
    }
    note_success(board);
    return run;
}

void board_run_close(struct board_run *run)
{
    if (!run)
        return;
    board_flush(run);
    unlist_run(run);
    run_free(run);
}

/* ---- tags ---- */

static const char *const kind_names[] = {
    [TAG_SCALAR] = "scalars",  [TAG_TEXT] = "texts",     [TAG_HISTOGRAM] = "histograms",
    [TAG_PR_CURVE] = "curves", [TAG_IMAGE] = "pictures", [TAG_TRIAL] = "a trial",
    [TAG_LAYOUT] = "a layout", [TAG_GRAPH] = "graphs",   [TAG_COSTS] = "costs",
};

static enum status add_tag(struct board_run *run, const char *name, size_t length,
                           enum tag_kind kind, uint32_t *ret_tag)
{
    const uint32_t count = run->tag_names.count;
    if (count == BOARD_TAGS_MAX)
        return STATUS_TOO_LARGE;
    if (count == run->tags_capacity) {
        const size_t capacity = count ? 2 * (size_t)count : 16;
        struct tag *tags = realloc(run->tags, capacity * sizeof *tags);
        if (!tags)
            return STATUS_NO_MEMORY;
        run->tags = tags;
        run->tags_capacity = capacity;
    }
    const enum status status = idmap_add(&run->tag_names, count, name, length);
    if (status == STATUS_OK) {
        run->tags[count] = (struct tag){.last_step = run->first_step - 1, .kind = kind};
        *ret_tag = count;
    }
    return status;
}

/* The number of a clean tag that can take a value of this kind at this step; what it refuses is
 * noted. */
static bool find_tag(struct board_run *run, const char *name, enum tag_kind kind, int64_t step,
                     uint32_t *ret_tag)
{
    struct error err = {0};
    const size_t length = strlen(name);
    uint32_t tag = idmap_find(&run->tag_names, name, length);
    if (step > BOARD_STEP_MAX) {
        error_set(&err, STATUS_OUT_OF_RANGE,
                  "the step %" PRId64 " of tag %s of run %s is past 2^53", step, name, run->name);
    } else if (tag == IDMAP_NONE) {
        const enum status status = add_tag(run, name, length, kind, &tag);
        if (status != STATUS_OK)
            error_set(&err, status, "run %s has no room for the tag %s (at most %d)", run->name,
                      name, BOARD_TAGS_MAX);
    } else if (run->tags[tag].kind != kind) {
        error_set(&err, STATUS_CONFLICT, "the tag %s of run %s holds %s already", name, run->name,
                  kind_names[run->tags[tag].kind]);
    }
    if (err.status != STATUS_OK) {
        board_note_failure(run->board, &err);
        return false;
    }
    *ret_tag = tag;
    return true;
}

/* The step itself, or the one after the tag's last where that is greater. */
static int64_t rising_step(const struct tag *tag, int64_t step)
{
    return step > tag->last_step ? step : tag->last_step + 1;
}

struct tag *board_tag_begin(struct board_run *run, const char *tag, enum tag_kind kind,
                            int64_t step, char ret_name[TAG_BYTES_MAX + 1])
{
    uint32_t number;
    if (!run || run->fd < 0)
        return NULL;
    board_flush(run);
    tag_clean(tag, ret_name);
    if (run->fd < 0 || !find_tag(run, ret_name, kind, step, &number))
        return NULL;
    struct tag *entry = &run->tags[number];
    entry->last_step = rising_step(entry, step);
    buffer_clear(&run->event);
    return entry;
}

/* ---- values ---- */

void board_flush(struct board_run *run)
{
    if (!run || run->n_gathered == 0)
        return;
    if (run->fd >= 0) {
        buffer_clear(&run->event);
        event_summary(&run->event, run->wall_time, run->step, &run->values);
        board_write_event(run);
    }
    for (size_t i = 0; i < run->n_gathered; i++) {
        run->tags[run->gathered[i]].last_step = run->step;
        run->tags[run->gathered[i]].gathered = false;
    }
    run->n_gathered = 0;
    buffer_clear(&run->values);
}

/* True if the point belongs to the event that is being gathered. */
static bool joins(const struct board_run *run, const struct tag *tag, int64_t step)
{
    return run->n_gathered > 0 && run->n_gathered < BOARD_BATCH_MAX && run->asked_step == step &&
           !tag->gathered;
}

void board_scalar(struct board_run *run, const char *tag, int64_t step, double value)
{
    char name[TAG_BYTES_MAX + 1];
    uint32_t number;
    if (!run || run->fd < 0)
        return;
    tag_clean(tag, name);
    if (!find_tag(run, name, TAG_SCALAR, step, &number))
        return;
    if (!joins(run, &run->tags[number], step)) {
        board_flush(run);
        run->asked_step = run->step = step;
        run->wall_time = event_wall_time(clock_now_ms());
    }
    run->step = rising_step(&run->tags[number], run->step);
    run->tags[number].gathered = true;
    run->gathered[run->n_gathered++] = number;
    value_scalar(&run->values, name, (float)value);
}

/* ---- retention ---- */

/* NULL where the directory cannot be listed, which is noted. */
static struct run_listing *list_runs(struct board *board, const char *prefix)
{
    struct error err = {0};
    struct run_listing *listing = NULL;
    if (run_listing_new(board->logdir, prefix, &listing, &err) != STATUS_OK)
        board_note_failure(board, &err);
    return listing;
}

/* True once the run is gone. */
static bool remove_run(struct board *board, const char *name)
{
    struct error err = {0};
    char path[PATH_BYTES_MAX];
    pthread_mutex_lock(&board->mutex);
    const bool open = run_is_open(board, name);
    pthread_mutex_unlock(&board->mutex);
    if (open || path_join(path, board->logdir, name) != STATUS_OK)
        return false; /* a path that is too long is not one of ours */
    if (folder_remove(path, &err) == STATUS_OK)
        return true;
    board_note_failure(board, &err);
    return false;
}

void board_prune(struct board *board, const char *prefix, size_t keep)
{
    struct run_listing *listing = board ? list_runs(board, prefix) : NULL;
    if (!listing)
        return;
    size_t left = run_listing_count(listing);
    for (size_t i = 0; i < run_listing_count(listing) && left > keep; i++)
        if (remove_run(board, run_listing_at(listing, i)))
            left--;
    run_listing_free(listing);
}

void board_prune_size(struct board *board, const char *prefix, uint64_t bytes_max, size_t files_max)
{
    struct run_listing *listing = board ? list_runs(board, prefix) : NULL;
    if (!listing)
        return;
    const size_t n = run_listing_count(listing);
    uint64_t bytes = 0;
    size_t files = 0;
    for (size_t i = 0; i < n; i++) {
        bytes += run_listing_bytes(listing, i);
        files += run_listing_files(listing, i);
    }
    for (size_t i = 0; i + 1 < n && (bytes > bytes_max || files > files_max); i++)
        if (remove_run(board, run_listing_at(listing, i))) {
            bytes -= run_listing_bytes(listing, i);
            files -= run_listing_files(listing, i);
        }
    run_listing_free(listing);
}
