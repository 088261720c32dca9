/* What these catch: measuring that changes what is learnt, costs of operations that the graph does
 * not have, a part of the step that nobody is charged for. */
#include "models/network_costs.h"

#include "models/deep.h"
#include "models/wide.h"
#include "models/wide_deep.h"
#include "support/csr_examples.h"
#include "support/heard_costs.h"

enum { ROWS = 1500, EACH = 5 };

/* education 0..2, crossed 3..6, age 7..8, and a second field that shares education's vectors. */
static const struct field fields[] = {
    {.name = "education", .size = 3, .wide = true, .deep = FIELD_EMBEDDED, .dimension = 2},
    {.name = "education x city", .first = 3, .size = 4, .wide = true, .crossed = true},
    {.name = "age", .first = 7, .size = 2, .deep = FIELD_DENSE},
    {.name = "parent", .first = 9, .size = 3, .deep = FIELD_EMBEDDED, .dimension = 2},
};
static const struct feature_layout layout = {fields, 4, 12};

struct table {
    uint64_t starts[ROWS + 1];
    uint32_t columns[ROWS * EACH];
    float values[ROWS * EACH], labels[ROWS];
    struct csr matrix;
    struct csr_examples source;
};

static void table_fill(struct table *t)
{
    for (uint32_t r = 0; r < ROWS; r++) {
        const uint32_t columns[EACH] = {r % 3, 3 + r % 4, 7, 8, 9 + r / 3 % 3};
        for (uint32_t k = 0; k < EACH; k++) {
            t->columns[r * EACH + k] = columns[k];
            t->values[r * EACH + k] = k == 2 || k == 3 ? (float)(r % (5 + k)) / 5 - 0.4f : 1;
        }
        t->labels[r] = r % 7 < 3;
        t->starts[r + 1] = (r + 1) * EACH;
    }
    t->matrix = (struct csr){ROWS, 12, t->starts, t->columns, t->values};
    t->source = (struct csr_examples){&t->matrix, t->labels, NULL};
}

struct asked {
    const struct predictor_class *class;
    int64_t batch, cross_layers, every;
    bool layer_norm;
    double dropout;
    unsigned threads;
};

static struct network *fit(const struct asked *asked, struct heard_costs *heard)
{
    static struct table table;
    struct network_settings settings;
    struct arena arena = {0};
    struct parallel *pool;
    struct predictor *predictor;
    table_fill(&table);
    const struct examples examples = csr_examples(&table.source, &layout);
    const struct predictor_task task = {.train = &examples, .seed = 1};
    const struct observer observer = heard_observer(heard, asked->every);
    assert_int_equal(
        options_init(asked->class->options, asked->class->n_options, &settings, &arena), STATUS_OK);
    settings.hidden = "8-4";
    settings.epochs = 6;
    settings.patience = 0;
    settings.batch = asked->batch;
    settings.cross_layers = asked->cross_layers;
    settings.layer_norm = asked->layer_norm;
    settings.dropout = asked->dropout;
    assert_int_equal(parallel_new(asked->threads, false, &pool), STATUS_OK);
    assert_int_equal(asked->class->fit(&task, &settings, pool, &observer, &predictor, NULL),
                     STATUS_OK);
    parallel_free(pool);
    arena_free(&arena);
    return (struct network *)predictor;
}

static const struct asked plain = {&wide_deep_class, 200, 0, 3, false, 0, 2};
/* A batch of more than one chunk, and every kind of layer. */
static const struct asked large = {&wide_deep_class, 1400, 1, 3, true, 0.2, 2};

static void measuring_changes_no_bit(void **state)
{
    (void)state;
    struct asked asked[] = {plain, large, plain, large};
    asked[2].class = &wide_class;
    asked[3].class = &deep_class;
    for (size_t i = 0; i < 4; i++) {
        struct heard_costs heard = {{0}}, quiet = {{0}};
        struct network *a = fit(&asked[i], &heard);
        asked[i].every = 0;
        asked[i].threads = 1;
        struct network *b = fit(&asked[i], &quiet);
        assert_memory_equal(a->parameters, b->parameters, a->size * sizeof(float));
        assert_true(heard.n > 0);
        assert_int_equal(quiet.n, 0);
        network_free(&a->base);
        network_free(&b->base);
    }
}

static void the_first_pass_and_every_third_is_told(void **state)
{
    (void)state;
    struct heard_costs heard = {{0}};
    network_free(&fit(&plain, &heard)->base);
    assert_string_equal(heard.which, "pass 1 at 1; pass 3 at 3; pass 6 at 6; ");
}

static void every_operation_is_one_of_the_graph_and_is_charged(void **state)
{
    (void)state;
    static const char *const timed[] = {"features/education",
                                        "features/age",
                                        "features/parent",
                                        "crosses/education_x_city",
                                        "wide/education/product",
                                        "wide/education_x_city/product",
                                        "deep/embeddings/education/mean",
                                        "deep/embeddings/parent/mean",
                                        "deep/input",
                                        "deep/cross_0/product",
                                        "deep/cross_0/crossed",
                                        "deep/cross_0/sum",
                                        "deep/layer_1/product",
                                        "deep/layer_1/sum",
                                        "deep/layer_1/norm",
                                        "deep/layer_1/relu",
                                        "deep/layer_2/product",
                                        "deep/layer_2/norm",
                                        "deep/output/product",
                                        "logit/sum",
                                        "loss/log_loss",
                                        "train/ftrl"};
    struct heard_costs heard = {{0}};
    struct network *network = fit(&large, &heard);
    heard_times(&heard, timed, sizeof timed / sizeof *timed);
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < heard.n; i++)
        bytes += heard.bytes[i];
    /* parameters, gradients and two states are of them all */
    assert_true(bytes > 4 * network->size * sizeof(float));
    assert_int_equal(heard_bytes(&heard, "deep/layer_1/biases"),
                     2 * network->layers[1].width * sizeof(float));
    network_free(&network->base);
}

static void a_part_that_is_not_there_costs_nothing(void **state)
{
    (void)state;
    static const char *const timed[] = {"wide/education/product", "train/ftrl"};
    struct asked asked = plain;
    struct heard_costs heard = {{0}};
    asked.class = &wide_class;
    network_free(&fit(&asked, &heard)->base);
    heard_times(&heard, timed, sizeof timed / sizeof *timed);
    for (uint32_t i = 0; i < heard.n; i++)
        assert_null(strstr(heard.names[i], "deep"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measuring_changes_no_bit),
        cmocka_unit_test(the_first_pass_and_every_third_is_told),
        cmocka_unit_test(every_operation_is_one_of_the_graph_and_is_charged),
        cmocka_unit_test(a_part_that_is_not_there_costs_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
