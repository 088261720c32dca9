/* What these catch: parameters that a save changes, a directory that is replaced although it is
 * none of ours, a half-written one after a failure, places that are no names. */
#include "train/fitted.h"

#include <sys/stat.h>
#include <unistd.h>

#include "data/features/frame.h"
#include "table_fixture.h"

static struct fitted *fitted_small(const char *folder, uint64_t seed)
{
    struct table_fit_result result;
    struct error err = {0};
    assert_int_equal(
        fixture_fit(fixture_table(folder, 300), "wide_deep", NULL, NULL, seed, &result, &err),
        STATUS_OK);
    return result.fitted;
}

static void predict_three(const struct fitted *fitted, float out[3])
{
    struct frame *frame;
    struct examples examples;
    struct arena scratch = {0};
    struct error err = {0};
    assert_int_equal(frame_new(fitted->features, false, &frame), STATUS_OK);
    for (int i = 0; i < 3; i++) {
        const struct feature_value values[3] = {
            [1] = {.type = FEATURE_VALUE_NUMBER, .number = i - 1},
            [2] = {.type = FEATURE_VALUE_TEXT, .text = "id7", .length = 3}};
        assert_int_equal(frame_add(frame, values, &err), STATUS_OK);
    }
    features_examples(fitted->features, frame, &examples);
    assert_int_equal(
        fitted->predictor->class->predict_batch(fitted->predictor, &examples, NULL, out, &scratch),
        STATUS_OK);
    arena_free(&scratch);
    frame_free(frame);
}

static void a_model_that_was_saved_predicts_the_same_bits(void **state)
{
    struct fitted *before = fitted_small(*state, 1), *after;
    struct error err = {0};
    float expected[3], seen[3];
    const char *path = in_folder(*state, "model");
    assert_int_equal(fitted_save(before, path, &err), STATUS_OK);
    assert_int_equal(fitted_load(path, &after, &err), STATUS_OK);
    predict_three(before, expected);
    predict_three(after, seen);
    assert_memory_equal(expected, seen, sizeof seen);
    assert_true(expected[0] < expected[2]);
    assert_int_equal(after->seed, 1);
    assert_non_null(strstr(after->settings, "\"hidden\""));
    fitted_free(after);
    fitted_free(before);
}

static void a_model_replaces_a_model_but_nothing_else(void **state)
{
    struct fitted *first = fitted_small(*state, 1), *second = fitted_small(*state, 2), *loaded;
    struct error err = {0};
    char path[PATH_BYTES_MAX], other[PATH_BYTES_MAX];
    assert_int_equal(path_join(path, *state, "model"), STATUS_OK);
    assert_int_equal(path_join(other, *state, "other"), STATUS_OK);
    assert_int_equal(fitted_save(first, path, &err), STATUS_OK);
    assert_int_equal(fitted_check_place(path, &err), STATUS_OK);
    assert_int_equal(fitted_save(second, path, &err), STATUS_OK);
    assert_int_equal(fitted_load(path, &loaded, &err), STATUS_OK);
    assert_int_equal(loaded->seed, 2);
    assert_int_equal(mkdir(other, 0750), 0);
    assert_int_equal(fitted_save(first, other, &err), STATUS_CONFLICT);
    assert_int_equal(rmdir(other), 0); /* still there, still empty */
    fitted_free(loaded);
    fitted_free(first);
    fitted_free(second);
}

static void places_without_a_name_or_a_parent_are_refused(void **state)
{
    struct error err = {0};
    assert_int_equal(fitted_check_place("/", &err), STATUS_OUT_OF_RANGE);
    assert_int_equal(fitted_check_place("", &err), STATUS_OUT_OF_RANGE);
    assert_int_equal(fitted_check_place("a/..", &err), STATUS_OUT_OF_RANGE);
    assert_int_equal(fitted_check_place(in_folder(*state, "no/model"), &err), STATUS_NOT_FOUND);
    assert_int_equal(fitted_check_place(in_folder(*state, "model///"), &err), STATUS_OK);
}

static void what_is_no_model_says_so(void **state)
{
    struct fitted *fitted;
    struct error err = {0};
    assert_int_equal(fitted_load(*state, &fitted, &err), STATUS_NOT_FOUND);
    assert_non_null(strstr(err.text, "is no fitted model"));
    file_put(in_folder(*state, "manifest.json"), "{\"format\": 2}", 13);
    assert_int_equal(fitted_load(*state, &fitted, &err), STATUS_UNSUPPORTED);
    file_put(in_folder(*state, "manifest.json"), "{\"format\": 1, \"predictor\": \"tree\"}", 34);
    assert_int_equal(fitted_load(*state, &fitted, &err), STATUS_UNSUPPORTED);
    assert_non_null(strstr(err.text, "'tree'"));
    file_put(in_folder(*state, "manifest.json"), "{\"format\"", 9);
    assert_int_equal(fitted_load(*state, &fitted, &err), STATUS_CORRUPT);
    assert_non_null(strstr(err.text, "manifest.json"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(a_model_that_was_saved_predicts_the_same_bits),
        WITH_FOLDER(a_model_replaces_a_model_but_nothing_else),
        WITH_FOLDER(places_without_a_name_or_a_parent_are_refused),
        WITH_FOLDER(what_is_no_model_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
