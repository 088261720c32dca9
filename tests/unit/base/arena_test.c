/* What these catch: allocations that overlap or are not aligned, a limit that does not hold, a
 * reset that gives back the block it should keep. */
#include "base/arena.h"

#include <string.h>

#include "base/rng.h"
#include "support/test.h"

enum { PIECES = 2000 };

static void pieces_are_aligned_and_do_not_overlap(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct rng rng = rng_seed(1, 0);
    static unsigned char *pieces[PIECES];
    static size_t sizes[PIECES];
    for (size_t i = 0; i < PIECES; i++) {
        sizes[i] = rng_below(&rng, i % 100 == 0 ? 3 << 20 : 300);
        pieces[i] = arena_alloc(&arena, sizes[i]);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % 16, 0);
        memset(pieces[i], (int)i, sizes[i]);
    }
    for (size_t i = 0; i < PIECES; i++)
        for (size_t k = 0; k < sizes[i]; k += 1 + sizes[i] / 64)
            assert_int_equal(pieces[i][k], (unsigned char)i);
    arena_free(&arena);
    assert_int_equal(arena.used, 0);
    arena_free(&arena);
}

static void the_limit_holds_and_what_fits_still_goes(void **state)
{
    (void)state;
    struct arena arena = {.limit = 1000};
    assert_non_null(arena_alloc(&arena, 900));
    assert_null(arena_alloc(&arena, 200));
    assert_non_null(arena_alloc(&arena, 64));
    assert_null(arena_alloc(&arena, 64));
    assert_true(arena.used <= 1000);
    arena_reset(&arena);
    assert_non_null(arena_alloc(&arena, 900));
    arena_free(&arena);
}

static void absurd_sizes_are_null(void **state)
{
    (void)state;
    struct arena arena = {0};
    assert_null(arena_alloc(&arena, SIZE_MAX));
    assert_null(arena_alloc(&arena, SIZE_MAX - 8));
    assert_null(arena_alloc(&arena, SIZE_MAX - 40));
    assert_null(arena_zalloc(&arena, SIZE_MAX / 2, 3));
    assert_null(arena_strndup(&arena, "x", SIZE_MAX));
    assert_non_null(arena_alloc(&arena, 0));
    arena_free(&arena);
}

static void zeroed_memory_is_zero_where_it_is_used_again(void **state)
{
    (void)state;
    struct arena arena = {0};
    memset(arena_alloc(&arena, 3000), 0xff, 3000);
    arena_reset(&arena);
    const unsigned char *zeros = arena_zalloc(&arena, 30, 100);
    for (size_t i = 0; i < 3000; i++)
        assert_int_equal(zeros[i], 0);
    arena_free(&arena);
}

static void a_copy_is_terminated_and_its_own(void **state)
{
    (void)state;
    struct arena arena = {0};
    char text[] = "abcdef";
    char *copy = arena_strndup(&arena, text, 3);
    text[0] = 'x';
    assert_string_equal(copy, "abc");
    assert_string_equal(arena_strndup(&arena, NULL, 0), "");
    arena_free(&arena);
}

/* An arena in a loop must not ask malloc for its large block again each time. */
static void a_reset_keeps_the_largest_block(void **state)
{
    (void)state;
    struct arena arena = {0};
    assert_non_null(arena_alloc(&arena, 100));
    const unsigned char *large = arena_alloc(&arena, 8 << 20);
    assert_non_null(arena_alloc(&arena, 4096)); /* in a smaller block after it */
    arena_reset(&arena);
    assert_int_equal(arena.used, 0);
    assert_ptr_equal(arena_alloc(&arena, 8 << 20), large);
    arena_reset(&arena);
    assert_ptr_equal(arena_alloc(&arena, 16), large);
    arena_free(&arena);
    arena_reset(&arena);
    assert_non_null(arena_alloc(&arena, 16));
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_aligned_and_do_not_overlap),
        cmocka_unit_test(the_limit_holds_and_what_fits_still_goes),
        cmocka_unit_test(absurd_sizes_are_null),
        cmocka_unit_test(zeroed_memory_is_zero_where_it_is_used_again),
        cmocka_unit_test(a_copy_is_terminated_and_its_own),
        cmocka_unit_test(a_reset_keeps_the_largest_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
