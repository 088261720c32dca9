/* What these catch: a look that changes what is learnt, a dead layer, an exploding rate or a number
 * that is none which nobody sees. */
#include "models/network_look.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "models/network_settings.h"
#include "models/wide_deep.h"
#include "support/csr_examples.h"
#include "support/test.h"

static const struct field fields[] = {
    {.name = "education", .size = 3, .wide = true, .deep = FIELD_EMBEDDED, .dimension = 2},
    {.name = "education x city", .first = 3, .size = 4, .wide = true, .crossed = true},
    {.name = "age", .first = 7, .size = 2, .deep = FIELD_DENSE},
};
static const struct feature_layout layout = {fields, 3, 9};
static uint64_t starts[] = {0, 5, 8, 10, 15};
static uint32_t columns[] = {0, 3, 5, 7, 8, 2, 4, 7, 0, 8, 1, 3, 4, 7, 8};
static float values[] = {1, 1, 0.5f, 0.3f, -1.2f, 1, 2, -0.7f, 1, 0.9f, 1, 1, 1, 1.5f, 0.2f};
static const float labels[] = {1, 0, 0, 1};
static const struct csr matrix = {4, 9, starts, columns, values};
static const struct csr_examples source = {&matrix, labels, NULL};

static enum status fit(const struct predictor_task *task, const char *hidden,
                       const struct observer *observer, struct predictor **ret_predictor,
                       struct error *reterr)
{
    struct network_settings settings;
    struct arena arena = {0};
    const struct predictor_class *class = &wide_deep_class;
    assert_int_equal(options_init(class->options, class->n_options, &settings, &arena), STATUS_OK);
    settings.hidden = hidden;
    settings.epochs = 3;
    settings.batch = 2;
    settings.patience = 0;
    const enum status status = class->fit(task, &settings, NULL, observer, ret_predictor, reterr);
    arena_free(&arena);
    return status;
}

/* The last value of each tag. */
struct heard {
    size_t n, n_values;
    struct {
        char tag[80];
        double value;
    } last[128];
};

static void hear(void *context, const char *tag, int64_t step, double value)
{
    struct heard *heard = context;
    (void)step;
    size_t i = 0;
    while (i < heard->n && strcmp(heard->last[i].tag, tag) != 0)
        i++;
    assert_true(i < 128);
    heard->n = i == heard->n ? i + 1 : heard->n;
    snprintf(heard->last[i].tag, sizeof heard->last[i].tag, "%s", tag);
    heard->last[i].value = value;
}

static void hear_values(void *context, const char *tag, int64_t step, const float *of, size_t n)
{
    (void)tag;
    (void)step;
    (void)of;
    assert_true(n > 0);
    ((struct heard *)context)->n_values++;
}

static double value_of(const struct heard *heard, const char *tag)
{
    for (size_t i = 0; i < heard->n; i++)
        if (strcmp(heard->last[i].tag, tag) == 0)
            return heard->last[i].value;
    fail_msg("%s was not told", tag);
    return NAN;
}

static struct network *fit_heard(struct heard *heard, const struct predictor *warm, int64_t every)
{
    const struct observer observer = {
        .context = heard, .scalar = hear, .values = hear_values, .every = every};
    const struct examples examples = csr_examples(&source, &layout);
    const struct predictor_task task = {.train = &examples, .seed = 1, .warm = warm};
    struct predictor *predictor;
    assert_int_equal(fit(&task, "8-4", &observer, &predictor, NULL), STATUS_OK);
    return (struct network *)predictor;
}

static void looking_changes_no_bit(void **state)
{
    (void)state;
    struct heard heard = {0}, quiet = {0};
    struct network *a = fit_heard(&heard, NULL, 1), *b = fit_heard(&quiet, NULL, 0);
    assert_memory_equal(a->parameters, b->parameters, a->size * sizeof(float));
    assert_true(heard.n_values > 0);
    assert_int_equal(quiet.n_values, 0);
    assert_true(value_of(&heard, "gradient_norm/layer_0_weights") > 0);
    assert_true(value_of(&heard, "update_ratio/layer_0_weights") > 0);
    assert_true(value_of(&heard, "update_ratio/wide") > 0);
    assert_true(value_of(&heard, "norm/embedding/education") > 0);
    network_free(&a->base);
    network_free(&b->base);
}

static void every_third_pass_is_every_third_pass(void **state)
{
    (void)state;
    struct heard each = {0}, third = {0};
    struct network *a = fit_heard(&each, NULL, 1), *b = fit_heard(&third, NULL, 3);
    assert_int_equal(each.n_values, 3 * third.n_values);
    network_free(&a->base);
    network_free(&b->base);
}

static void a_dead_layer_is_told(void **state)
{
    (void)state;
    struct heard before = {0}, after = {0};
    struct network *alive = fit_heard(&before, NULL, 1);
    assert_true(value_of(&before, "dead_relus/layer_0") < 1);
    const struct network_layer *layer = &alive->layers[0];
    for (uint32_t j = 0; j < layer->out; j++)
        alive->parameters[layer->biases + j] = -1e6f;
    struct network *dead = fit_heard(&after, &alive->base, 1);
    assert_true(value_of(&after, "dead_relus/layer_0") == 1);
    assert_true(value_of(&after, "gradient_norm/layer_0_weights") == 0);
    network_free(&alive->base);
    network_free(&dead->base);
}

/* A ReLU lets no NaN through, so that the loss stays a number: only a check of all parameters after
 * each step finds it there. */
static void a_planted_nan_is_told_with_its_step_and_batch(void **state)
{
    (void)state;
    static const char *const wanted[] = {"tensors are not) in step 2, batch 2 of the epoch",
                                         "tensors are not) in step 1, batch 1 of the epoch"};
    struct heard heard = {0};
    struct network *sick = fit_heard(&heard, NULL, 1);
    sick->parameters[sick->layers[1].weights] = NAN;
    const struct examples examples = csr_examples(&source, &layout);
    const struct predictor_task task = {.train = &examples, .seed = 1, .warm = &sick->base};
    for (int numerics = 0; numerics < 2; numerics++) {
        const struct observer observer = {.numerics = numerics};
        struct predictor *predictor;
        struct error err = {0};
        assert_int_equal(fit(&task, "8-4", &observer, &predictor, &err), STATUS_OUT_OF_RANGE);
        if (!strstr(err.text, wanted[numerics]))
            fail_msg("%s", err.text);
    }
    network_free(&sick->base);
}

static void keep_text(void *context, const char *tag, int64_t step, const char *markdown)
{
    assert_string_equal(tag, "debug/numerics");
    assert_int_equal(step, 1);
    snprintf(context, 2048, "%s", markdown);
}

static void what_led_there_is_told_in_words(void **state)
{
    (void)state;
    char text[2048] = "";
    struct heard heard = {0};
    struct network *sick = fit_heard(&heard, NULL, 1);
    sick->parameters[sick->layers[1].weights] = NAN;
    const struct examples examples = csr_examples(&source, &layout);
    const struct predictor_task task = {.train = &examples, .seed = 1, .warm = &sick->base};
    const struct observer observer = {
        .context = text, .text = keep_text, .numerics = true, .costs_every = 1};
    struct predictor *predictor;
    struct error err = {0};
    assert_int_equal(fit(&task, "8-4", &observer, &predictor, &err), STATUS_OUT_OF_RANGE);
    assert_non_null(strstr(text, "broke in epoch 1: step 1, batch 1 of the epoch"));
    assert_non_null(strstr(text, "| layer_1_weights | 32 | "));
    assert_null(strstr(text, "| layer_1_weights | 32 | 0 |"));
    assert_non_null(strstr(text, "| step | loss of the batch |\n| ---: | ---: |\n| 1 | 0."));
    network_free(&sick->base);
}

static void where_it_broke_is_the_tensor_that_holds_it(void **state)
{
    (void)state;
    struct heard heard = {0};
    char where[NETWORK_WHERE_MAX];
    struct network *network = fit_heard(&heard, NULL, 1);
    network_look_where(network, 7, 3, where);
    assert_string_equal(where, "");
    network->parameters[network->layers[1].weights + 1] = INFINITY;
    network_look_where(network, 7, 3, where);
    assert_non_null(strstr(where, "layer_1_weights is not finite (1 of "));
    assert_non_null(strstr(where, "in step 7, batch 3 of the epoch"));
    network_free(&network->base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(looking_changes_no_bit),
        cmocka_unit_test(every_third_pass_is_every_third_pass),
        cmocka_unit_test(a_dead_layer_is_told),
        cmocka_unit_test(a_planted_nan_is_told_with_its_step_and_batch),
        cmocka_unit_test(what_led_there_is_told_in_words),
        cmocka_unit_test(where_it_broke_is_the_tensor_that_holds_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
