#include "server/serving_log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "board/listing.h"

#define RUN_PREFIX "day-"

static const char state_name[] = "serving.json";

enum {
    RUN_NAME_SIZE = 32,
    MINUTES = 1440,
    LOST_STEP = 1 << 20 /* the last of a day whose state cannot be read: past any of a day */
};
static const int64_t minute_ms = 60000, day_ms = INT64_C(86400000);

struct day {
    int64_t number; /* since 1970 */
    int64_t last_step;
    bool finished; /* its sums are drawn */
    struct figures sums;
};

struct serving_log {
    const char *logdir;
    const struct event_types *types;
    size_t days;
    uint64_t bytes_max;
    struct board *board;
    struct board_run *run; /* of `day`; NULL: not open */
    struct day day;
    bool looked_back; /* the days before are finished */
};

static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static void run_name(int64_t day, char out[RUN_NAME_SIZE])
{
    char text[TIME_TEXT_SIZE];
    time_format(day * day_ms, text);
    snprintf(out, RUN_NAME_SIZE, RUN_PREFIX "%.10s", text);
}

/* ---- what a start must know ---- */

static enum status state_path(const struct serving_log *log, const char *run,
                              char out[PATH_BYTES_MAX])
{
    char folder[PATH_BYTES_MAX];
    const enum status status = path_join(folder, log->logdir, run);
    return status == STATUS_OK ? path_join(out, folder, state_name) : status;
}

static enum status parse_state(const struct buffer *text, struct day *ret_day)
{
    json_t *value;
    struct day day = {0};
    if (json_parse(text->data ? text->data : "", text->size, &value, NULL) != STATUS_OK)
        return STATUS_MALFORMED;
    const json_t *step = json_object_get(value, "last_step");
    const json_t *number = json_object_get(value, "day");
    enum status status =
        json_is_integer(step) && json_is_integer(number) ? STATUS_OK : STATUS_MALFORMED;
    if (status == STATUS_OK)
        status = figures_read_json(json_object_get(value, "figures"), &day.sums);
    if (status == STATUS_OK) {
        day.number = json_integer_value(number);
        day.last_step = json_integer_value(step);
        day.finished = json_is_true(json_object_get(value, "finished"));
        *ret_day = day;
    }
    json_decref(value);
    return status;
}

/* The day as it was left; a new one where there is nothing. */
static void load_day(const struct serving_log *log, int64_t number, struct day *ret_day)
{
    char run[RUN_NAME_SIZE], path[PATH_BYTES_MAX], folder[PATH_BYTES_MAX];
    struct buffer text = {0};
    struct day day = {.number = number, .last_step = -1};
    run_name(number, run);
    enum status status = state_path(log, run, path);
    const bool there =
        path_join(folder, log->logdir, run) == STATUS_OK && access(folder, F_OK) == 0;
    if (status == STATUS_OK)
        status = file_read(path, FIGURES_JSON_MAX, &text, NULL);
    if (status == STATUS_OK)
        status = parse_state(&text, &day);
    buffer_free(&text);
    if ((there && status != STATUS_OK) || day.number != number || day.last_step < -1)
        day = (struct day){.number = number, .last_step = LOST_STEP};
    *ret_day = day;
}

static enum status save_day(const struct serving_log *log, const struct day *day,
                            struct error *reterr)
{
    char run[RUN_NAME_SIZE], path[PATH_BYTES_MAX], folder[PATH_BYTES_MAX];
    struct buffer text = {.limit = FIGURES_JSON_MAX};
    run_name(day->number, run);
    if (state_path(log, run, path) != STATUS_OK || path_join(folder, log->logdir, run) != STATUS_OK)
        return error_set(reterr, STATUS_TOO_LARGE, "the path of run %s is too long", run);
    buffer_printf(&text,
                  "{\"day\": %" PRId64 ", \"last_step\": %" PRId64 ", \"finished\": %s, "
                  "\"figures\": ",
                  day->number, day->last_step, day->finished ? "true" : "false");
    figures_append_json(&day->sums, &text);
    buffer_append_text(&text, "}\n");
    enum status status = text.failed ? error_set(reterr, STATUS_NO_MEMORY, "out of memory")
                                     : folder_make(folder, reterr);
    if (status == STATUS_OK)
        status = file_replace(path, text.data, text.size, 0640, reterr);
    buffer_free(&text);
    return status;
}

/* ---- runs ---- */

/* What a reader sees first: is it up, is it quick, is what it shows chosen? */
static void show_layout(struct board_run *run)
{
    static const char *const load[] = {"serving/(requests|lists)_per_second$", NULL};
    static const char *const latency[] = {"latency/.*", NULL};
    static const char *const faults[] = {"serving/share_(refused|failed)$", NULL};
    static const char *const cache[] = {"serving/share_from_cache$", NULL};
    static const char *const strategies[] = {"strategy/.*", NULL};
    static const char *const events[] = {"events_per_hour/.*", NULL};
    static const char *const chosen[] = {"online/.*", NULL};
    static const char *const ranks[] = {"online_by_rank/.*", NULL};
    static const char *const versions[] = {"online_by_version/.*", NULL};
    static const char *const days[] = {"day/chosen_of_.*", NULL};
    static const struct board_chart serving[] = {
        {"Requests and lists a second", load},  {"Milliseconds to recommend", latency},
        {"Refused and failed", faults},         {"From the cache", cache},
        {"Share of each strategy", strategies}, {"Events an hour", events}};
    static const struct board_chart online[] = {{"Chosen, of all recommended items", chosen},
                                                {"Chosen, by place in the list", ranks},
                                                {"Chosen, by model version", versions},
                                                {"Chosen, by day", days}};
    static const struct board_category categories[] = {
        {"Serving, by the minute of the day", serving, sizeof serving / sizeof *serving},
        {"Recommended, then chosen", online, sizeof online / sizeof *online}};
    board_layout(run, categories, sizeof categories / sizeof *categories);
}

static enum status open_board(struct serving_log *log, struct error *reterr)
{
    return log->board ? STATUS_OK : board_open(log->logdir, &log->board, reterr);
}

static void open_run(struct serving_log *log)
{
    char name[RUN_NAME_SIZE];
    if (log->run)
        return;
    run_name(log->day.number, name);
    log->run = board_run_open(log->board, name, log->day.last_step);
    show_layout(log->run);
    board_prune(log->board, RUN_PREFIX, log->days);
    board_prune_size(log->board, RUN_PREFIX, log->bytes_max, SERVING_LOG_FILES_MAX);
}

static void close_run(struct serving_log *log)
{
    board_run_close(log->run);
    log->run = NULL;
}

/* The sums of the day as points, in its run, which is open. */
static enum status finish_day(struct serving_log *log, struct board_run *run, struct day *day,
                              struct error *reterr)
{
    day->finished = true;
    figures_show_day(run, day->number, &day->sums);
    board_flush(run);
    return save_day(log, day, reterr);
}

/* The newest day before this one, whose midnight came while nothing ran. */
static enum status finish_last(struct serving_log *log, struct error *reterr)
{
    char today[RUN_NAME_SIZE], path[PATH_BYTES_MAX];
    struct run_listing *listing;
    struct buffer text = {0};
    struct day day;
    run_name(log->day.number, today);
    enum status status = run_listing_new(log->logdir, RUN_PREFIX, &listing, reterr);
    if (status != STATUS_OK)
        return status;
    const char *last = NULL;
    for (size_t i = 0; i < run_listing_count(listing); i++) {
        const char *name = run_listing_at(listing, i);
        if (strcmp(name, today) < 0 && (!last || strcmp(name, last) > 0))
            last = name;
    }
    if (last && state_path(log, last, path) == STATUS_OK &&
        file_read(path, FIGURES_JSON_MAX, &text, NULL) == STATUS_OK &&
        parse_state(&text, &day) == STATUS_OK && !day.finished) {
        struct board_run *run = board_run_open(log->board, last, day.last_step + 1);
        status = finish_day(log, run, &day, reterr);
        board_run_close(run);
    }
    buffer_free(&text);
    run_listing_free(listing);
    return status;
}

/* ---- points ---- */

/* The minute in which the interval ended, behind the last step in any case. */
static int64_t next_step(const struct day *day, int64_t now_ms)
{
    const int64_t now_day = floor_divide(now_ms, day_ms);
    int64_t step = MINUTES;
    if (now_day == day->number)
        step = (now_ms - now_day * day_ms) / minute_ms;
    else if (now_day < day->number)
        step = 0;
    return step > day->last_step ? step : day->last_step + 1;
}

static void show_point(struct serving_log *log, const struct figures *interval)
{
    const struct day *day = &log->day;
    struct buffer text = {0};
    figures_show(log->run, day->last_step, interval, log->types);
    figures_append_table(&day->sums, log->types, &text);
    if (!text.failed)
        board_text(log->run, "serving/day_so_far", day->last_step, text.data);
    buffer_free(&text);
    board_flush(log->run);
}

static enum status write_point(struct serving_log *log, const struct figures *interval,
                               struct error *reterr)
{
    enum status status = open_board(log, reterr);
    if (status == STATUS_OK && !log->looked_back) {
        log->looked_back = true;
        status = finish_last(log, reterr);
    }
    if (status == STATUS_OK)
        status = save_day(log, &log->day, reterr);
    if (status != STATUS_OK)
        return status;
    open_run(log);
    show_point(log, interval);
    return STATUS_OK;
}

enum status serving_log_new(const char *logdir, const struct event_types *types, size_t days,
                            uint64_t bytes_max, int64_t now_ms, struct serving_log **ret_log)
{
    struct serving_log *log = calloc(1, sizeof *log);
    if (!log)
        return STATUS_NO_MEMORY;
    log->logdir = logdir;
    log->types = types;
    log->days = days;
    log->bytes_max = bytes_max;
    load_day(log, floor_divide(now_ms, day_ms), &log->day);
    *ret_log = log;
    return STATUS_OK;
}

void serving_log_free(struct serving_log *log)
{
    if (!log)
        return;
    board_close(log->board);
    free(log);
}

enum status serving_log_write(struct serving_log *log, const struct figures *interval,
                              int64_t now_ms, struct error *reterr)
{
    const int64_t now_day = floor_divide(now_ms, day_ms);
    log->day.last_step = next_step(&log->day, now_ms);
    log->day.finished = false;
    figures_add(&log->day.sums, interval);
    enum status status = write_point(log, interval, reterr);
    if (now_day != log->day.number) {
        if (status == STATUS_OK)
            status = finish_day(log, log->run, &log->day, reterr);
        close_run(log);
        load_day(log, now_day, &log->day);
    }
    if (status == STATUS_OK && board_take_error(log->board, reterr)) {
        close_run(log); /* the next point tries a new file */
        status = reterr ? reterr->status : STATUS_IO;
    }
    return status;
}
