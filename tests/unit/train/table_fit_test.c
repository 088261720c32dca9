/* What these catch: validation rows that leak into vocabularies, a share that is not exact, a draw
 * that forgets the seed, a warm start of another mode, metrics of other rows. */
#include "train/table_fit.h"

#include "support/specs.h"
#include "table_fixture.h"

static void nothing_is_learnt_from_the_rows_held_out(void **state)
{
    struct table_fit_result result;
    struct error err = {0};
    const char *path = fixture_table(*state, 1000);
    assert_int_equal(fixture_fit(path, NULL, "0.25", NULL, 1, &result, &err), STATUS_OK);
    assert_int_equal(result.n_train, 750);
    assert_int_equal(result.n_valid, 250);
    /* x, and the ids of the training rows behind missing and unknown */
    assert_int_equal(result.n_features, 1 + 2 + 750);
    fitted_free(result.fitted);
}

static void without_validation_all_rows_are_learnt_from(void **state)
{
    struct table_fit_result result;
    struct error err = {0};
    const char *path = fixture_table(*state, 200);
    assert_int_equal(fixture_fit(path, NULL, "0", NULL, 1, &result, &err), STATUS_OK);
    assert_int_equal(result.n_train, 200);
    assert_int_equal(result.n_valid, 0);
    assert_int_equal(result.report.epochs, 2);
    fitted_free(result.fitted);
}

static void a_refit_learns_from_all_rows_for_the_best_epochs(void **state)
{
    struct arena arena = {0};
    struct feature_spec *spec = test_spec(fixture_spec);
    struct table_settings settings;
    struct table_fit_result result;
    struct error err = {0};
    const char *path = fixture_table(*state, 1000);
    assert_int_equal(table_settings_read(spec, NULL, &arena, &settings, &err), STATUS_OK);
    assert_int_equal(table_settings_set(&settings, "refit", "true", &arena, &err), STATUS_OK);
    const struct table_fit_request request = {.path = path, .settings = &settings, .seed = 1};
    assert_int_equal(table_fit(spec, &request, &result, &err), STATUS_OK);
    assert_int_equal(result.n_features, 1 + 2 + 900); /* vocabularies are the training rows' */
    assert_int_equal(result.n_seen, result.report.epochs * 900 + result.report.best_epoch * 1000);
    fitted_free(result.fitted);
    arena_free(&arena);
}

static void a_warm_start_of_another_mode_is_refused(void **state)
{
    struct table_fit_result wide, deep;
    struct error err = {0};
    const char *path = fixture_table(*state, 200);
    assert_int_equal(fixture_fit(path, "wide", NULL, NULL, 1, &wide, &err), STATUS_OK);
    assert_int_equal(fixture_fit(path, "deep", NULL, wide.fitted, 1, &deep, &err),
                     STATUS_OUT_OF_RANGE);
    assert_non_null(strstr(err.text, "deep"));
    assert_non_null(strstr(err.text, "wide"));
    fitted_free(wide.fitted);
}

static void what_is_measured_is_what_was_predicted(void **state)
{
    struct table_fit_result result;
    struct table_measured measured;
    struct error err = {0};
    const char *path = fixture_table(*state, 1000);
    assert_int_equal(fixture_fit(path, "deep", NULL, NULL, 1, &result, &err), STATUS_OK);
    assert_int_equal(table_measure(result.fitted, path, 16, NULL, NULL, &measured, &err),
                     STATUS_OK);
    assert_int_equal(measured.n, 1000);
    assert_true(measured.metrics.values[BINARY_AUC] > 0.8);
    assert_true(measured.metrics.values[BINARY_LABEL_MEAN] > 0.4);
    fitted_free(result.fitted);
}

static void settings_of_other_modes_do_not_count_and_unknown_ones_do(void **state)
{
    (void)state;
    static const char unknown[] = "label: {column: y}\nfeatures:\n  x: {type: numeric}\n"
                                  "model:\n  hiden: 4\n";
    struct arena arena = {0};
    struct feature_spec *spec = test_spec(fixture_spec);
    struct table_settings settings;
    struct error err = {0};
    assert_int_equal(table_settings_read(spec, NULL, &arena, &settings, &err), STATUS_OK);
    assert_string_equal(settings.class->name, "wide");
    assert_int_equal(settings.batch, 16);
    assert_int_equal(table_settings_read(spec, "depe", &arena, &settings, &err), STATUS_NOT_FOUND);
    assert_non_null(strstr(err.text, "'deep'"));
    feature_spec_free(spec);
    spec = test_spec(unknown);
    assert_int_equal(table_settings_read(spec, NULL, &arena, &settings, &err), STATUS_NOT_FOUND);
    assert_string_equal(err.pointer, "test.yaml:5");
    assert_non_null(strstr(err.text, "'hidden'"));
    feature_spec_free(spec);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(nothing_is_learnt_from_the_rows_held_out),
        WITH_FOLDER(without_validation_all_rows_are_learnt_from),
        WITH_FOLDER(a_refit_learns_from_all_rows_for_the_best_epochs),
        WITH_FOLDER(a_warm_start_of_another_mode_is_refused),
        WITH_FOLDER(what_is_measured_is_what_was_predicted),
        cmocka_unit_test(settings_of_other_modes_do_not_count_and_unknown_ones_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
