/* What these catch: labels over each other, also across the grid's cells, and out of the frame. */
#include "cli/map_labels.h"

#include "base/rng.h"
#include "support/test.h"

static void boxes_that_were_taken_never_touch(void **state)
{
    (void)state;
    enum { TRIES = 3000 };
    static struct map_box taken[TRIES];
    size_t n = 0;
    const struct map_box frame = {10, 20, 810, 620};
    struct map_labels *labels;
    struct rng rng = rng_seed(1, 1);
    assert_int_equal(map_labels_new(frame, &labels), STATUS_OK);
    for (int t = 0; t < TRIES; t++) {
        const double left = 900 * rng_uniform(&rng) - 40, top = 700 * rng_uniform(&rng) - 20;
        const struct map_box box = {left, top, left + 5 + 150 * rng_uniform(&rng), top + 12};
        bool is_taken = false,
             fits = box.left >= 10 && box.top >= 20 && box.right <= 810 && box.bottom <= 620;
        for (size_t k = 0; k < n; k++)
            fits &= !(box.left < taken[k].right && taken[k].left < box.right &&
                      box.top < taken[k].bottom && taken[k].top < box.bottom);
        assert_int_equal(map_labels_take(labels, box, &is_taken), STATUS_OK);
        assert_int_equal(is_taken, fits);
        if (is_taken)
            taken[n++] = box;
    }
    assert_true(n > 50);
    map_labels_free(labels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(boxes_that_were_taken_never_touch)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
