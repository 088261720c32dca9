/* What these catch: a path that matches by letters instead of segments, items left above a path
 * they were taken out of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "recommend/categories.h"

static bool holds(const struct categories *categories, const char *path, uint32_t item)
{
    struct bitmap bits = {0};
    assert_int_equal(bitmap_resize(&bits, 100), 0);
    categories_or_into(categories, path, &bits);
    const bool held = bitmap_test(&bits, item);
    bitmap_free(&bits);
    return held;
}

static void a_path_holds_what_is_below_it_and_nothing_beside_it(void **state)
{
    (void)state;
    struct categories categories = {0};
    assert_int_equal(categories_add(&categories, "shoes/running/trail", 1), 0);
    assert_int_equal(categories_add(&categories, "shoes", 2), 0);
    assert_int_equal(categories_add(&categories, "shoestrings", 3), 0);
    assert_int_equal(categories_add(&categories, "hats/running", 4), 0);
    assert_true(holds(&categories, "shoes", 1) && holds(&categories, "shoes", 2));
    assert_true(holds(&categories, "shoes/running", 1));
    assert_false(holds(&categories, "shoes/running", 2));
    assert_false(holds(&categories, "shoes", 3));
    assert_false(holds(&categories, "shoes/running", 4));
    assert_false(holds(&categories, "running", 1));
    assert_false(holds(&categories, "sho", 1));
    assert_false(holds(&categories, "shoes/", 1));
    assert_false(holds(&categories, "", 1));
    categories_free(&categories);
}

static void an_item_taken_out_is_in_no_part_of_the_path(void **state)
{
    (void)state;
    struct categories categories = {0};
    assert_int_equal(categories_add(&categories, "a/b/c", 1), 0);
    assert_int_equal(categories_add(&categories, "a/b/d", 2), 0);
    categories_remove(&categories, "a/b/c", 1);
    categories_remove(&categories, "a/x", 2); /* never was there: only 'a' is left */
    assert_false(holds(&categories, "a", 1) || holds(&categories, "a/b", 1) ||
                 holds(&categories, "a/b/c", 1));
    assert_true(holds(&categories, "a/b", 2) && holds(&categories, "a/b/d", 2));
    categories_free(&categories);
}

static void a_segment_past_every_limit_is_not_there(void **state)
{
    (void)state;
    struct categories categories = {0};
    assert_int_equal(categories_add(&categories, "a", 1), 0);
    static char path[5000];
    memset(path, 'a', sizeof path - 1);
    assert_false(holds(&categories, path, 1));
    categories_free(&categories);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_holds_what_is_below_it_and_nothing_beside_it),
        cmocka_unit_test(an_item_taken_out_is_in_no_part_of_the_path),
        cmocka_unit_test(a_segment_past_every_limit_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
