/* What every predictor must do, run for each class of the registry. What these catch: a predictor
 * worse than the mean of the labels, bits that depend on the thread count or on where it came
 * from, features and labels that make it fail. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/rng.h"
#include "models/predictor.h"

#define EACH_CLASS(class)                                                                          \
    (const struct predictor_class *const *at = predictor_classes, *class = *at; class;             \
     class = *++at)

enum { EXAMPLES = 400, FEATURES = 12, PER_ROW = 3 };

/* Three features an example; the label follows the first, with noise. */
struct examples {
    struct csr features;
    float labels[EXAMPLES], weights[EXAMPLES];
    struct table table;
};

static struct examples *examples_new(bool weighted)
{
    struct examples *e = calloc(1, sizeof *e);
    assert_non_null(e);
    assert_int_equal(csr_alloc(EXAMPLES, FEATURES, EXAMPLES * PER_ROW, &e->features), STATUS_OK);
    struct rng rng = rng_seed(3, 3);
    for (uint32_t r = 0; r < EXAMPLES; r++) {
        for (uint32_t k = 0; k < PER_ROW; k++) {
            e->features.columns[r * PER_ROW + k] = k * 4 + rng_below(&rng, 4);
            e->features.values[r * PER_ROW + k] = 1;
        }
        e->features.starts[r + 1] = (r + 1) * PER_ROW;
        const bool likely = e->features.columns[r * PER_ROW] < 2;
        e->labels[r] = rng_uniform(&rng) < (likely ? 0.9 : 0.2) ? 1 : 0;
        e->weights[r] = e->labels[r] > 0 ? 3 : 1;
    }
    e->table = (struct table){.features = &e->features,
                              .labels = e->labels,
                              .weights = weighted ? e->weights : NULL,
                              .seed = 1};
    return e;
}

static void examples_free(struct examples *e)
{
    csr_free(&e->features);
    free(e);
}

static enum status try_fit(const struct predictor_class *class, const struct table *table,
                           struct parallel *pool, const struct observer *observer,
                           struct predictor **ret_predictor, struct error *reterr)
{
    struct arena arena = {0};
    void *settings = arena_zalloc(&arena, 1, class->settings_size + 1);
    assert_non_null(settings);
    assert_int_equal(options_init(class->options, class->n_options, settings, &arena), STATUS_OK);
    const enum status status = class->fit(table, settings, pool, observer, ret_predictor, reterr);
    arena_free(&arena);
    return status;
}

static struct predictor *fit(const struct predictor_class *class, const struct table *table,
                             struct parallel *pool)
{
    struct predictor *predictor = NULL;
    assert_int_equal(try_fit(class, table, pool, NULL, &predictor, NULL), STATUS_OK);
    assert_ptr_equal(predictor->class, class);
    assert_int_equal(predictor->n_features, FEATURES);
    return predictor;
}

static void predict(const struct predictor *predictor, const struct table *table, float *out)
{
    struct arena arena = {0};
    const struct table unlabelled = {.features = table->features};
    assert_int_equal(predictor->class->predict_batch(predictor, &unlabelled, out, &arena),
                     STATUS_OK);
    for (uint32_t r = 0; r < table->features->n_rows; r++)
        assert_true(out[r] >= 0 && out[r] <= 1);
    arena_free(&arena);
}

static double log_loss(const struct table *table, const float *p)
{
    double loss = 0, weights = 0;
    for (uint32_t r = 0; r < EXAMPLES; r++) {
        const double w = table->weights ? (double)table->weights[r] : 1;
        loss -= w * log(table->labels[r] > 0 ? (double)p[r] : 1 - (double)p[r]);
        weights += w;
    }
    return loss / weights;
}

static void predictions_are_no_worse_than_the_weighted_mean(void **state)
{
    (void)state;
    for
        EACH_CLASS(class)
    for (int weighted = 0; weighted < 2; weighted++) {
        struct examples *e = examples_new(weighted);
        struct predictor *predictor = fit(class, &e->table, NULL);
        double sum = 0, weights = 0;
        for (uint32_t r = 0; r < EXAMPLES; r++) {
            const double w = weighted ? (double)e->weights[r] : 1;
            sum += w * (double)e->labels[r];
            weights += w;
        }
        float p[EXAMPLES], mean[EXAMPLES];
        for (uint32_t r = 0; r < EXAMPLES; r++)
            mean[r] = (float)(sum / weights);
        predict(predictor, &e->table, p);
        assert_true(log_loss(&e->table, p) <= log_loss(&e->table, mean) + 1e-6);
        predictor->class->free(predictor);
        examples_free(e);
    }
}

static char folder[] = "/tmp/tastevin-contract-XXXXXX";

static void path_of(const char *name, char path[PATH_BYTES_MAX])
{
    assert_int_equal(path_join(path, folder, name), STATUS_OK);
}

static void save(const struct predictor *predictor, const char *name)
{
    char path[PATH_BYTES_MAX];
    path_of(name, path);
    struct sections_writer *writer;
    assert_int_equal(sections_create(path, &writer, NULL), STATUS_OK);
    predictor->class->save(predictor, writer);
    assert_int_equal(sections_finish(writer, NULL), STATUS_OK);
}

static struct sections *open_saved(const char *name)
{
    char path[PATH_BYTES_MAX];
    path_of(name, path);
    struct sections *sections;
    assert_int_equal(sections_open(path, &sections, NULL), STATUS_OK);
    return sections;
}

static void the_same_seed_gives_the_same_bytes_for_any_number_of_threads(void **state)
{
    (void)state;
    for
        EACH_CLASS(class)
        {
            struct examples *e = examples_new(true);
            struct predictor *alone = fit(class, &e->table, NULL);
            save(alone, "alone");
            struct sections *first = open_saved("alone");
            for (unsigned threads = 1; threads <= 2; threads++) {
                struct parallel *pool;
                assert_int_equal(parallel_new(threads, false, &pool), STATUS_OK);
                struct predictor *shared = fit(class, &e->table, pool);
                save(shared, "shared");
                struct sections *second = open_saved("shared");
                assert_int_equal(sections_crc(first), sections_crc(second));
                sections_close(second);
                class->free(shared);
                parallel_free(pool);
            }
            sections_close(first);
            class->free(alone);
            examples_free(e);
        }
}

static void a_loaded_predictor_predicts_as_the_one_that_was_saved(void **state)
{
    (void)state;
    for
        EACH_CLASS(class)
        {
            struct examples *e = examples_new(false);
            struct predictor *predictor = fit(class, &e->table, NULL), *loaded = NULL;
            float a[EXAMPLES], b[EXAMPLES];
            save(predictor, "predictor");
            struct sections *sections = open_saved("predictor");
            assert_int_equal(class->load(sections, &loaded, NULL), STATUS_OK);
            assert_int_equal(loaded->n_features, FEATURES);
            predict(predictor, &e->table, a);
            predict(loaded, &e->table, b);
            assert_memory_equal(a, b, sizeof a);
            class->free(loaded);
            class->free(predictor);
            sections_close(sections);
            examples_free(e);
        }
}

static void features_past_the_fitted_ones_are_ignored(void **state)
{
    (void)state;
    for
        EACH_CLASS(class)
        {
            struct examples *e = examples_new(false);
            struct predictor *predictor = fit(class, &e->table, NULL);
            float known[EXAMPLES], more[EXAMPLES];
            struct csr without = {.n_rows = 1, .n_columns = FEATURES}, with = without;
            uint64_t starts[] = {0, 1}, starts_more[] = {0, 2};
            uint32_t columns[] = {3, FEATURES + 5};
            float values[] = {1, 100};
            without.starts = starts;
            with.starts = starts_more;
            with.n_columns = FEATURES + 9;
            without.columns = with.columns = columns;
            without.values = with.values = values;
            predict(predictor, &(struct table){.features = &without}, known);
            predict(predictor, &(struct table){.features = &with}, more);
            assert_true(known[0] == more[0]);
            class->free(predictor);
            examples_free(e);
        }
}

static void labels_and_weights_that_cannot_be_are_refused(void **state)
{
    (void)state;
    const float labels[] = {NAN, -0.1f, 1.5f, INFINITY}, weights[] = {0, -1, NAN, INFINITY};
    for
        EACH_CLASS(class)
        {
            struct examples *e = examples_new(true);
            struct predictor *predictor = NULL;
            for (size_t i = 0; i < 4; i++) {
                struct error err = {0};
                const float label = e->labels[7], weight = e->weights[7];
                e->labels[7] = labels[i];
                assert_int_equal(try_fit(class, &e->table, NULL, NULL, &predictor, &err),
                                 STATUS_OUT_OF_RANGE);
                assert_non_null(strstr(err.text, "example 7"));
                e->labels[7] = label;
                e->weights[7] = weights[i];
                assert_int_equal(try_fit(class, &e->table, NULL, NULL, &predictor, &err),
                                 STATUS_OUT_OF_RANGE);
                assert_non_null(strstr(err.text, "example 7"));
                e->weights[7] = weight;
            }
            e->features.n_rows = 0;
            assert_int_equal(try_fit(class, &e->table, NULL, NULL, &predictor, NULL),
                             STATUS_OUT_OF_RANGE);
            assert_null(predictor);
            e->features.n_rows = EXAMPLES;
            examples_free(e);
        }
}

static bool stop_at_once(void *context)
{
    (void)context;
    return true;
}

static void a_fit_stops_when_told(void **state)
{
    (void)state;
    const struct observer observer = {.stop = stop_at_once};
    for
        EACH_CLASS(class)
        {
            struct examples *e = examples_new(false);
            struct predictor *predictor = NULL;
            assert_int_equal(try_fit(class, &e->table, NULL, &observer, &predictor, NULL),
                             STATUS_CANCELLED);
            assert_null(predictor);
            examples_free(e);
        }
}

static void a_file_that_lacks_a_section_is_refused_by_name(void **state)
{
    (void)state;
    for
        EACH_CLASS(class)
        {
            struct examples *e = examples_new(false);
            struct predictor *predictor = fit(class, &e->table, NULL), *loaded = NULL;
            save(predictor, "predictor");
            struct sections *sections = open_saved("predictor");
            for (size_t left_out = 0; left_out < sections_count(sections); left_out++) {
                char path[PATH_BYTES_MAX];
                path_of("damaged", path);
                struct sections_writer *writer;
                assert_int_equal(sections_create(path, &writer, NULL), STATUS_OK);
                for (size_t i = 0; i < sections_count(sections); i++) {
                    const struct section *s = sections_at(sections, i);
                    if (i != left_out)
                        sections_add(writer, s->name, s->type, s->rows, s->columns, s->data);
                }
                assert_int_equal(sections_finish(writer, NULL), STATUS_OK);
                struct sections *damaged = open_saved("damaged");
                struct error err = {0};
                assert_int_equal(class->load(damaged, &loaded, &err), STATUS_CORRUPT);
                assert_non_null(strstr(err.text, sections_at(sections, left_out)->name));
                assert_null(loaded);
                sections_close(damaged);
            }
            sections_close(sections);
            class->free(predictor);
            examples_free(e);
        }
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return folder_remove(folder, NULL) == STATUS_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(predictions_are_no_worse_than_the_weighted_mean),
        cmocka_unit_test(the_same_seed_gives_the_same_bytes_for_any_number_of_threads),
        cmocka_unit_test(a_loaded_predictor_predicts_as_the_one_that_was_saved),
        cmocka_unit_test(features_past_the_fitted_ones_are_ignored),
        cmocka_unit_test(labels_and_weights_that_cannot_be_are_refused),
        cmocka_unit_test(a_fit_stops_when_told),
        cmocka_unit_test(a_file_that_lacks_a_section_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
