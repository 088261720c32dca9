/* What these catch: a worker's laps that are lost or booked on another's part, laps that are taken
 * where nobody measures, a mean over the wrong number of steps. */
#include "base/timesheet.h"

#include "base/clock.h"
#include "support/test.h"

static void work_for(int64_t ns)
{
    const int64_t end = clock_thread_cpu_ns() + ns;
    while (clock_thread_cpu_ns() < end) {
    }
}

static void take_laps(const struct timesheet *sheet, size_t worker)
{
    struct laps timed, *laps = timesheet_laps(sheet, worker, &timed);
    laps_end(laps, 0);
    work_for(100000);
    laps_end(laps, 1);
    work_for(300000);
    laps_end(laps, 2);
}

static void parts_are_the_mean_of_the_steps_over_all_workers(void **state)
{
    (void)state;
    struct timesheet sheet;
    timesheet_init(&sheet, 2, 3);
    assert_non_null(sheet.ns);
    for (int step = 0; step < 4; step++) {
        timesheet_open(&sheet);
        take_laps(&sheet, 0);
        take_laps(&sheet, 1);
        timesheet_close(&sheet);
    }
    assert_true(timesheet_mean_ns(&sheet, 0) < timesheet_mean_ns(&sheet, 1));
    assert_true(timesheet_mean_ns(&sheet, 1) >= 200000);
    assert_true(timesheet_mean_ns(&sheet, 2) >= 600000);
    assert_int_equal(timesheet_mean_ns(&sheet, 1), (sheet.ns[1] + sheet.ns[sheet.n_parts + 1]) / 4);
    timesheet_clear(&sheet);
    assert_int_equal(timesheet_mean_ns(&sheet, 2), 0);
    timesheet_free(&sheet);
}

static void nothing_is_booked_on_a_sheet_that_is_closed_or_empty(void **state)
{
    (void)state;
    struct timesheet sheet, empty = {0};
    struct laps laps;
    timesheet_init(&sheet, 1, 3);
    assert_null(timesheet_laps(&sheet, 0, &laps));
    take_laps(&sheet, 0);
    assert_int_equal(timesheet_mean_ns(&sheet, 2), 0);
    timesheet_open(&empty);
    assert_null(timesheet_laps(&empty, 0, &laps));
    assert_int_equal(timesheet_mean_ns(&empty, 2), 0);
    timesheet_clear(&empty);
    timesheet_free(&empty);
    timesheet_free(&sheet);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_the_mean_of_the_steps_over_all_workers),
        cmocka_unit_test(nothing_is_booked_on_a_sheet_that_is_closed_or_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
