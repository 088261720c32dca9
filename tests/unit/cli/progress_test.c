/* What these catch: a bar in a log file, a phase name that outgrows its room, a stop that the work
 * does not hear of, signals that stay blocked afterwards. */
#include "support/test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/console.h"
#include "cli/progress.h"

enum { WAIT_MS = 10, WAITS_MAX = 1000 };

/* Runs `act` with standard error in a file; its bytes are the caller's. */
static struct buffer said(const char *folder, void (*act)(void))
{
    const char *path = in_folder(folder, "said");
    const int before = dup(STDERR_FILENO);
    const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(before >= 0 && file >= 0);
    fflush(stderr);
    dup2(file, STDERR_FILENO);
    act();
    fflush(stderr);
    dup2(before, STDERR_FILENO);
    close(file);
    close(before);
    return file_bytes(path);
}

static void show_late_progress(void)
{
    struct progress progress = progress_start();
    progress_show(&progress, "fitting", 0.1); /* too early to say anything */
    progress.last_ns -= INT64_C(6000000000);
    progress_show(&progress, "fitting", 0.5);
    progress_show(&progress, "fitting", 0.51);
    progress_clear(&progress);
}

static void a_file_gets_whole_lines_and_few_of_them(void **state)
{
    struct buffer text = said(*state, show_late_progress);
    assert_string_equal(text.data, "fitting: 50 %\n");
    buffer_free(&text);
}

static void show_long_phase(void)
{
    char phase[500];
    memset(phase, 'x', sizeof phase - 1);
    phase[sizeof phase - 1] = '\0';
    struct progress progress = progress_start();
    progress.last_ns -= INT64_C(6000000000);
    progress_show(&progress, phase, 2); /* a share outside of [0, 1] is an unknown one */
}

static void a_long_phase_is_cut(void **state)
{
    struct buffer text = said(*state, show_long_phase);
    assert_true(text.size < PROGRESS_PHASE_MAX + 20);
    assert_null(strchr(text.data, '%'));
    buffer_free(&text);
}

static void interrupt_work(void)
{
    struct console console;
    sigset_t mask;
    assert_int_equal(console_open(&console, NULL), STATUS_OK);
    assert_false(observer_stops(&console.observer));
    kill(getpid(), SIGINT);
    for (int i = 0; i < WAITS_MAX && !observer_stops(&console.observer); i++)
        usleep(WAIT_MS * 1000);
    assert_true(observer_stops(&console.observer));
    console_close(&console);
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    assert_false(sigismember(&mask, SIGINT));
    assert_false(sigismember(&mask, SIGTERM));
}

static void an_interrupt_stops_the_work_and_not_the_process(void **state)
{
    struct buffer text = said(*state, interrupt_work);
    assert_non_null(strstr(text.data, "stopping"));
    buffer_free(&text);
}

static void a_console_that_was_never_opened_closes(void **state)
{
    (void)state;
    struct console console = {0};
    console_close(&console);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(a_file_gets_whole_lines_and_few_of_them),
        WITH_FOLDER(a_long_phase_is_cut),
        WITH_FOLDER(an_interrupt_stops_the_work_and_not_the_process),
        cmocka_unit_test(a_console_that_was_never_opened_closes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
