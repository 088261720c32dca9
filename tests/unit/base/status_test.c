/* What these catch: an error text that overflows, ends in half a character or loses its reason. */
#include "base/status.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "support/test.h"

static void every_status_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int i = 0; i < STATUS_COUNT; i++) {
        assert_true(strlen(status_name((enum status)i)) > 0);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(status_name((enum status)i), status_name((enum status)j));
    }
}

static void a_text_too_long_is_cut_between_characters(void **state)
{
    (void)state;
    static char long_text[3 * ERROR_TEXT_MAX + 4];
    for (size_t before = 0; before < 4; before++) {
        struct error err = {0};
        long_text[0] = '\0';
        memset(long_text, 'a', before);
        long_text[before] = '\0';
        for (size_t i = 0; i < ERROR_TEXT_MAX; i++)
            strcat(long_text, "\xe2\x82\xac");
        assert_int_equal(error_set_at(&err, STATUS_MALFORMED, long_text, "%s", long_text),
                         STATUS_MALFORMED);
        assert_true(utf8_is_valid(err.text, strlen(err.text)));
        assert_true(strlen(err.text) > ERROR_TEXT_MAX - 4);
        assert_true(utf8_is_valid(err.pointer, strlen(err.pointer)));
        assert_true(strlen(err.pointer) > ERROR_POINTER_MAX - 4);
        error_prefix(&err, "%s", long_text);
        assert_true(utf8_is_valid(err.text, strlen(err.text)));
        assert_true(strlen(err.text) > ERROR_TEXT_MAX - 4);
    }
}

static void a_new_error_forgets_the_old_place(void **state)
{
    (void)state;
    struct error err = {0};
    error_set_at(&err, STATUS_OUT_OF_RANGE, "/items/3", "first");
    assert_string_equal(err.pointer, "/items/3");
    assert_int_equal(error_set(&err, STATUS_IO, "second %d", 2), STATUS_IO);
    assert_string_equal(err.pointer, "");
    assert_string_equal(err.text, "second 2");
    assert_int_equal(err.status, STATUS_IO);
    error_set_at(&err, STATUS_IO, NULL, "third");
    assert_string_equal(err.pointer, "");
}

static void a_prefix_keeps_status_and_place(void **state)
{
    (void)state;
    struct error err = {0};
    error_set_at(&err, STATUS_CORRUPT, "/a", "not a number");
    error_prefix(&err, "line %d: ", 7);
    assert_string_equal(err.text, "line 7: not a number");
    assert_string_equal(err.pointer, "/a");
    assert_int_equal(err.status, STATUS_CORRUPT);
    error_prefix(NULL, "nothing");
}

static void nobody_has_to_want_the_text(void **state)
{
    (void)state;
    assert_int_equal(error_set(NULL, STATUS_BUSY, "x"), STATUS_BUSY);
    assert_int_equal(error_set_at(NULL, STATUS_BUSY, "/a", "x"), STATUS_BUSY);
    assert_int_equal(error_set_errno(NULL, ENOSPC, "x"), STATUS_DISK_FULL);
}

static void errno_becomes_the_status_that_helps(void **state)
{
    (void)state;
    static const struct {
        int reason;
        enum status status;
    } cases[] = {{ENOSPC, STATUS_DISK_FULL}, {EDQUOT, STATUS_DISK_FULL}, {ENOMEM, STATUS_NO_MEMORY},
                 {ENOENT, STATUS_NOT_FOUND}, {EACCES, STATUS_IO},        {EIO, STATUS_IO}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error err = {0};
        assert_int_equal(error_set_errno(&err, cases[i].reason, "cannot open %s", "f"),
                         cases[i].status);
        assert_int_equal(strncmp(err.text, "cannot open f: ", 15), 0);
        assert_string_equal(err.text + 15, strerror(cases[i].reason));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_a_name_of_its_own),
        cmocka_unit_test(a_text_too_long_is_cut_between_characters),
        cmocka_unit_test(a_new_error_forgets_the_old_place),
        cmocka_unit_test(a_prefix_keeps_status_and_place),
        cmocka_unit_test(nobody_has_to_want_the_text),
        cmocka_unit_test(errno_becomes_the_status_that_helps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
