/* What this catches: a write that was acknowledged and is not there after a kill, or a file that
 * contradicts itself. A child commits in a loop and writes each acknowledged seq to a pipe; the
 * parent kills it in the middle of things and opens the store again. */
#include "store_fixture.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 4, ACKNOWLEDGED_MIN = 20 };

/* In the child: never returns. */
static void commit_for_ever(struct fixture *f, int pipe_end)
{
    uint64_t wal;
    fixture_open(f);
    for (unsigned i = 0;; i++) {
        fixture_write(f);
        for (unsigned k = 0; k < 20; k++) {
            char user[32], item[32];
            snprintf(user, sizeof user, "user-%u", i * 7 + k);
            snprintf(item, sizeof item, "item-%u", k);
            struct event_record event = an_event(user, item, "view");
            fixture_event(f, &event);
        }
        fixture_commit(f);
        const uint64_t seq = fixture_counts(f).seq;
        if (write(pipe_end, &seq, sizeof seq) != sizeof seq)
            _exit(1);
        if (i % 8 == 7)
            store_checkpoint(f->store, i % 16 == 15, &wal, NULL);
    }
}

/* Reads acknowledgements and kills the child after some; the last one. */
static uint64_t kill_in_the_middle(struct fixture *f, int round)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(ends[0]);
        commit_for_ever(f, ends[1]);
    }
    close(ends[1]);
    uint64_t seq = 0, last = 0;
    for (int n = 0; n < ACKNOWLEDGED_MIN + 3 * round; n++)
        if (read(ends[0], &seq, sizeof seq) == sizeof seq)
            last = seq;
    usleep((useconds_t)(700 * round)); /* a different point of its loop each time */
    assert_int_equal(kill(child, SIGKILL), 0);
    while (read(ends[0], &seq, sizeof seq) == sizeof seq)
        last = seq;
    close(ends[0]);
    assert_int_equal(waitpid(child, NULL, 0), child);
    return last;
}

static void what_was_acknowledged_survives_a_kill(void **state)
{
    struct fixture *f = *state;
    uint64_t before = 0;
    store_close(f->store); /* no connection may cross a fork */
    f->store = NULL;
    for (int round = 0; round < ROUNDS; round++) {
        const uint64_t acknowledged = kill_in_the_middle(f, round);
        assert_true(acknowledged > before);
        fixture_open(f);
        assert_true(fixture_counts(f).seq >= acknowledged);
        assert_ok(f, store_verify(f->store, &f->err));
        before = fixture_counts(f).seq;
        store_close(f->store);
        f->store = NULL;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {WITH_STORE(what_was_acknowledged_survives_a_kill)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
