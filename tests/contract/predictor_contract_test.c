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
#include "support/csr_examples.h"

#define EACH_CLASS(class)                                                                          \
    (const struct predictor_class *const *at = predictor_classes, *class = *at; class;             \
     class = *++at)

enum { EXAMPLES = 400, FEATURES = 12, PER_ROW = 3 };

/* Four categories each; the third is an indicator of the deep part. */
static const struct field fields[] = {
    {.name = "a", .size = 4, .wide = true, .deep = FIELD_EMBEDDED, .dimension = 3},
    {.name = "b", .first = 4, .size = 4, .wide = true, .deep = FIELD_EMBEDDED, .dimension = 3},
    {.name = "c", .first = 8, .size = 4, .wide = true, .deep = FIELD_DENSE},
};

static const struct feature_layout layout = {fields, 3, FEATURES};

/* Three features an example; the label follows the first, with noise. */
struct table {
    struct csr features;
    float labels[EXAMPLES], weights[EXAMPLES];
    struct csr_examples source;
    struct examples examples;
    struct predictor_task task;
};

static struct table *table_new(bool weighted)
{
    struct table *t = calloc(1, sizeof *t);
    assert_non_null(t);
    assert_int_equal(csr_alloc(EXAMPLES, FEATURES, EXAMPLES * PER_ROW, &t->features), STATUS_OK);
    struct rng rng = rng_seed(3, 3);
    for (uint32_t r = 0; r < EXAMPLES; r++) {
        for (uint32_t k = 0; k < PER_ROW; k++) {
            t->features.columns[r * PER_ROW + k] = k * 4 + rng_below(&rng, 4);
            t->features.values[r * PER_ROW + k] = 1;
        }
        t->features.starts[r + 1] = (r + 1) * PER_ROW;
        const bool likely = t->features.columns[r * PER_ROW] < 2;
        t->labels[r] = rng_uniform(&rng) < (likely ? 0.9 : 0.2) ? 1 : 0;
        t->weights[r] = t->labels[r] > 0 ? 3 : 1;
    }
    t->source = (struct csr_examples){
        .matrix = &t->features, .labels = t->labels, .weights = weighted ? t->weights : NULL};
    t->examples = csr_examples(&t->source, &layout);
    t->task = (struct predictor_task){.train = &t->examples, .seed = 1};
    return t;
}

static void table_free(struct table *t)
{
    csr_free(&t->features);
    free(t);
}

static enum status try_fit(const struct predictor_class *class, const struct predictor_task *task,
                           struct parallel *pool, const struct observer *observer,
                           struct predictor **ret_predictor, struct error *reterr)
{
    struct arena arena = {0};
    void *settings = arena_zalloc(&arena, 1, class->settings_size + 1);
    assert_non_null(settings);
    assert_int_equal(options_init(class->options, class->n_options, settings, &arena), STATUS_OK);
    const enum status status = class->fit(task, settings, pool, observer, ret_predictor, reterr);
    arena_free(&arena);
    return status;
}

static struct predictor *fit(const struct predictor_class *class, const struct predictor_task *task,
                             struct parallel *pool)
{
    struct predictor *predictor = NULL;
    struct error err = {0};
    if (try_fit(class, task, pool, NULL, &predictor, &err) != STATUS_OK)
        fail_msg("%s: %s", class->name, err.text);
    assert_ptr_equal(predictor->class, class);
    assert_int_equal(predictor->n_features, FEATURES);
    return predictor;
}

static void predict(const struct predictor *predictor, const struct examples *examples,
                    struct parallel *pool, float *out)
{
    struct arena arena = {0};
    struct examples unlabelled = *examples;
    unlabelled.labelled = false;
    assert_int_equal(predictor->class->predict_batch(predictor, &unlabelled, pool, out, &arena),
                     STATUS_OK);
    for (uint32_t r = 0; r < examples->n; r++)
        assert_true(out[r] >= 0 && out[r] <= 1);
    arena_free(&arena);
}

static double log_loss(const struct table *t, const float *p)
{
    double loss = 0, weights = 0;
    for (uint32_t r = 0; r < EXAMPLES; r++) {
        const double w = t->source.weights ? (double)t->weights[r] : 1;
        loss -= w * log(t->labels[r] > 0 ? (double)p[r] : 1 - (double)p[r]);
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
        struct table *t = table_new(weighted);
        struct predictor *predictor = fit(class, &t->task, NULL);
        double sum = 0, weights = 0;
        for (uint32_t r = 0; r < EXAMPLES; r++) {
            const double w = weighted ? (double)t->weights[r] : 1;
            sum += w * (double)t->labels[r];
            weights += w;
        }
        float p[EXAMPLES], mean[EXAMPLES];
        for (uint32_t r = 0; r < EXAMPLES; r++)
            mean[r] = (float)(sum / weights);
        predict(predictor, &t->examples, NULL, p);
        assert_true(log_loss(t, p) <= log_loss(t, mean) + 1e-6);
        predictor->class->free(predictor);
        table_free(t);
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
            struct table *t = table_new(true);
            struct predictor *alone = fit(class, &t->task, NULL);
            save(alone, "alone");
            struct sections *first = open_saved("alone");
            for (unsigned threads = 1; threads <= 2; threads++) {
                struct parallel *pool;
                assert_int_equal(parallel_new(threads, false, &pool), STATUS_OK);
                struct predictor *shared = fit(class, &t->task, pool);
                save(shared, "shared");
                struct sections *second = open_saved("shared");
                assert_int_equal(sections_crc(first), sections_crc(second));
                sections_close(second);
                class->free(shared);
                parallel_free(pool);
            }
            sections_close(first);
            class->free(alone);
            table_free(t);
        }
}

static void a_loaded_predictor_predicts_as_the_one_that_was_saved(void **state)
{
    (void)state;
    for
        EACH_CLASS(class)
        {
            struct table *t = table_new(false);
            struct predictor *predictor = fit(class, &t->task, NULL), *loaded = NULL;
            float a[EXAMPLES], b[EXAMPLES];
            save(predictor, "predictor");
            struct sections *sections = open_saved("predictor");
            assert_int_equal(class->load(sections, &loaded, NULL), STATUS_OK);
            assert_int_equal(loaded->n_features, FEATURES);
            predict(predictor, &t->examples, NULL, a);
            predict(loaded, &t->examples, NULL, b);
            assert_memory_equal(a, b, sizeof a);
            class->free(loaded);
            class->free(predictor);
            sections_close(sections);
            table_free(t);
        }
}

static void features_past_the_fitted_ones_are_ignored(void **state)
{
    (void)state;
    for
        EACH_CLASS(class)
        {
            struct table *t = table_new(false);
            struct predictor *predictor = fit(class, &t->task, NULL);
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
            const struct feature_layout wider = {
                (const struct field[]){fields[0],
                                       fields[1],
                                       fields[2],
                                       {.name = "d", .first = FEATURES, .size = 9, .wide = true}},
                4, FEATURES + 9};
            const struct csr_examples narrow = {.matrix = &without}, wide = {.matrix = &with};
            const struct examples one = csr_examples(&narrow, &layout),
                                  other = csr_examples(&wide, &wider);
            predict(predictor, &one, NULL, known);
            predict(predictor, &other, NULL, more);
            assert_true(known[0] == more[0]);
            class->free(predictor);
            table_free(t);
        }
}

static void an_example_gets_the_same_bits_in_any_company(void **state)
{
    (void)state;
    for
        EACH_CLASS(class)
        {
            struct table *t = table_new(false);
            struct predictor *predictor = fit(class, &t->task, NULL);
            struct parallel *pool;
            assert_int_equal(parallel_new(2, false, &pool), STATUS_OK);
            float all[EXAMPLES], shared[EXAMPLES], few[7];
            predict(predictor, &t->examples, NULL, all);
            predict(predictor, &t->examples, pool, shared);
            assert_memory_equal(all, shared, sizeof all);
            struct examples some = t->examples;
            for (some.n = 1; some.n <= 7; some.n++) {
                predict(predictor, &some, NULL, few);
                assert_memory_equal(all, few, some.n * sizeof *few);
            }
            parallel_free(pool);
            class->free(predictor);
            table_free(t);
        }
}

static void labels_and_weights_that_cannot_be_are_refused(void **state)
{
    (void)state;
    const float labels[] = {NAN, -0.1f, 1.5f, INFINITY}, weights[] = {0, -1, NAN, INFINITY};
    for
        EACH_CLASS(class)
        {
            struct table *t = table_new(true);
            struct predictor *predictor = NULL;
            for (size_t i = 0; i < 4; i++) {
                struct error err = {0};
                const float label = t->labels[7], weight = t->weights[7];
                t->labels[7] = labels[i];
                assert_int_equal(try_fit(class, &t->task, NULL, NULL, &predictor, &err),
                                 STATUS_OUT_OF_RANGE);
                assert_non_null(strstr(err.text, "example 7"));
                t->labels[7] = label;
                t->weights[7] = weights[i];
                assert_int_equal(try_fit(class, &t->task, NULL, NULL, &predictor, &err),
                                 STATUS_OUT_OF_RANGE);
                assert_non_null(strstr(err.text, "example 7"));
                t->weights[7] = weight;
            }
            t->examples.n = 0;
            assert_int_equal(try_fit(class, &t->task, NULL, NULL, &predictor, NULL),
                             STATUS_OUT_OF_RANGE);
            assert_null(predictor);
            t->examples.n = EXAMPLES;
            table_free(t);
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
            struct table *t = table_new(false);
            struct predictor *predictor = NULL;
            assert_int_equal(try_fit(class, &t->task, NULL, &observer, &predictor, NULL),
                             STATUS_CANCELLED);
            assert_null(predictor);
            table_free(t);
        }
}

/* Stops at the second pass; a class without passes is not asked. */
static void stop_scalar(void *context, const char *tag, int64_t step, double value)
{
    (void)value;
    if (strcmp(tag, "train/loss") == 0 && step >= 1)
        *(bool *)context = true;
}

static bool stop_when_told(void *context)
{
    return *(bool *)context;
}

static void a_fit_stops_between_its_passes(void **state)
{
    (void)state;
    for
        EACH_CLASS(class)
        {
            bool told = false;
            const struct observer observer = {
                .context = &told, .scalar = stop_scalar, .stop = stop_when_told};
            struct table *t = table_new(false);
            struct predictor *predictor = NULL;
            const enum status status = try_fit(class, &t->task, NULL, &observer, &predictor, NULL);
            assert_int_equal(status, told ? STATUS_CANCELLED : STATUS_OK);
            assert_true((predictor == NULL) == told);
            class->free(predictor);
            table_free(t);
        }
}

static void a_file_that_lacks_a_section_is_refused_by_name(void **state)
{
    (void)state;
    for
        EACH_CLASS(class)
        {
            struct table *t = table_new(false);
            struct predictor *predictor = fit(class, &t->task, NULL), *loaded = NULL;
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
            table_free(t);
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
        cmocka_unit_test(an_example_gets_the_same_bits_in_any_company),
        cmocka_unit_test(labels_and_weights_that_cannot_be_are_refused),
        cmocka_unit_test(a_fit_stops_when_told),
        cmocka_unit_test(a_fit_stops_between_its_passes),
        cmocka_unit_test(a_file_that_lacks_a_section_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
