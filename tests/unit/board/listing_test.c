/* What these catch: an event file that sorts before another (it is never read), and a list of runs
 * that would let something else than old runs be removed. */
#include "board/listing.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support/test.h"

static void a_first_name_has_the_documented_form(void **state)
{
    char name[EVENT_FILE_NAME_MAX + 1];
    assert_int_equal(event_file_name(*state, 1234567, 10, name, NULL), STATUS_OK);
    assert_int_equal(strncmp(name, "events.out.tfevents.0001234567.", 31), 0);
    long pid;
    int n;
    char host[256];
    assert_int_equal(sscanf(name + 31, "%[^.].%ld.%d", host, &pid, &n), 3);
    assert_int_equal(pid, getpid());
}

/* The clock stands still, then falls back a year; a file of another host lies in the future. */
static void every_name_is_greater_than_all_before(void **state)
{
    char greatest[EVENT_FILE_NAME_MAX + 1] = "", name[EVENT_FILE_NAME_MAX + 1];
    for (int i = 0; i < 50; i++) {
        const int64_t now = i < 20 ? 1700000000 : 1668464000;
        if (i == 30) {
            strcpy(greatest, "events.out.tfevents.1900000000.zzz.1.0");
            file_put(in_folder(*state, greatest), "", 0);
        }
        assert_int_equal(event_file_name(*state, now, 1000, name, NULL), STATUS_OK);
        assert_true(strcmp(name, greatest) > 0);
        strcpy(greatest, name);
        file_put(in_folder(*state, name), "", 0);
    }
}

static void a_name_that_nothing_can_follow_is_refused(void **state)
{
    static const char *const last[] = {"zz.tfevents", "events.out.tfevents.9999999999.h.1.0"};
    for (size_t i = 0; i < 2; i++) {
        char name[EVENT_FILE_NAME_MAX + 1];
        struct error err = {0};
        file_put(in_folder(*state, last[i]), "", 0);
        assert_int_equal(event_file_name(*state, 1700000000, 10, name, &err), STATUS_CONFLICT);
        assert_non_null(strstr(err.text, last[i]));
        unlink(in_folder(*state, last[i]));
    }
}

static void too_many_files_are_refused(void **state)
{
    char name[EVENT_FILE_NAME_MAX + 1];
    file_put(in_folder(*state, "events.out.tfevents.0000000001.h"), "", 0);
    file_put(in_folder(*state, "events.out.tfevents.0000000002.h"), "", 0);
    assert_int_equal(event_file_name(*state, 1700000000, 2, name, NULL), STATUS_TOO_LARGE);
    assert_int_equal(event_file_name(*state, 1700000000, 3, name, NULL), STATUS_OK);
}

static void add_run(const char *logdir, const char *run, const char *file)
{
    assert_int_equal(folder_make(in_folder(logdir, run), NULL), STATUS_OK);
    if (file)
        file_put(in_folder(in_folder(logdir, run), file), "", 0);
}

static void runs_come_oldest_first_and_nothing_else_comes(void **state)
{
    add_run(*state, "round-10", "events.out.tfevents.0000000005.h.1.0"); /* of a clock set back */
    add_run(*state, "round-8", "events.out.tfevents.0000000010.h.1.0");
    add_run(*state, "round-8", "events.out.tfevents.0000000040.h.1.1");
    add_run(*state, "round-9", "events.out.tfevents.0000000020.h.1.0");
    add_run(*state, "round-7", NULL);
    add_run(*state, "round-", "events.out.tfevents.0000000001.h.1.0");
    add_run(*state, "round-x", "events.out.tfevents.0000000001.h.1.0"); /* somebody's fit */
    add_run(*state, "round-1x", "events.out.tfevents.0000000001.h.1.0");
    add_run(*state, "other", "events.out.tfevents.0000000001.h.1.0");
    file_put(in_folder(*state, "round-5"), "", 0);
    assert_int_equal(symlink("round-8", in_folder(*state, "round-6")), 0);
    struct run_listing *listing;
    assert_int_equal(run_listing_new(*state, "round-", &listing, NULL), STATUS_OK);
    assert_int_equal(run_listing_count(listing), 3);
    assert_string_equal(run_listing_at(listing, 0), "round-8");
    assert_string_equal(run_listing_at(listing, 1), "round-9");
    assert_string_equal(run_listing_at(listing, 2), "round-10");
    run_listing_free(listing);
}

static void a_folder_that_is_not_there_is_an_error(void **state)
{
    struct run_listing *listing;
    char name[EVENT_FILE_NAME_MAX + 1];
    const char *gone = in_folder(*state, "gone");
    assert_int_equal(run_listing_new(gone, "", &listing, NULL), STATUS_NOT_FOUND);
    assert_int_equal(event_file_name(gone, 1, 1, name, NULL), STATUS_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(a_first_name_has_the_documented_form),
        WITH_FOLDER(every_name_is_greater_than_all_before),
        WITH_FOLDER(a_name_that_nothing_can_follow_is_refused),
        WITH_FOLDER(too_many_files_are_refused),
        WITH_FOLDER(runs_come_oldest_first_and_nothing_else_comes),
        WITH_FOLDER(a_folder_that_is_not_there_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
