/* What these catch: curves that are seen only when the round has ended, an event for every point, a
 * round that fails without its board. */
#include "train/watch.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "support/event_reader.h"
#include "support/test.h"

enum { EVENTS_MAX = 64 };

static struct event events[EVENTS_MAX];

static const struct event *event_of(const char *logdir, const char *run, const char *tag)
{
    char path[PATH_BYTES_MAX];
    struct buffer file = {0};
    DIR *dir = opendir(in_folder(logdir, run));
    assert_non_null(dir);
    for (const struct dirent *entry; (entry = readdir(dir));)
        if (strstr(entry->d_name, "tfevents"))
            snprintf(path, sizeof path, "%s/%s/%s", logdir, run, entry->d_name);
    closedir(dir);
    file = file_bytes(path);
    int end;
    const size_t n = events_read(&file, events, EVENTS_MAX, &end);
    buffer_free(&file);
    for (size_t i = 0; i < n; i++)
        for (size_t v = 0; v < events[i].n_values; v++)
            if (strcmp(events[i].values[v].tag, tag) == 0)
                return &events[i];
    return NULL;
}

static void points_are_seen_at_the_next_sign_of_life(void **state)
{
    struct board *board;
    struct watch watch;
    assert_int_equal(board_open(*state, &board, NULL), STATUS_OK);
    watch_start(&watch, board, 7, 3, NULL);
    assert_true(observer_wants_costs(&watch.observer, 6));
    assert_false(observer_wants_costs(&watch.observer, 5));
    observe_scalar(&watch.observer, "fit/loss", 1, 0.5);
    observe_scalar(&watch.observer, "fit/rate", 1, 0.1);
    observe_progress(&watch.observer, "fitting", 0.1);
    const struct event *event = event_of(*state, "round-000007", "fit/loss");
    assert_non_null(event);
    assert_int_equal(event->n_values, 2); /* of one step: one event */
    observe_scalar(&watch.observer, "fit/loss", 2, 0.25);
    assert_false(observer_stops(&watch.observer));
    assert_non_null(event_of(*state, "round-000007", "fit/loss"));
    event = event_of(*state, "round-000007", "fit/rate");
    assert_non_null(event);
    assert_int_equal(event->step, 1);
    struct round_result result = {.published = true};
    buffer_append_text(&result.reason, "Why not.");
    watch_finish(&watch, &result, STATUS_OK);
    assert_non_null(event_of(*state, "round-000007", "round/verdict"));
    round_result_free(&result);
    board_close(board);
}

static void without_a_board_all_is_passed_on(void **state)
{
    (void)state;
    struct watch watch;
    watch_start(&watch, NULL, 1, 3, NULL);
    assert_false(observer_wants_costs(&watch.observer, 1));
    observe_scalar(&watch.observer, "fit/loss", 1, 0.5);
    observe_progress(&watch.observer, "fitting", 1);
    assert_false(observer_stops(&watch.observer));
    watch_finish(&watch, NULL, STATUS_CANCELLED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(points_are_seen_at_the_next_sign_of_life),
        cmocka_unit_test(without_a_board_all_is_passed_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
