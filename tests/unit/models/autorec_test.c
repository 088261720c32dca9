/* What these catch: a gradient that leaves out a term, losses that differ from an independent
 * computation, ratings that are not learnt, a user whose predictions hang on when the user came,
 * bits that hang on threads, settings that cannot be. */
#include "support/test.h"

#include <math.h>

#include "eval/rate.h"
#include "golden/autorec_golden.h"
#include "models/autorec.h"
#include "models/autorec_model.h"
#include "support/fitted.h"
#include "support/gradient.h"

/* ---- the network ---- */

enum { COLUMNS = 7, HIDDEN = 3, ROWS = 3, MANY = TILE + 3 };

static uint64_t starts[] = {0, 3, 5, 9};
static uint32_t columns[] = {0, 2, 5, 1, 2, 0, 3, 4, 6};
static float inputs[] = {5, 3, 1, 4, 2, 1, 2, 5, 4};
static const float targets[] = {2, 0, -2, 1, -1, -2, -1, 2, 1};
static const uint32_t rows[MANY] = {0, 1, 2, 0, 1, 2, 1, 1, 0, 2, 2, 0, 1, 0, 2, 1, 2, 0, 1};

struct bench {
    struct autorec_net net;
    struct csr x;
    struct autorec_batch batch;
    float parameters[512], gradients[512];
    float h[2 * TILE * TILE], deltas[2 * TILE * TILE], turned[2 * TILE * TILE];
    float errors[2 * TILE * COLUMNS];
    double losses[MANY];
};

static void wave(float *out, size_t n_rows, size_t n, size_t width, double phase)
{
    for (size_t r = 0; r < n_rows; r++)
        for (size_t k = 0; k < n; k++)
            out[r * width + k] = (float)(0.3 * sin((double)(r * n + k) * 1.7 + phase));
}

static void bench_init(struct bench *b, enum autorec_g g, bool multinomial)
{
    *b = (struct bench){.net = autorec_net_of(COLUMNS, HIDDEN, g, multinomial)};
    assert_true(b->net.size <= 512);
    b->x = (struct csr){ROWS, COLUMNS, starts, columns, inputs};
    wave(b->parameters + b->net.encoder, COLUMNS, HIDDEN, b->net.width, 0);
    wave(b->parameters + b->net.means, 1, HIDDEN, b->net.width, 1);
    wave(b->parameters + b->net.decoder, COLUMNS, HIDDEN, b->net.width, 2);
    wave(b->parameters + b->net.biases, 1, COLUMNS, COLUMNS, 3);
    b->batch = (struct autorec_batch){.net = &b->net,
                                      .parameters = b->parameters,
                                      .hidden = HIDDEN,
                                      .x = &b->x,
                                      .inputs = inputs,
                                      .targets = targets,
                                      .rows = rows,
                                      .n_rows = ROWS,
                                      .error_width = COLUMNS,
                                      .h = b->h,
                                      .deltas = b->deltas,
                                      .turned = b->turned,
                                      .errors = b->errors,
                                      .losses = b->losses};
}

static double loss(void *context)
{
    struct bench *b = context;
    double sum = 0;
    for (uint32_t i = 0; i < b->batch.n_rows; i += autorec_block_rows(&b->net))
        autorec_batch_block(&b->batch, i / autorec_block_rows(&b->net), NULL);
    for (uint32_t i = 0; i < b->batch.n_rows; i++)
        sum += b->losses[i];
    return sum;
}

static void losses_are_those_of_an_independent_computation(void **state)
{
    (void)state;
    for (int g = 0; g < AUTOREC_G_AUTO; g++)
        for (int multinomial = 0; multinomial < 2; multinomial++) {
            struct bench b;
            bench_init(&b, (enum autorec_g)g, multinomial);
            const double due = autorec_losses[g][multinomial];
            assert_true(fabs(loss(&b) - due) < 1e-5 * due);
        }
}

static void expect_gradients(enum autorec_g g, bool multinomial, uint32_t n_rows)
{
    struct bench b;
    bench_init(&b, g, multinomial);
    b.batch.n_rows = n_rows;
    loss(&b);
    autorec_batch_strip(&b.batch, 0, b.gradients, NULL);
    autorec_batch_means(&b.batch, b.gradients, NULL);
    const struct autorec_net *net = &b.net;
    const size_t at[] = {net->encoder, net->encoder + 2 * net->width, net->means,
                         net->decoder + net->width, net->decoder + 5 * net->width};
    for (size_t i = 0; i < sizeof at / sizeof *at; i++)
        expect_gradient(loss, &b, b.parameters + at[i], b.gradients + at[i], HIDDEN, 1e-2F, 2e-3);
    expect_gradient(loss, &b, b.parameters + net->biases, b.gradients + net->biases, COLUMNS, 1e-2F,
                    2e-3);
}

static void gradients_are_those_of_central_differences(void **state)
{
    (void)state;
    for (int g = 0; g < AUTOREC_G_AUTO; g++)
        for (int multinomial = 0; multinomial < 2; multinomial++) {
            expect_gradients((enum autorec_g)g, multinomial, ROWS);
            expect_gradients((enum autorec_g)g, multinomial, MANY); /* more than a block */
        }
}

/* ---- the model ---- */

enum { USERS = 120, ITEMS = 60 };

/* Everyone rates 5 what is of the same kind and 1 what is not, but for a twelfth of the pairs. */
static struct test_data *two_kinds(void)
{
    const struct event_types types = test_types();
    static struct test_event events[USERS * ITEMS];
    size_t n = 0;
    for (uint32_t u = 0; u < USERS; u++)
        for (uint32_t i = 0; i < ITEMS; i++)
            if ((u * 7 + i) % 12 != 0)
                events[n++] = (struct test_event){u, i, TEST_RATING, i, (u + i) % 2 ? 1.0F : 5.0F};
    return test_data_new(&types, events, n, 4);
}

static struct model *fit(const struct test_data *data, const char *side, struct parallel *pool)
{
    struct arena arena = {0};
    struct model *model = NULL;
    void *settings = model_settings_new(&autorec_class, &arena);
    const struct option *o = autorec_class.options;
    const size_t n = autorec_class.n_options;
    assert_int_equal(options_set(o, n, settings, "", "loss", "ratings", &arena, NULL), STATUS_OK);
    assert_int_equal(options_set(o, n, settings, "", "side", side, &arena, NULL), STATUS_OK);
    assert_int_equal(options_set(o, n, settings, "", "lambda", "1", &arena, NULL), STATUS_OK);
    assert_int_equal(autorec_class.fit(&data->train, settings, pool, NULL, &model, NULL),
                     STATUS_OK);
    arena_free(&arena);
    return model;
}

/* The user's ratings, into room for ITEMS. */
static struct query query_of(uint32_t user, struct rating *ratings)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < ITEMS; i++)
        if ((user * 7 + i) % 12 != 0)
            ratings[n++] = (struct rating){i, (user + i) % 2 ? 1.0F : 5.0F};
    return (struct query){.user = user, .n_ratings = n, .ratings = ratings};
}

static void withheld_ratings_are_predicted_by_either_side(void **state)
{
    (void)state;
    static const char *const sides[] = {"item", "user"};
    struct test_data *data = two_kinds();
    for (size_t s = 0; s < 2; s++) {
        struct model *model = fit(data, sides[s], NULL);
        struct arena arena = {0};
        struct rating_scale scale;
        assert_true(autorec_class.rating_scale(model, &scale));
        assert_true(scale.low == 1 && scale.high == 5);
        double sum = 0;
        uint32_t n = 0;
        for (uint32_t u = 0; u < USERS; u++)
            for (uint32_t i = (12 - u * 7 % 12) % 12; i < ITEMS; i += 12, n++) {
                struct rating ratings[ITEMS];
                const struct query query = query_of(u, ratings);
                float p;
                assert_int_equal(autorec_class.predict(model, &query, &i, 1, &p, &arena),
                                 STATUS_OK);
                assert_true(p >= 1 && p <= 5);
                sum += fabs((double)p - ((u + i) % 2 ? 1 : 5));
            }
        assert_true(n > 0 && sum / n < 0.5);
        arena_free(&arena);
        model_free(model);
    }
    test_data_free(data);
}

static void whoever_rated_the_same_is_predicted_the_same(void **state)
{
    (void)state;
    struct test_data *data = two_kinds();
    struct arena arena = {0};
    struct model *model = fit(data, "item", NULL);
    struct rating ratings[ITEMS + 1];
    struct query query = query_of(5, ratings);
    ratings[query.n_ratings++] = (struct rating){ITEMS + 3, 1}; /* made after the fit */
    const uint32_t items[] = {0, 1, 13, ITEMS, ITEMS + 3};
    float known[5], guest[5];
    assert_int_equal(autorec_class.predict(model, &query, items, 5, known, &arena), STATUS_OK);
    query.user = QUERY_NO_USER;
    assert_int_equal(autorec_class.predict(model, &query, items, 5, guest, &arena), STATUS_OK);
    assert_memory_equal(known, guest, sizeof known);
    const struct query nobody = {.user = QUERY_NO_USER};
    assert_int_equal(autorec_class.predict(model, &nobody, items, 5, guest, &arena), STATUS_OK);
    for (int i = 0; i < 5; i++)
        assert_true(guest[i] > 2.5F && guest[i] < 3.5F);
    arena_free(&arena);
    model_free(model);
    test_data_free(data);
}

static void predictions_are_the_same_for_any_number_of_threads(void **state)
{
    (void)state;
    struct test_data *data = two_kinds();
    struct parallel *pool;
    assert_int_equal(parallel_new(3, false, &pool), STATUS_OK);
    struct model *alone = fit(data, "item", NULL), *shared = fit(data, "item", pool);
    uint32_t d;
    const float *a = autorec_class.item_vectors(alone, &d),
                *b = autorec_class.item_vectors(shared, &d);
    assert_memory_equal(a, b, (size_t)ITEMS * d * sizeof *a);
    model_free(alone);
    model_free(shared);
    parallel_free(pool);
    test_data_free(data);
}

static void what_is_hidden_is_not_learnt_from(void **state)
{
    (void)state;
    static const double shares[] = {0, 0, 0.5};
    struct test_data *data = test_checkerboard(40);
    struct model *models[3];
    const float *items[3];
    uint32_t d;
    for (int i = 0; i < 3; i++) {
        struct arena arena = {0};
        struct autorec_settings *settings = model_settings_new(&autorec_class, &arena);
        settings->hidden = 8;
        settings->epochs = 2;
        settings->dropout = shares[i];
        assert_int_equal(autorec_class.fit(&data->train, settings, NULL, NULL, &models[i], NULL),
                         STATUS_OK);
        items[i] = autorec_class.item_vectors(models[i], &d);
        arena_free(&arena);
    }
    assert_memory_equal(items[0], items[1], 40 * d * sizeof(float));
    assert_memory_not_equal(items[0], items[2], 40 * d * sizeof(float));
    for (int i = 0; i < 3; i++)
        model_free(models[i]);
    test_data_free(data);
}

static void settings_that_do_not_go_together_are_refused(void **state)
{
    (void)state;
    struct test_data *data = test_checkerboard(6);
    struct arena arena = {0};
    struct error err = {0};
    struct model *model = NULL;
    void *settings = model_settings_new(&autorec_class, &arena);
    const struct option *o = autorec_class.options;
    const size_t n = autorec_class.n_options;
    assert_int_equal(options_set(o, n, settings, "", "side", "item", &arena, NULL), STATUS_OK);
    assert_int_equal(autorec_class.fit(&data->train, settings, NULL, NULL, &model, &err),
                     STATUS_OUT_OF_RANGE);
    assert_non_null(strstr(err.text, "side=item goes with loss=ratings"));
    assert_null(model);
    arena_free(&arena);
    test_data_free(data);
}

static void what_is_left_to_the_loss_is_settled_by_it(void **state)
{
    (void)state;
    struct arena arena = {0};
    const struct autorec_settings *asked = model_settings_new(&autorec_class, &arena);
    struct autorec_settings s = autorec_settle(asked);
    assert_true(s.g == AUTOREC_TANH && s.hidden == 200 && s.batch == 256 && s.dropout == 0.5);
    s = *asked;
    s.loss = AUTOREC_RATINGS;
    s.hidden = 7;
    s = autorec_settle(&s);
    assert_true(s.g == AUTOREC_SIGMOID && s.hidden == 7 && s.batch == 64 && s.dropout == 0);
    assert_true(s.lambda == 45 && s.rate == 0.01);
    arena_free(&arena);
}

static void without_ratings_none_are_predicted(void **state)
{
    (void)state;
    struct test_data *data = test_checkerboard(6);
    struct model *model = fit(data, "item", NULL);
    struct rating_scale scale;
    assert_false(autorec_class.rating_scale(model, &scale));
    float score;
    struct arena arena = {0};
    const struct query nobody = {.user = QUERY_NO_USER};
    const uint32_t item = 1;
    assert_int_equal(autorec_class.score(model, &nobody, 1, &item, 1, &score, &arena), STATUS_OK);
    assert_true(isfinite(score));
    arena_free(&arena);
    model_free(model);
    test_data_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses_are_those_of_an_independent_computation),
        cmocka_unit_test(gradients_are_those_of_central_differences),
        cmocka_unit_test(withheld_ratings_are_predicted_by_either_side),
        cmocka_unit_test(whoever_rated_the_same_is_predicted_the_same),
        cmocka_unit_test(predictions_are_the_same_for_any_number_of_threads),
        cmocka_unit_test(what_is_left_to_the_loss_is_settled_by_it),
        cmocka_unit_test(what_is_hidden_is_not_learnt_from),
        cmocka_unit_test(without_ratings_none_are_predicted),
        cmocka_unit_test(settings_that_do_not_go_together_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
