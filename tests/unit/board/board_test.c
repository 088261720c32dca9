/* What these catch: a file that TensorBoard would not read whole, and a board that harms what it
 * watches when the disk is full, the folder is not one, or names and steps are not as they should.
 */
#include "board/board.h"

#include <dirent.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "board/record.h"
#include "support/event_reader.h"
#include "support/test.h"

enum { EVENTS_MAX = 256, FILES_MAX = 600 };

static struct event events[EVENTS_MAX];

static struct board *open_board(const char *logdir)
{
    struct board *board = NULL;
    struct error err = {0};
    if (board_open(logdir, &board, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    return board;
}

static size_t count_files(const char *folder, const char *part, char greatest[256])
{
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    size_t count = 0;
    greatest[0] = '\0';
    for (const struct dirent *entry; (entry = readdir(dir));)
        if (strstr(entry->d_name, part)) {
            count++;
            if (strcmp(entry->d_name, greatest) > 0)
                snprintf(greatest, 256, "%s", entry->d_name);
        }
    closedir(dir);
    return count;
}

static const char *newest_file(const char *logdir, const char *run)
{
    char greatest[256];
    assert_true(count_files(in_folder(logdir, run), "tfevents", greatest) > 0);
    return in_folder(in_folder(logdir, run), greatest);
}

/* The events of the newest file of a run, which must end with a whole record. */
static size_t read_run(const char *logdir, const char *run)
{
    struct buffer file = file_bytes(newest_file(logdir, run));
    int end;
    const size_t count = events_read(&file, events, EVENTS_MAX, &end);
    assert_int_equal(end, STATUS_NOT_FOUND);
    buffer_free(&file);
    return count;
}

static void a_file_begins_with_version_and_session_start(void **state)
{
    struct board *board = open_board(*state);
    struct board_run *run = board_run_open(board, "r", 17);
    assert_non_null(run);
    assert_int_equal(read_run(*state, "r"), 2); /* before anything else, and without a flush */
    assert_string_equal(events[0].file_version, "brain.Event:2");
    assert_string_equal(events[0].writer, "tastevin");
    assert_true(events[1].session_start);
    assert_int_equal(events[1].step, 17);
    assert_true(events[0].wall_time > 1.6e9 && events[0].wall_time < 1e11);
    board_close(board);
}

static void scalars_of_one_step_share_an_event(void **state)
{
    struct board *board = open_board(*state);
    struct board_run *run = board_run_open(board, "r", 0);
    for (int64_t step = 0; step < 3; step++) {
        board_scalar(run, "a/loss", step, 0.5 * (double)step);
        board_scalar(run, "b", step, NAN);
        board_scalar(run, "c", step, 1e300);
    }
    assert_int_equal(read_run(*state, "r"), 2 + 2); /* the third is still gathered */
    board_flush(run);
    board_flush(run);
    assert_int_equal(read_run(*state, "r"), 2 + 3);
    for (size_t i = 0; i < 3; i++) {
        const struct event *event = &events[2 + i];
        assert_int_equal(event->step, i);
        assert_int_equal(event->n_values, 3);
        assert_string_equal(event->values[0].tag, "a/loss");
        assert_true(event->values[0].scalar == 0.5f * (float)i);
        assert_true(isnan(event->values[1].scalar));
        assert_true(isinf(event->values[2].scalar));
    }
    board_close(board);
}

static void closing_writes_what_is_gathered(void **state)
{
    struct board *board = open_board(*state);
    board_scalar(board_run_open(board, "by-run", 0), "a", 0, 1);
    struct board_run *run = board_run_open(board, "by-board", 0);
    board_scalar(run, "a", 0, 1);
    board_run_close(run);
    board_close(board);
    assert_int_equal(read_run(*state, "by-run"), 3);
    assert_int_equal(read_run(*state, "by-board"), 3);
}

static void a_step_that_does_not_rise_is_moved_behind_the_last(void **state)
{
    static const int64_t given[] = {5, 5, 4, -3, 9, 8, 100, INT64_MIN, 101};
    static const int64_t written[] = {10, 11, 12, 13, 14, 15, 100, 101, 102};
    struct board *board = open_board(*state);
    struct board_run *run = board_run_open(board, "r", 10);
    for (size_t i = 0; i < 9; i++)
        board_scalar(run, "a", given[i], (double)i);
    board_scalar(run, "new", 101, 0); /* another tag has its own last step, but shares the event */
    board_scalar(run, "new", 50, 0);
    board_flush(run);
    assert_int_equal(read_run(*state, "r"), 2 + 10);
    for (size_t i = 0; i < 9; i++) {
        assert_int_equal(events[2 + i].step, written[i]);
        assert_true(events[2 + i].values[0].scalar == (float)i);
    }
    assert_int_equal(events[10].n_values, 2);
    assert_int_equal(events[11].step, 103);
    assert_int_equal(board_failures(board), 0);
    board_close(board);
}

static void steps_past_the_last_of_all_are_refused(void **state)
{
    struct board *board = open_board(*state);
    struct board_run *run = board_run_open(board, "r", INT64_MIN);
    board_scalar(run, "a", BOARD_STEP_MAX, 1);
    board_scalar(run, "a", BOARD_STEP_MAX, 2); /* moved, as any other */
    board_scalar(run, "a", BOARD_STEP_MAX + 1, 3);
    board_scalar(run, "a", INT64_MAX, 4);
    board_text(run, "t", INT64_MAX, "x");
    assert_int_equal(board_failures(board), 3);
    board_close(board);
    assert_int_equal(read_run(*state, "r"), 2 + 2);
    assert_int_equal(events[1].step, 0);
    assert_int_equal(events[2].step, BOARD_STEP_MAX);
    assert_int_equal(events[3].step, BOARD_STEP_MAX + 1);
}

static void a_full_batch_becomes_another_event(void **state)
{
    struct board *board = open_board(*state);
    struct board_run *run = board_run_open(board, "r", 0);
    for (int i = 0; i < BOARD_BATCH_MAX + 1; i++) {
        char tag[16];
        snprintf(tag, sizeof tag, "t%d", i);
        board_scalar(run, tag, 3, i);
    }
    board_close(board);
    assert_int_equal(read_run(*state, "r"), 2 + 2);
    assert_int_equal(events[2].n_values, BOARD_BATCH_MAX);
    assert_int_equal(events[3].n_values, 1);
    assert_int_equal(events[3].step, 3);
}

static void each_file_describes_its_texts_once(void **state)
{
    struct board *board = open_board(*state);
    for (int64_t file = 0; file < 2; file++) {
        struct board_run *run = board_run_open(board, "r", 10 * file);
        board_scalar(run, "s", 10 * file, 1);
        board_text(run, "notes", 10 * file, "one\n\n* two");
        board_text(run, "notes", 10 * file, "three \xff");
        board_run_close(run);
        assert_int_equal(read_run(*state, "r"), 2 + 3);
        assert_true(events[2].values[0].has_scalar); /* gathered before, so written before */
        assert_string_equal(events[3].values[0].plugin, "text");
        assert_string_equal(events[3].values[0].text, "one\n\n* two");
        assert_string_equal(events[4].values[0].plugin, "");
        assert_string_equal(events[4].values[0].text, "three \xef\xbf\xbd");
        assert_int_equal(events[4].step, 10 * file + 1);
    }
    char greatest[256];
    assert_int_equal(count_files(in_folder(*state, "r"), "tfevents", greatest), 2);
    board_close(board);
}

/* After a crash the old file ends in half a record; what follows must not be hidden behind it. */
static void a_cut_file_is_left_alone_and_a_new_one_follows(void **state)
{
    struct board *board = open_board(*state);
    struct board_run *run = board_run_open(board, "r", 0);
    board_scalar(run, "a", 0, 1);
    board_run_close(run);
    char old[PATH_BYTES_MAX];
    strcpy(old, newest_file(*state, "r"));
    struct buffer before = file_bytes(old);
    assert_int_equal(truncate(old, (off_t)before.size - 5), 0);
    run = board_run_open(board, "r", 1);
    board_scalar(run, "a", 1, 2);
    board_close(board);
    assert_string_not_equal(newest_file(*state, "r"), old);
    assert_true(strcmp(newest_file(*state, "r"), old) > 0);
    assert_int_equal(read_run(*state, "r"), 3);
    struct buffer after = file_bytes(old);
    assert_int_equal(after.size, before.size - 5);
    buffer_free(&before);
    buffer_free(&after);
}

static void a_tag_of_another_kind_is_refused_and_told_once(void **state)
{
    struct board *board = open_board(*state);
    struct board_run *run = board_run_open(board, "r", 0);
    struct error err = {0};
    board_text(run, "a", 0, "text");
    assert_false(board_take_error(board, &err));
    board_scalar(run, "a", 1, 1);
    board_scalar(run, "a", 2, 1);
    assert_true(board_take_error(board, &err));
    assert_int_equal(err.status, STATUS_CONFLICT);
    assert_false(board_take_error(board, &err));
    assert_int_equal(board_failures(board), 2);
    board_scalar(run, "b", 2, 1); /* the run goes on */
    board_close(board);
    assert_int_equal(read_run(*state, "r"), 2 + 2);
}

static void what_is_no_picture_is_refused_and_the_rest_goes_on(void **state)
{
    static const char png[] = "\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x02\0\0\0\x02";
    static const char other[] = "\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x02\0\0\0\x03";
    struct board_picture pictures[BOARD_IMAGES_MAX + 1];
    struct board *board = open_board(*state);
    struct board_run *run = board_run_open(board, "r", 0);
    for (size_t i = 0; i <= BOARD_IMAGES_MAX; i++)
        pictures[i] = (struct board_picture){png, sizeof png - 1};
    board_image(run, "p", 0, pictures, BOARD_IMAGES_MAX);
    assert_int_equal(board_failures(board), 0);
    board_image(run, "p", 1, pictures, BOARD_IMAGES_MAX + 1);
    board_image(run, "p", 1, pictures, 0);
    pictures[1] = (struct board_picture){other, sizeof other - 1};
    board_image(run, "p", 1, pictures, 2);
    pictures[0] = (struct board_picture){"no", 2};
    board_image(run, "p", 1, pictures, 1);
    assert_int_equal(board_failures(board), 4);
    board_scalar(run, "loss", 2, 1);
    board_close(board);
    assert_int_equal(read_run(*state, "r"), 2 + 2);
    assert_string_equal(events[2].values[0].tag, "p");
    assert_string_equal(events[3].values[0].tag, "loss");
}

static void more_tags_than_the_limit_are_refused(void **state)
{
    struct board *board = open_board(*state);
    struct board_run *run = board_run_open(board, "r", 0);
    for (int i = 0; i < BOARD_TAGS_MAX + 10; i++) {
        char tag[16];
        snprintf(tag, sizeof tag, "t%d", i);
        board_scalar(run, tag, 0, i);
    }
    assert_int_equal(board_failures(board), 10);
    board_close(board);
    assert_int_equal(read_run(*state, "r"), 2 + BOARD_TAGS_MAX / BOARD_BATCH_MAX);
}

static void hostile_names_stay_inside_and_are_readable(void **state)
{
    static char longest[10001];
    memset(longest, 'x', 10000);
    char logdir[PATH_BYTES_MAX], greatest[256];
    strcpy(logdir, in_folder(*state, "logs"));
    struct board *board = open_board(logdir);
    const char *names[] = {"../../escape", "..", "", "\xff\xfe", longest, "a b&c#d+e%f", "x\ny"};
    for (size_t i = 0; i < 7; i++) {
        struct board_run *run = board_run_open(board, names[i], 0);
        assert_non_null(run);
        board_scalar(run, names[i], 0, 1);
    }
    board_close(board);
    assert_int_equal(count_files(*state, "", greatest), 3); /* ".", ".." and logs: none escaped */
    assert_int_equal(count_files(logdir, "", greatest), 2 + 1 + 7);
}

static void a_full_disk_leaves_whole_records_and_a_quiet_run(void **state)
{
    struct board *board = open_board(*state);
    struct board_run *run = board_run_open(board, "full", 0);
    struct rlimit before, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 1000; /* a write across it is cut, the next one refused */
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    for (int64_t step = 0; step < 1000; step++)
        board_scalar(run, "loss", step, 1);
    struct board_run *next = board_run_open(board, "next", 0); /* small enough for its opening */
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    struct error err = {0};
    assert_true(board_take_error(board, &err));
    assert_int_equal(err.status, STATUS_DISK_FULL);
    assert_non_null(strstr(err.text, "full"));
    assert_false(board_take_error(board, &err));
    assert_int_equal(board_failures(board), 1);
    const size_t count = read_run(*state, "full"); /* which checks that no half record is left */
    assert_true(count > 5 && count < 30);
    board_scalar(next, "loss", 0, 1);
    board_close(board);
    assert_int_equal(read_run(*state, "next"), 3); /* with room again, a new run writes */
}

static void a_log_directory_that_is_a_file_is_refused(void **state)
{
    struct board *board = NULL;
    struct error err = {0};
    file_put(in_folder(*state, "file"), "", 0);
    assert_int_equal(board_open(in_folder(*state, "file"), &board, &err), STATUS_CONFLICT);
    assert_non_null(strstr(err.text, "is a file"));
    assert_int_equal(board_open(in_folder(*state, "file/logs"), &board, &err), STATUS_IO);
    assert_null(board);
}

static void without_a_board_everything_does_nothing(void **state)
{
    (void)state;
    struct error err = {0};
    assert_null(board_run_open(NULL, "r", 0));
    board_scalar(NULL, "a", 0, 1);
    board_text(NULL, "a", 0, "x");
    board_flush(NULL);
    board_run_close(NULL);
    board_prune(NULL, "", 0);
    assert_false(board_take_error(NULL, &err));
    assert_int_equal(board_failures(NULL), 0);
    board_close(NULL);
}

static void a_run_whose_folder_is_a_file_is_null_and_told(void **state)
{
    struct board *board = open_board(*state);
    struct error err = {0};
    file_put(in_folder(*state, "r"), "", 0);
    assert_null(board_run_open(board, "r", 0));
    assert_true(board_take_error(board, &err));
    assert_int_equal(err.status, STATUS_CONFLICT);
    assert_null(board_run_open(board, "r", 0)); /* again, but it was told */
    assert_false(board_take_error(board, &err));
    assert_int_equal(board_failures(board), 2);
    board_close(board);
}

static void one_writer_a_directory_and_a_run(void **state)
{
    struct board *board = open_board(*state), *second = NULL;
    struct error err = {0};
    assert_int_equal(board_open(*state, &second, &err), STATUS_BUSY);
    struct board_run *run = board_run_open(board, "r", 0);
    assert_null(board_run_open(board, "r", 0));
    assert_true(board_take_error(board, &err));
    assert_int_equal(err.status, STATUS_BUSY);
    board_run_close(run);
    assert_non_null(board_run_open(board, "r", 1));
    board_close(board);
    second = open_board(*state); /* the lock went with the first */
    board_close(second);
    char greatest[256];
    assert_int_equal(count_files(*state, "tfevents", greatest), 0); /* the lock file is no log */
}

static void pruning_keeps_the_newest_and_the_open_runs(void **state)
{
    struct board *board = open_board(*state);
    struct board_run *oldest = board_run_open(board, "round-0", 0);
    for (int i = 1; i < 6; i++) {
        char name[16], greatest[256];
        snprintf(name, sizeof name, "round-%d", i);
        board_run_close(board_run_open(board, name, 0));
        assert_int_equal(count_files(in_folder(*state, name), "tfevents", greatest), 1);
    }
    board_run_close(board_run_open(board, "evaluate-1", 0));
    assert_int_equal(folder_make(in_folder(*state, "round-77"), NULL), STATUS_OK);
    board_prune(board, "round-", 3);
    static const char *const kept[] = {"round-0", "round-4", "round-5", "evaluate-1", "round-77"};
    static const char *const removed[] = {"round-1", "round-2", "round-3"};
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(access(in_folder(*state, kept[i]), F_OK), 0);
    for (size_t i = 0; i < 3; i++)
        assert_int_not_equal(access(in_folder(*state, removed[i]), F_OK), 0);
    board_prune(board, "round-", 3);
    assert_int_equal(access(in_folder(*state, "round-4"), F_OK), 0);
    board_prune(board, "round-", 0);
    assert_int_equal(access(in_folder(*state, "round-0"), F_OK), 0);
    assert_int_not_equal(access(in_folder(*state, "round-5"), F_OK), 0);
    assert_int_equal(board_failures(board), 0);
    board_scalar(oldest, "a", 0, 1);
    board_close(board);
    assert_int_equal(read_run(*state, "round-0"), 3);
}

/* Catches a bound that is not kept, one that takes the newest run or a stranger's folder, and too
 * many files for a reader's descriptors. */
static void pruning_by_size_removes_the_oldest_and_keeps_the_newest(void **state)
{
    struct board *board = open_board(*state);
    for (int i = 0; i < 5; i++) {
        char name[32];
        snprintf(name, sizeof name, "round-%d", i);
        struct board_run *run = board_run_open(board, name, 0);
        for (int step = 0; step < 100; step++) {
            board_scalar(run, "a", step, 1);
            board_flush(run);
        }
        board_run_close(run);
    }
    assert_int_equal(mkdir(in_folder(*state, "round-77"), 0750), 0);
    board_prune_size(board, "round-", 1 << 20, FILES_MAX);
    assert_int_equal(access(in_folder(*state, "round-0"), F_OK), 0);
    board_prune_size(board, "round-", 10000,
                     FILES_MAX); /* a run has between 4,000 and 5,000 bytes */
    assert_int_not_equal(access(in_folder(*state, "round-2"), F_OK), 0);
    assert_int_equal(access(in_folder(*state, "round-3"), F_OK), 0);
    board_prune_size(board, "round-", 1, FILES_MAX);
    assert_int_not_equal(access(in_folder(*state, "round-3"), F_OK), 0);
    assert_int_equal(access(in_folder(*state, "round-4"), F_OK), 0);
    assert_int_equal(access(in_folder(*state, "round-77"), F_OK), 0);
    board_prune_size(NULL, "round-", 1, FILES_MAX);
    board_close(board);
}

static void pruning_by_size_bounds_the_event_files_too(void **state)
{
    struct board *board = open_board(*state);
    for (int i = 0; i < FILES_MAX + 3; i++) {
        char name[32];
        snprintf(name, sizeof name, "round-%06d", i);
        board_run_close(board_run_open(board, name, 0));
    }
    board_prune_size(board, "round-", UINT64_MAX, FILES_MAX);
    assert_int_not_equal(access(in_folder(*state, "round-000002"), F_OK), 0);
    assert_int_equal(access(in_folder(*state, "round-000003"), F_OK), 0);
    assert_int_equal(board_failures(board), 0);
    board_close(board);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(a_file_begins_with_version_and_session_start),
        WITH_FOLDER(scalars_of_one_step_share_an_event),
        WITH_FOLDER(closing_writes_what_is_gathered),
        WITH_FOLDER(a_step_that_does_not_rise_is_moved_behind_the_last),
        WITH_FOLDER(steps_past_the_last_of_all_are_refused),
        WITH_FOLDER(a_full_batch_becomes_another_event),
        WITH_FOLDER(each_file_describes_its_texts_once),
        WITH_FOLDER(a_cut_file_is_left_alone_and_a_new_one_follows),
        WITH_FOLDER(a_tag_of_another_kind_is_refused_and_told_once),
        WITH_FOLDER(what_is_no_picture_is_refused_and_the_rest_goes_on),
        WITH_FOLDER(more_tags_than_the_limit_are_refused),
        WITH_FOLDER(hostile_names_stay_inside_and_are_readable),
        WITH_FOLDER(a_full_disk_leaves_whole_records_and_a_quiet_run),
        WITH_FOLDER(a_log_directory_that_is_a_file_is_refused),
        cmocka_unit_test(without_a_board_everything_does_nothing),
        WITH_FOLDER(a_run_whose_folder_is_a_file_is_null_and_told),
        WITH_FOLDER(one_writer_a_directory_and_a_run),
        WITH_FOLDER(pruning_keeps_the_newest_and_the_open_runs),
        WITH_FOLDER(pruning_by_size_removes_the_oldest_and_keeps_the_newest),
        WITH_FOLDER(pruning_by_size_bounds_the_event_files_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
