/* What these catch: a step that comes again after a restart, a crash or a clock that was set back;
 * a day that loses what was before a restart, or is never summed up; days without end; a log
 * directory that cannot be written and takes the daemon along. */
#include "server/serving_log.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/event_reader.h"
#include "support/test.h"

#define MINUTE INT64_C(60000)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
#define NOON   (20000 * DAY + 12 * HOUR) /* 2024-10-04 */

enum { EVENTS_MAX = 512, STEPS_MAX = 64 };

static struct event events[EVENTS_MAX];
static struct event_types types;

static struct serving_log *open_log(const char *logdir, int64_t now_ms, size_t days)
{
    struct serving_log *log;
    event_types_init(&types);
    assert_int_equal(serving_log_new(logdir, &types, days, 1 << 26, now_ms, &log), STATUS_OK);
    return log;
}

static void write_hour(struct serving_log *log, int64_t now_ms)
{
    struct figures interval = {.milliseconds = 3600000, .requests = 7200};
    struct error err = {0};
    if (serving_log_write(log, &interval, now_ms, &err) != STATUS_OK)
        fail_msg("%s", err.text);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* The values of a tag in all files of a run, in the order in which readers see them. */
static size_t read_tag(const char *logdir, const char *run, const char *tag,
                       int64_t steps[STEPS_MAX], double values[STEPS_MAX])
{
    char folder[PATH_BYTES_MAX], names[64][256];
    size_t n_names = 0, n = 0;
    snprintf(folder, sizeof folder, "%s/%s", logdir, run);
    DIR *dir = opendir(folder);
    if (!dir)
        return 0;
    for (const struct dirent *entry; (entry = readdir(dir));)
        if (strstr(entry->d_name, "tfevents"))
            snprintf(names[n_names++], 256, "%s", entry->d_name);
    closedir(dir);
    qsort(names, n_names, sizeof *names, by_name);
    for (size_t f = 0; f < n_names; f++) {
        int end;
        struct buffer file = file_bytes(in_folder(folder, names[f]));
        const size_t count = events_read(&file, events, EVENTS_MAX, &end);
        assert_int_equal(end, STATUS_NOT_FOUND);
        for (size_t e = 0; e < count; e++)
            for (size_t v = 0; v < events[e].n_values; v++)
                if (strcmp(events[e].values[v].tag, tag) == 0 && n < STEPS_MAX) {
                    steps[n] = events[e].step;
                    values[n++] = (double)events[e].values[v].scalar;
                }
        buffer_free(&file);
    }
    return n;
}

static void assert_steps(const char *logdir, const char *run, const int64_t *wanted, size_t n)
{
    int64_t steps[STEPS_MAX];
    double values[STEPS_MAX];
    assert_int_equal(read_tag(logdir, run, "serving/requests_per_second", steps, values), n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(steps[i], wanted[i]);
        assert_true(values[i] == 2);
    }
}

static void a_restart_goes_on_behind_the_last_step(void **state)
{
    struct serving_log *log = open_log(*state, NOON, 30);
    write_hour(log, NOON + 10);
    write_hour(log, NOON + 20); /* the same minute */
    serving_log_free(log);
    log = open_log(*state, NOON, 30);
    write_hour(log, NOON + 30);
    write_hour(log, NOON + HOUR);
    serving_log_free(log);
    assert_steps(*state, "day-2024-10-04", (const int64_t[]){720, 721, 722, 780}, 4);
}

static void midnight_ends_a_day_with_its_sums(void **state)
{
    int64_t steps[STEPS_MAX];
    double values[STEPS_MAX];
    struct serving_log *log = open_log(*state, NOON, 30);
    write_hour(log, NOON + HOUR);
    serving_log_free(log); /* its first hour survives the restart */
    log = open_log(*state, NOON + 2 * HOUR, 30);
    write_hour(log, NOON + 12 * HOUR);
    write_hour(log, NOON + 13 * HOUR);
    serving_log_free(log);
    assert_steps(*state, "day-2024-10-04", (const int64_t[]){780, 1440}, 2);
    assert_steps(*state, "day-2024-10-05", (const int64_t[]){60}, 1);
    assert_int_equal(read_tag(*state, "day-2024-10-04", "day/requests", steps, values), 1);
    assert_int_equal(steps[0], 20000);
    assert_true(values[0] == 14400);
    assert_int_equal(read_tag(*state, "day-2024-10-05", "day/requests", steps, values), 0);
}

static void a_day_that_ended_while_nothing_ran_is_summed_up_once(void **state)
{
    int64_t steps[STEPS_MAX];
    double values[STEPS_MAX];
    struct serving_log *log = open_log(*state, NOON, 30);
    write_hour(log, NOON + HOUR);
    serving_log_free(log);
    for (int start = 0; start < 3; start++) {
        log = open_log(*state, NOON + 3 * DAY + start * HOUR, 30);
        write_hour(log, NOON + 3 * DAY + start * HOUR + MINUTE);
        serving_log_free(log);
    }
    assert_int_equal(read_tag(*state, "day-2024-10-04", "day/requests", steps, values), 1);
    assert_true(values[0] == 7200);
}

static void a_clock_that_is_set_back_repeats_no_step(void **state)
{
    struct serving_log *log = open_log(*state, NOON, 30);
    write_hour(log, NOON + HOUR);
    write_hour(log, NOON - 2 * HOUR); /* the same day, earlier */
    write_hour(log, NOON - DAY);      /* ends this day; the one before begins */
    write_hour(log, NOON - DAY + HOUR);
    write_hour(log, NOON + 2 * HOUR); /* and this one goes on */
    write_hour(log, NOON + 3 * HOUR);
    serving_log_free(log);
    assert_steps(*state, "day-2024-10-04", (const int64_t[]){780, 781, 782, 900}, 4);
    assert_steps(*state, "day-2024-10-03", (const int64_t[]){780, 1440}, 2);
    log = open_log(*state, -10 * 365 * DAY, 30); /* before 1970 */
    write_hour(log, -10 * 365 * DAY + HOUR);
    serving_log_free(log);
    assert_steps(*state, "day-1960-01-04", (const int64_t[]){60}, 1);
}

static void a_state_that_is_damaged_repeats_no_step(void **state)
{
    struct serving_log *log = open_log(*state, NOON, 30);
    write_hour(log, NOON + HOUR);
    serving_log_free(log);
    file_put(in_folder(in_folder(*state, "day-2024-10-04"), "serving.json"), "{\"day\": 20", 10);
    log = open_log(*state, NOON, 30);
    write_hour(log, NOON + 2 * HOUR);
    serving_log_free(log);
    assert_steps(*state, "day-2024-10-04", (const int64_t[]){780, (1 << 20) + 1}, 2);
}

static void only_the_last_days_are_kept(void **state)
{
    struct serving_log *log = open_log(*state, NOON, 3);
    for (int day = 0; day < 8; day++)
        write_hour(log, NOON + day * DAY);
    serving_log_free(log);
    size_t n = 0;
    DIR *dir = opendir(*state);
    assert_non_null(dir);
    for (const struct dirent *entry; (entry = readdir(dir));)
        n += strncmp(entry->d_name, "day-", 4) == 0;
    closedir(dir);
    assert_true(n >= 2 && n <= 3);
    assert_int_equal(access(in_folder(*state, "day-2024-10-10"), F_OK), 0);
    assert_int_not_equal(access(in_folder(*state, "day-2024-10-04"), F_OK), 0);
}

static void a_directory_that_cannot_be_written_is_told_and_tried_again(void **state)
{
    const struct figures interval = {.milliseconds = 3600000, .requests = 7200};
    struct error err = {0};
    char logdir[PATH_BYTES_MAX];
    int64_t steps[STEPS_MAX];
    double values[STEPS_MAX];
    assert_int_equal(path_join(logdir, *state, "logs"), STATUS_OK);
    file_put(logdir, "x", 1); /* a file */
    struct serving_log *log = open_log(logdir, NOON, 30);
    assert_int_equal(serving_log_write(log, &interval, NOON + HOUR, &err), STATUS_CONFLICT);
    assert_non_null(strstr(err.text, "logs"));
    assert_int_equal(unlink(logdir), 0);
    write_hour(log, NOON + 12 * HOUR);
    serving_log_free(log);
    assert_steps(logdir, "day-2024-10-04", (const int64_t[]){1440}, 1);
    assert_int_equal(read_tag(logdir, "day-2024-10-04", "day/requests", steps, values), 1);
    assert_true(values[0] == 14400); /* the lost point is in the sum */
}

static void two_on_one_directory_are_told_apart(void **state)
{
    const struct figures interval = {.milliseconds = 3600000, .requests = 7200};
    struct error err = {0};
    struct serving_log *one = open_log(*state, NOON, 30), *other = open_log(*state, NOON, 30);
    write_hour(one, NOON + HOUR);
    assert_int_equal(serving_log_write(other, &interval, NOON + HOUR, &err), STATUS_BUSY);
    serving_log_free(other);
    serving_log_free(one);
    assert_steps(*state, "day-2024-10-04", (const int64_t[]){780}, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(a_restart_goes_on_behind_the_last_step),
        WITH_FOLDER(midnight_ends_a_day_with_its_sums),
        WITH_FOLDER(a_day_that_ended_while_nothing_ran_is_summed_up_once),
        WITH_FOLDER(a_clock_that_is_set_back_repeats_no_step),
        WITH_FOLDER(a_state_that_is_damaged_repeats_no_step),
        WITH_FOLDER(only_the_last_days_are_kept),
        WITH_FOLDER(a_directory_that_cannot_be_written_is_told_and_tried_again),
        WITH_FOLDER(two_on_one_directory_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
