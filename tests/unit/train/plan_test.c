/* What these catch: an estimate that forgets what is read for the ranker that is replaced or goes,
 * an estimate that a round without any ranker pays for. */
#include "train/plan.h"

#include "support/test.h"

static const struct store_counts counts = {.events = 1000, .next_user = 50, .next_item = 70};

static uint64_t estimate(const char *ranker, const struct ranker_stored *stored)
{
    struct settings settings;
    struct plan plan;
    struct error err = {0};
    assert_int_equal(settings_init(&settings), STATUS_OK);
    assert_int_equal(settings_set(&settings, "models.ranker", ranker, "--set", &err), STATUS_OK);
    if (plan_make(&settings, &plan, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    const uint64_t bytes = plan_estimate(&plan, &counts, stored);
    plan_free(&plan);
    settings_free(&settings);
    return bytes;
}

/* The active snapshot's ranker is asked in the hold-out, whether or not another is fitted. */
static void what_a_ranker_reads_of_the_store_counts_with_and_without_a_new_one(void **state)
{
    (void)state;
    const struct ranker_stored none = {0}, texts = {.fact_bytes = 100 << 20};
    assert_true(estimate("none", &texts) - estimate("none", &none) >= texts.fact_bytes);
    assert_int_equal(estimate("none", &texts) - estimate("none", &none),
                     estimate("wide", &texts) - estimate("wide", &none));
    assert_true(estimate("wide", &none) > estimate("none", &none));
}

static void where_nothing_is_read_nothing_counts(void **state)
{
    (void)state;
    const struct ranker_stored none = {0};
    assert_int_equal(ranker_stored_bytes(&none), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_ranker_reads_of_the_store_counts_with_and_without_a_new_one),
        cmocka_unit_test(where_nothing_is_read_nothing_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
