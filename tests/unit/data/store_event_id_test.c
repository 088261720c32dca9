/* What these catch: ids that do not sort by time, two rows with one id, a text taken for an id. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/clock.h"
#include "data/store_event_id.h"

static const unsigned char key[16] = "0123456789abcdef";

static void an_id_leads_back_to_its_seq(void **state)
{
    (void)state;
    static const uint64_t seqs[] = {1, 31, 32, 1234567890123, (UINT64_C(1) << 60) - 1};
    for (size_t i = 0; i < 5; i++) {
        const struct made_id id = {.seq = seqs[i], .item = 7, .type = 2, .time_ms = 1700000000000};
        char text[MADE_ID_LENGTH + 1];
        uint64_t seq = 0;
        made_id_write(&id, key, text);
        assert_int_equal(strlen(text), MADE_ID_LENGTH);
        assert_true(made_id_seq(text, &seq));
        assert_int_equal(seq, seqs[i]);
    }
}

static void ids_sort_by_time_then_seq(void **state)
{
    (void)state;
    static const struct made_id ids[] = {
        {.seq = 900, .time_ms = TIME_UNKNOWN},
        {.seq = 901, .time_ms = -5},
        {.seq = 5, .time_ms = 1},
        {.seq = 4, .time_ms = 1700000000000},
        {.seq = 5, .time_ms = 1700000000000},
        {.seq = 1, .time_ms = 1700000000001},
        {.seq = 0, .time_ms = 253402300799999},
    };
    char last[MADE_ID_LENGTH + 1] = "", text[MADE_ID_LENGTH + 1];
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        made_id_write(&ids[i], key, text);
        assert_true(strcmp(last, text) < 0);
        memcpy(last, text, sizeof last);
    }
}

static void the_check_depends_on_every_field_and_the_key(void **state)
{
    (void)state;
    const struct made_id id = {.seq = 9, .item = 7, .type = 2, .time_ms = 5};
    struct made_id others[3] = {id, id, id};
    unsigned char other_key[16] = "another key 1234";
    char text[MADE_ID_LENGTH + 1], other[MADE_ID_LENGTH + 1];
    others[0].item++;
    others[1].type++;
    others[2].time_ms = TIME_UNKNOWN;
    made_id_write(&id, key, text);
    for (size_t i = 0; i < 3; i++) {
        made_id_write(&others[i], key, other);
        assert_string_not_equal(text + 22, other + 22);
    }
    made_id_write(&id, other_key, other);
    assert_string_not_equal(text + 22, other + 22);
}

static void other_texts_are_no_made_ids(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "1",
                                        "0123456789abcdefghijklmnopq",
                                        "0123456789abcdefghijklmnopqrs",
                                        "0123456789abcdefghijklmnopqw",
                                        "0123456789ABCDEFGHIJKLMNOPQR",
                                        "3fa85f64-5717-4562-b3fc-2c963f66afa6"};
    uint64_t seq = 77;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_false(made_id_seq(texts[i], &seq));
    assert_int_equal(seq, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_leads_back_to_its_seq),
        cmocka_unit_test(ids_sort_by_time_then_seq),
        cmocka_unit_test(the_check_depends_on_every_field_and_the_key),
        cmocka_unit_test(other_texts_are_no_made_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
