/* What these catch: a dropped column that stays in by a cross or by a second feature, a list of
 * drops that a saved spec has lost, names that are dropped in silence although nobody has them. */
#include <string.h>

#include "data/features/spec.h"
#include "support/specs.h"
#include "support/test.h"

static const char spec_text[] =
    "label: {column: y, positive: \"1\"}\n"
    "features:\n"
    "  age: {type: numeric}\n"
    "  age bucket: {type: bucketized, column: age, boundaries: [30],"
    " feeds: wide}\n"
    "  city: {type: categorical, feeds: wide}\n"
    "  job: {type: categorical, feeds: wide}\n"
    "  city x age: {type: crossed, of: [city, age bucket], buckets: 9}\n"
    "  city x job: {type: crossed, of: [city, job], buckets: 9}\n"
    "  city x land: {type: crossed, of: [city, land], buckets: 9}\n";

/* The features that are left, joined by commas. */
static void assert_left(const char *const *names, uint32_t n, const char *expected)
{
    struct feature_spec *spec = test_spec(spec_text), *less, *again;
    struct error err = {0};
    assert_int_equal(feature_spec_drop(spec, names, n, &less, &err), STATUS_OK);
    char left[400] = "";
    for (uint32_t i = 0; i < less->n_features; i++) {
        strcat(left, i ? "," : "");
        strcat(left, less->features[i].name);
    }
    assert_string_equal(left, expected);
    /* The text says it all: what is saved with a model reads back as the same. */
    assert_int_equal(
        feature_spec_parse("s.yaml", less->text.bytes, less->text.length, &again, &err), STATUS_OK);
    assert_int_equal(again->n_features, less->n_features);
    feature_spec_free(again);
    feature_spec_free(less);
    feature_spec_free(spec);
}

static void a_column_goes_with_all_that_is_made_of_it(void **state)
{
    (void)state;
    assert_left((const char *const[]){"age"}, 1, "city,job,city x job,city x land");
    assert_left((const char *const[]){"city", "age"}, 2, "job");
}

static void a_feature_or_a_cross_goes_alone(void **state)
{
    (void)state;
    assert_left((const char *const[]){"city x job"}, 1,
                "age,age bucket,city,job,city x age,city x land");
    assert_left((const char *const[]){"age bucket"}, 1, "age,city,job,city x job,city x land");
    assert_left((const char *const[]){"land"}, 1, "age,age bucket,city,job,city x age,city x job");
}

static void unknown_names_and_the_last_feature_are_refused(void **state)
{
    (void)state;
    struct feature_spec *spec = test_spec(spec_text), *less, *twice;
    struct error err = {0};
    assert_int_equal(feature_spec_drop(spec, (const char *const[]){"jop"}, 1, &less, &err),
                     STATUS_NOT_FOUND);
    assert_non_null(strstr(err.text, "did you mean 'job'?"));
    assert_int_equal(
        feature_spec_drop(spec, (const char *const[]){"age", "city", "job"}, 3, &less, &err),
        STATUS_OUT_OF_RANGE);
    assert_non_null(strstr(err.text, "every feature"));
    assert_int_equal(feature_spec_drop(spec, (const char *const[]){"job"}, 1, &less, &err),
                     STATUS_OK);
    assert_int_equal(feature_spec_drop(less, (const char *const[]){"age"}, 1, &twice, &err),
                     STATUS_CONFLICT);
    feature_spec_free(less);
    feature_spec_free(spec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_column_goes_with_all_that_is_made_of_it),
        cmocka_unit_test(a_feature_or_a_cross_goes_alone),
        cmocka_unit_test(unknown_names_and_the_last_feature_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
