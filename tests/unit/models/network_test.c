/* What these catch: a network that is not the one of network.h, gradients that are not its slopes,
 * steps that are not the papers', a chunk that counts twice, a warm start that mixes features up, a
 * loss that runs away unseen, files that lie about their shape. */
#include "models/network.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "models/network_fit.h"
#include "models/network_predict.h"
#include "models/network_step.h"
#include "models/wide_deep.h"
#include "support/csr_examples.h"
#include "support/gradient.h"
#include "support/test.h"

struct golden_slice {
    const char *name;
    uint32_t rows, columns;
    const float *start;
    const double *gradients, *after;
};

#include "golden/network_golden.h"

enum { N_SLICES = sizeof golden_slices / sizeof *golden_slices, N_ROWS = 4 };

/* ---- the golden network ---- */

static const struct field golden_fields[] = {
    {.name = "a", .size = 3, .wide = true, .deep = FIELD_EMBEDDED, .dimension = 2},
    {.name = "b",
     .first = 3,
     .size = 4,
     .wide = true,
     .deep = FIELD_EMBEDDED,
     .dimension = 2,
     .shared = 1},
    {.name = "c", .first = 7, .size = 2, .deep = FIELD_DENSE},
};
static const struct feature_layout golden_layout = {golden_fields, 3, 9};

static uint64_t starts[] = {0, 5, 8, 10, 15};
static uint32_t columns[] = {0, 3, 5, 7, 8, 2, 4, 7, 0, 8, 1, 3, 4, 7, 8};
static float values[] = {1, 1, 0.5f, 0.3f, -1.2f, 1, 2, -0.7f, 1, 0.9f, 1, 1, 1, 1.5f, 0.2f};
static const float labels[] = {1, 0, 0.25f, 1}, weights[] = {1, 2, 0.5f, 1};
static const struct csr matrix = {N_ROWS, 9, starts, columns, values};
static const struct csr_examples source = {&matrix, labels, weights};
static const uint32_t all_rows[] = {0, 1, 2, 3};

static const struct network_update golden_update = {
    .deep = {.kind = OPTIMIZER_ADAGRAD, .rate = 0.05f, .weight_decay = 0.01f, .initial_sum = 0.1f},
    .wide = {.alpha = 0.1f, .beta = 0.5f, .l1 = 0.01f, .l2 = 0.02f, .initial_sum = 0.1f},
};

struct fixture {
    struct network *network;
    struct network_step step;
    struct examples examples;
    struct arena arena;
    uint32_t chunk;
};

static void fixture_init(struct fixture *f, const struct feature_layout *layout,
                         const struct network_shape *shape, uint32_t chunk)
{
    *f = (struct fixture){.chunk = chunk};
    assert_int_equal(network_new(&wide_deep_class, layout, shape, &f->network, NULL), STATUS_OK);
    assert_int_equal(network_take_parameters(f->network, NULL), STATUS_OK);
    f->examples = csr_examples(&source, layout);
}

static void fixture_begin(struct fixture *f, const struct network_update *update)
{
    assert_int_equal(
        network_step_init(f->network, &f->examples, update, f->chunk, &f->arena, &f->step),
        STATUS_OK);
    f->step.learning.positive_weight = 1.5f;
    f->step.learning.scale = 0.2f;
    f->step.pace = optimizer_pace(&update->deep, 1, 1, true);
    f->step.plain_pace = optimizer_pace(&update->deep, 1, 1, false);
}

static void fixture_free(struct fixture *f)
{
    network_free(&f->network->base);
    arena_free(&f->arena);
}

/* One batch of all rows, in chunks; returns its loss. */
static double batch(struct fixture *f, bool moves)
{
    double loss = 0;
    for (uint32_t first = 0; first < N_ROWS; first += f->chunk) {
        const uint32_t left = N_ROWS - first, n = left < f->chunk ? left : f->chunk;
        f->step.learning.first_row = first;
        network_step_begin(&f->step, all_rows + first, n, first == 0, first + n == N_ROWS);
        for (uint32_t b = 0; b < f->step.n_blocks; b++)
            network_step_block(&f->step, b);
        loss += network_step_loss(&f->step);
        for (uint32_t u = 0; u < f->step.n_units; u++)
            network_step_unit(&f->step, u, moves);
    }
    return loss;
}

static const struct network_slice *slice_of(const struct network *network, const char *name)
{
    for (uint32_t i = 0; i < network->n_slices; i++)
        if (strcmp(network->slices[i].name, name) == 0)
            return &network->slices[i];
    fail_msg("no slice %s", name);
    return NULL;
}

static void golden_start(struct network *network)
{
    assert_int_equal(network->n_slices, N_SLICES);
    for (size_t i = 0; i < N_SLICES; i++) {
        const struct golden_slice *g = &golden_slices[i];
        const struct network_slice *slice = slice_of(network, g->name);
        assert_int_equal(slice->rows, g->rows);
        assert_int_equal(slice->used_columns, g->columns);
        for (uint32_t r = 0; r < g->rows; r++)
            memcpy(network->parameters + slice->at + (size_t)r * slice->columns,
                   g->start + (size_t)r * g->columns, g->columns * sizeof(float));
    }
}

static void expect_slices(const struct network *network, const float *have, bool after)
{
    for (size_t i = 0; i < N_SLICES; i++) {
        const struct golden_slice *g = &golden_slices[i];
        const struct network_slice *slice = slice_of(network, g->name);
        const double *wanted = after ? g->after : g->gradients;
        for (uint32_t r = 0; r < g->rows; r++)
            for (uint32_t c = 0; c < g->columns; c++) {
                const double x = (double)have[slice->at + (size_t)r * slice->columns + c],
                             y = wanted[(size_t)r * g->columns + c];
                if (!(fabs(x - y) <= 3e-5 * (1 + fabs(y))))
                    fail_msg("%s[%u, %u] is %g, not %g", g->name, r, c, x, y);
            }
    }
}

static const struct network_shape golden_shape = {
    .wide = true, .deep = true, .layer_norm = true, .n_cross = 1, .n_hidden = 2, .hidden = {5, 3}};

static void logits_gradients_and_steps_are_those_of_numpy(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f, &golden_layout, &golden_shape, N_ROWS);
    golden_start(f.network);
    fixture_begin(&f, &golden_update);
    const double loss = batch(&f, false);
    assert_true(fabs(loss - golden_loss[0]) < 1e-5);
    for (size_t r = 0; r < N_ROWS; r++)
        assert_true(fabs((double)f.step.pass.logits[r] - golden_logits[r]) < 1e-5);
    expect_slices(f.network, f.step.gradients, false);
    fixture_free(&f);

    fixture_init(&f, &golden_layout, &golden_shape, N_ROWS);
    golden_start(f.network);
    fixture_begin(&f, &golden_update);
    batch(&f, true);
    batch(&f, true);
    expect_slices(f.network, f.network->parameters, true);
    fixture_free(&f);
}

static void a_batch_in_chunks_steps_as_one_in_one(void **state)
{
    (void)state;
    for (uint32_t chunk = 1; chunk <= 3; chunk++) {
        struct fixture f;
        fixture_init(&f, &golden_layout, &golden_shape, chunk);
        golden_start(f.network);
        fixture_begin(&f, &golden_update);
        batch(&f, true);
        batch(&f, true);
        expect_slices(f.network, f.network->parameters, true);
        fixture_free(&f);
    }
}

/* ---- slopes of further shapes ---- */

static double batch_loss(void *context)
{
    struct fixture *f = context;
    double loss = 0;
    /* The transposes are of the weights as they were; the way forward does not use them. */
    network_step_begin(&f->step, all_rows, N_ROWS, true, true);
    for (uint32_t b = 0; b < f->step.n_blocks; b++)
        network_step_block(&f->step, b);
    loss = network_step_loss(&f->step);
    return loss * (double)f->step.learning.scale;
}

/* A unit all of whose inputs are 0 would stand right at ReLU's corner. */
static void scatter_biases(struct network *network)
{
    struct rng rng = rng_seed(8, 8);
    for (uint32_t i = 0; i < network->n_layers; i++)
        for (uint32_t j = 0; j < network->layers[i].out; j++)
            network->parameters[network->layers[i].biases + j] = (float)rng_normal(&rng) / 2;
}

static void expect_slopes(const struct feature_layout *layout, const struct network_shape *shape,
                          float dropout)
{
    struct fixture f;
    const struct label_sums sums = {4, 2};
    fixture_init(&f, layout, shape, N_ROWS);
    network_init(f.network, &sums, 0.5, 1);
    scatter_biases(f.network);
    fixture_begin(&f, &golden_update);
    f.step.learning.dropout = dropout;
    f.step.learning.seed = 3;
    batch(&f, false);
    float *gradients = malloc(f.network->size * sizeof *gradients);
    assert_non_null(gradients);
    memcpy(gradients, f.step.gradients, f.network->size * sizeof *gradients);
    for (uint32_t i = 0; i < f.network->n_slices; i++) {
        const struct network_slice *slice = &f.network->slices[i];
        expect_gradient(batch_loss, &f, f.network->parameters + slice->at, gradients + slice->at,
                        (size_t)slice->rows * slice->columns, 3e-4f, 3e-3);
    }
    free(gradients);
    fixture_free(&f);
}

static void gradients_are_slopes_in_every_shape(void **state)
{
    (void)state;
    struct network_shape shape = {.deep = true, .n_hidden = 1, .hidden = {7}};
    expect_slopes(&golden_layout, &shape, 0);
    shape.wide = true;
    expect_slopes(&golden_layout, &shape, 0.3f);
    shape.n_hidden = 3;
    shape.hidden[1] = 20;
    shape.hidden[2] = 4;
    expect_slopes(&golden_layout, &shape, 0);
    shape.n_cross = 2;
    expect_slopes(&golden_layout, &shape, 0.2f);
    expect_slopes(&golden_layout, &(struct network_shape){.wide = true}, 0);
}

static void fields_that_share_vectors_share_gradients(void **state)
{
    (void)state;
    const struct field fields[] = {
        {.name = "a", .size = 3, .deep = FIELD_EMBEDDED, .dimension = 2},
        {.name = "b", .first = 3, .size = 3, .deep = FIELD_EMBEDDED, .dimension = 2, .shared = 0},
        {.name = "c", .first = 6, .size = 3, .wide = true, .deep = FIELD_DENSE},
    };
    const struct feature_layout layout = {fields, 3, 9};
    const struct network_shape shape = {.wide = true, .deep = true, .n_hidden = 1, .hidden = {6}};
    expect_slopes(&layout, &shape, 0);
}

/* Neighbours in a batch with the same bag, or with one that only looks so. */
static void a_row_s_logit_hangs_on_no_other_row(void **state)
{
    (void)state;
    enum { N_SHARED = 6 };
    uint64_t first[] = {0, 3, 6, 9, 12, 14, 17};
    uint32_t features[] = {0, 3, 5, 1, 3, 5, 2, 3, 5, 0, 4, 5, 0, 5, 1, 4, 5};
    float amounts[] = {1, 1, 1, 1, 1, 1, 1, 1, 0.5f, 1, 1, 0.5f, 1, 1, 1, 1, 1};
    const float ones[N_SHARED] = {1, 1, 1, 1, 1, 1};
    const struct csr shared = {N_SHARED, 9, first, features, amounts};
    const struct csr_examples rows = {&shared, ones, ones};
    const struct network_shape shape = {.deep = true, .n_hidden = 1, .hidden = {7}};
    struct fixture f;
    const struct label_sums sums = {4, 2};
    fixture_init(&f, &golden_layout, &shape, N_SHARED);
    network_init(f.network, &sums, 0.5, 1);
    const struct examples examples = csr_examples(&rows, &golden_layout);
    float together[N_SHARED], alone;
    assert_int_equal(network_predict(&f.network->base, &examples, NULL, together, &f.arena),
                     STATUS_OK);
    for (uint32_t i = 0; i < N_SHARED; i++) {
        assert_int_equal(network_predict_some(f.network, &examples, i, 1, NULL, &alone, &f.arena),
                         STATUS_OK);
        assert_memory_equal(&alone, &together[i], sizeof alone);
        assert_true(i == 0 || together[i] != together[i - 1]);
    }
    fixture_free(&f);
}

/* ---- fits ---- */

static struct network_settings settings_of(struct arena *arena, const char *const *pairs)
{
    struct network_settings settings;
    assert_int_equal(
        options_init(wide_deep_class.options, wide_deep_class.n_options, &settings, arena),
        STATUS_OK);
    for (; *pairs; pairs += 2)
        assert_int_equal(options_set(wide_deep_class.options, wide_deep_class.n_options, &settings,
                                     "setting", pairs[0], pairs[1], arena, NULL),
                         STATUS_OK);
    return settings;
}

static enum status fit(const struct predictor_task *task, const char *const *pairs,
                       const struct observer *observer, struct predictor **ret_predictor,
                       struct error *reterr)
{
    struct arena arena = {0};
    const struct network_settings settings = settings_of(&arena, pairs);
    const enum status status =
        wide_deep_class.fit(task, &settings, NULL, observer, ret_predictor, reterr);
    arena_free(&arena);
    return status;
}

static void a_rate_that_diverges_is_refused_with_the_epoch_and_the_remedy(void **state)
{
    (void)state;
    const struct examples examples = csr_examples(&source, &golden_layout);
    const struct predictor_task task = {.train = &examples};
    struct predictor *predictor = NULL;
    struct error err = {0};
    assert_int_equal(fit(&task, (const char *const[]){"deep_rate", "1000", "batch", "1", NULL},
                         NULL, &predictor, &err),
                     STATUS_OUT_OF_RANGE);
    assert_null(predictor);
    assert_non_null(strstr(err.text, "diverged in epoch 1"));
    assert_non_null(strstr(err.text, "lower deep_rate"));
}

/* Raises one weight of the examples in the midst, so that a later pass breaks. */
struct sabotage {
    float weights[N_ROWS];
    int64_t epochs;
};

static void sabotage_scalar(void *context, const char *tag, int64_t epoch, double value)
{
    (void)value;
    struct sabotage *s = context;
    if (strcmp(tag, "train/loss") == 0)
        s->epochs = epoch;
    if (s->epochs == 3)
        s->weights[1] = INFINITY;
}

static void a_loss_that_breaks_later_leaves_the_last_good_parameters(void **state)
{
    (void)state;
    struct sabotage sabotage = {.weights = {1, 1, 1, 1}};
    const struct csr_examples broken = {&matrix, labels, sabotage.weights};
    const struct examples examples = csr_examples(&broken, &golden_layout);
    const struct observer observer = {.context = &sabotage, .scalar = sabotage_scalar};
    const struct predictor_task task = {.train = &examples};
    struct predictor *predictor = NULL, *three = NULL;
    struct predictor_report report;
    assert_int_equal(
        fit(&task, (const char *const[]){"epochs", "9", NULL}, &observer, &predictor, NULL),
        STATUS_OK);
    network_describe(predictor, &report);
    assert_int_equal(report.epochs, 4);
    assert_int_equal(report.best_epoch, 3);
    assert_int_equal(report.diverged_epoch, 4);
    assert_false(isfinite(report.diverged_loss));
    sabotage.weights[1] = 1;
    assert_int_equal(fit(&task, (const char *const[]){"epochs", "3", NULL}, NULL, &three, NULL),
                     STATUS_OK);
    const struct network *a = (struct network *)predictor, *b = (struct network *)three;
    assert_memory_equal(a->parameters, b->parameters, a->size * sizeof(float));
    network_free(predictor);
    network_free(three);
}

static void patience_ends_a_fit_and_keeps_the_best_pass(void **state)
{
    (void)state;
    /* A validation whose labels are the opposite: each pass makes it worse. */
    const float opposite[] = {0, 1, 0.75f, 0};
    const struct csr_examples against = {&matrix, opposite, NULL};
    const struct examples train = csr_examples(&source, &golden_layout),
                          valid = csr_examples(&against, &golden_layout);
    const struct predictor_task task = {.train = &train, .valid = &valid};
    struct predictor *predictor = NULL;
    struct predictor_report report;
    assert_int_equal(
        fit(&task, (const char *const[]){"epochs", "50", "patience", "4", "stop_by", "loss", NULL},
            NULL, &predictor, NULL),
        STATUS_OK);
    network_describe(predictor, &report);
    assert_true(report.best_epoch <= 2);
    assert_int_equal(report.epochs, report.best_epoch + 4);
    assert_true(isfinite(report.valid_loss) && isfinite(report.train_loss));
    network_free(predictor);
}

static float parameter(const struct predictor *predictor, const char *slice, uint32_t i)
{
    const struct network *network = (const struct network *)predictor;
    return network->parameters[slice_of(network, slice)->at + i];
}

/* Fields a and c change places, a's features are turned round and one is new; what it knew of them
 * goes along. A rate next to nothing shows where the parameters began. */
static void a_warm_start_takes_each_feature_s_own(void **state)
{
    (void)state;
    const struct field fields[] = {
        {.name = "c", .first = 0, .size = 2, .deep = FIELD_DENSE},
        {.name = "a",
         .first = 2,
         .size = 4,
         .wide = true,
         .deep = FIELD_EMBEDDED,
         .dimension = 2,
         .shared = 1},
        {.name = "b",
         .first = 6,
         .size = 3,
         .wide = true,
         .deep = FIELD_EMBEDDED,
         .dimension = 2,
         .shared = 2},
    };
    const struct feature_layout layout = {fields, 3, 9};
    const uint32_t map[] = {7, 8, 2, 1, UINT32_MAX, 0, 3, 4, 6};
    const struct examples before = csr_examples(&source, &golden_layout),
                          now = csr_examples(&source, &layout);
    struct predictor *old = NULL, *warm = NULL;
    assert_int_equal(fit(&(struct predictor_task){.train = &before, .seed = 1},
                         (const char *const[]){"hidden", "5-3", NULL}, NULL, &old, NULL),
                     STATUS_OK);
    const struct predictor_task task = {
        .train = &now, .warm = old, .warm_features = map, .seed = 2};
    assert_int_equal(fit(&task,
                         (const char *const[]){"hidden", "5-3", "epochs", "1", "deep_rate", "1e-7",
                                               "wide_rate", "1e-6", NULL},
                         NULL, &warm, NULL),
                     STATUS_OK);
    const uint32_t wide[][2] = {{0, 2}, {1, 1}, {3, 0}, {4, 3}, {5, 4}, {6, 6}};
    for (size_t i = 0; i < 6; i++)
        assert_float_equal(parameter(warm, "wide", wide[i][0]), parameter(old, "wide", wide[i][1]),
                           1e-4);
    assert_float_equal(parameter(warm, "wide", 2), 0, 1e-4);
    assert_float_equal(parameter(warm, "embedding_0", 0), parameter(old, "embedding_0", 4), 1e-5);
    assert_float_equal(parameter(warm, "embedding_1", 5), parameter(old, "embedding_1", 7), 1e-5);
    for (uint32_t row = 0; row < 6; row++) /* inputs: a a b b c c in both */
        assert_float_equal(parameter(warm, "layer_0_weights", row * TILE),
                           parameter(old, "layer_0_weights", row * TILE), 1e-5);
    assert_float_equal(parameter(warm, "output", 2), parameter(old, "output", 2), 1e-5);
    struct error err = {0};
    struct predictor *other = NULL;
    assert_int_equal(fit(&task, (const char *const[]){"hidden", "5-4", NULL}, NULL, &other, &err),
                     STATUS_OUT_OF_RANGE);
    assert_non_null(strstr(err.text, "hidden"));
    network_free(old);
    network_free(warm);
}

static void layers_are_read_within_limits(void **state)
{
    (void)state;
    struct network_shape shape = {0};
    struct error err = {0};
    assert_int_equal(network_hidden_parse("100-75-50-25", &shape, &err), STATUS_OK);
    assert_int_equal(shape.n_hidden, 4);
    assert_int_equal(shape.hidden[3], 25);
    const char *const malformed[] = {"", "-", "10-", "-10", "10--5", "10;5", "ten", "10 5", "+5"};
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++)
        assert_int_equal(network_hidden_parse(malformed[i], &shape, &err), STATUS_MALFORMED);
    const char *const past[] = {"0", "4097", "99999999999999999999", "1-2-3-4-5-6-7-8-9", "5-0"};
    for (size_t i = 0; i < sizeof past / sizeof *past; i++)
        assert_int_equal(network_hidden_parse(past[i], &shape, &err), STATUS_OUT_OF_RANGE);
    assert_int_equal(shape.n_hidden, 4); /* untouched */
}

static void a_layout_without_what_a_part_needs_is_refused(void **state)
{
    (void)state;
    const struct field fields[] = {{.name = "a", .size = 3}};
    const struct feature_layout layout = {fields, 1, 3};
    const struct network_shape wide = {.wide = true},
                               deep = {.deep = true, .n_hidden = 1, .hidden = {2}};
    struct network *network = NULL;
    assert_int_equal(network_new(&wide_deep_class, &layout, &wide, &network, NULL),
                     STATUS_OUT_OF_RANGE);
    assert_int_equal(network_new(&wide_deep_class, &layout, &deep, &network, NULL),
                     STATUS_OUT_OF_RANGE);
    assert_null(network);
}

/* ---- files ---- */

/* Copies a saved network with one word of one section changed. */
static enum status load_changed(const char *folder, const char *name, size_t word, uint32_t value)
{
    struct sections *saved, *changed;
    struct sections_writer *writer;
    assert_int_equal(sections_open(in_folder(folder, "saved"), &saved, NULL), STATUS_OK);
    assert_int_equal(sections_create(in_folder(folder, "changed"), &writer, NULL), STATUS_OK);
    for (size_t i = 0; i < sections_count(saved); i++) {
        const struct section *s = sections_at(saved, i);
        uint32_t words[64];
        const bool this = strcmp(s->name, name) == 0;
        if (this) {
            assert_true(s->rows * s->columns <= 64);
            memcpy(words, s->data, s->rows * s->columns * sizeof *words);
            words[word] = value;
        }
        sections_add(writer, s->name, s->type, s->rows, s->columns, this ? words : s->data);
    }
    sections_close(saved);
    assert_int_equal(sections_finish(writer, NULL), STATUS_OK);
    assert_int_equal(sections_open(in_folder(folder, "changed"), &changed, NULL), STATUS_OK);
    struct predictor *predictor = NULL;
    struct error err = {0};
    const enum status status = network_load(&wide_deep_class, changed, &predictor, &err);
    network_free(predictor);
    sections_close(changed);
    return status;
}

static void shapes_that_cannot_be_are_corrupt(void **state)
{
    const char *folder = *state;
    struct network *network;
    struct sections_writer *writer;
    assert_int_equal(network_new(&wide_deep_class, &golden_layout, &golden_shape, &network, NULL),
                     STATUS_OK);
    assert_int_equal(network_take_parameters(network, NULL), STATUS_OK);
    assert_int_equal(sections_create(in_folder(folder, "saved"), &writer, NULL), STATUS_OK);
    network_save(&network->base, writer);
    assert_int_equal(sections_finish(writer, NULL), STATUS_OK);
    network_free(&network->base);
    assert_int_equal(load_changed(folder, "network/shape", 3, 1), STATUS_OK);
    const uint32_t wrong[] = {UINT32_MAX, 4097, 1000000};
    for (size_t i = 0; i < 3; i++) {
        for (size_t word = 0; word < 8; word++) /* all of the shape that is used */
            assert_int_equal(load_changed(folder, "network/shape", word, wrong[i]), STATUS_CORRUPT);
        for (size_t word = 0; word < 12; word++) /* both embedded fields */
            assert_int_equal(load_changed(folder, "network/fields", word, wrong[i]),
                             STATUS_CORRUPT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logits_gradients_and_steps_are_those_of_numpy),
        cmocka_unit_test(a_batch_in_chunks_steps_as_one_in_one),
        cmocka_unit_test(gradients_are_slopes_in_every_shape),
        cmocka_unit_test(fields_that_share_vectors_share_gradients),
        cmocka_unit_test(a_row_s_logit_hangs_on_no_other_row),
        cmocka_unit_test(a_rate_that_diverges_is_refused_with_the_epoch_and_the_remedy),
        cmocka_unit_test(a_loss_that_breaks_later_leaves_the_last_good_parameters),
        cmocka_unit_test(patience_ends_a_fit_and_keeps_the_best_pass),
        cmocka_unit_test(a_warm_start_takes_each_feature_s_own),
        cmocka_unit_test(layers_are_read_within_limits),
        cmocka_unit_test(a_layout_without_what_a_part_needs_is_refused),
        WITH_FOLDER(shapes_that_cannot_be_are_corrupt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
