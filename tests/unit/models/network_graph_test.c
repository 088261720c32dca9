/* What these catch: a graph that is drawn by hand, or that misses what the network has learnt. */
#include "models/network_graph.h"

#include <string.h>

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

/* What a fit shows of itself, as one text: "name(input,input)" a line. */
static struct buffer seen;
static uint64_t seen_parameters;

static void keep_graph(void *context, const struct op_graph *graph)
{
    (void)context;
    buffer_clear(&seen);
    for (uint32_t i = 0; i < graph->n; i++) {
        const struct op *op = &graph->ops[i];
        buffer_printf(&seen, "\n%s(", op->name);
        for (uint32_t k = 0; k < op->n_inputs; k++)
            buffer_printf(&seen, "%s%s", k ? "," : "", graph->ops[op->inputs[k]].name);
        buffer_append_text(&seen, ")");
    }
    seen_parameters = op_graph_parameters(graph);
}

static void has(const char *line)
{
    if (!strstr(seen.data, line))
        fail_msg("no %s in %s", line, seen.data);
}

static void check(const char *hidden)
{
    const struct observer observer = {.graph = keep_graph};
    const struct examples examples = csr_examples(&source, &layout);
    const struct predictor_task task = {.train = &examples, .seed = 1};
    struct predictor *predictor;
    struct predictor_report report;
    assert_int_equal(fit(&task, hidden, &observer, &predictor, NULL), STATUS_OK);
    predictor->class->describe(predictor, &report);
    assert_int_equal(seen_parameters, report.parameters);
    predictor->class->free(predictor);
}

static void wide_and_deep_meet_at_the_logit(void **state)
{
    (void)state;
    check("4-3");
    has("\nlogit/sum(wide/sum,deep/output/product,logit/bias)");
    has("\nwide/sum(wide/education/product,wide/education_x_city/product)");
    has("\nwide/education_x_city/product(crosses/education_x_city,wide/education_x_city/weights)");
    has("\ndeep/input(deep/embeddings/education/mean,features/age)");
    has("\ndeep/layer_1/product(deep/layer_0/relu,deep/layer_1/weights)");
    has("\nloss/log_loss(logit/sum,labels)");
    buffer_free(&seen);
}

static void a_layer_more_in_the_settings_is_one_more_in_the_graph(void **state)
{
    (void)state;
    check("4-3");
    assert_null(strstr(seen.data, "deep/layer_2/"));
    check("4-3-5");
    has("\ndeep/layer_2/product(deep/layer_1/relu,deep/layer_2/weights)");
    has("\ndeep/output/product(deep/layer_2/relu,deep/output/weights)");
    buffer_free(&seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wide_and_deep_meet_at_the_logit),
        cmocka_unit_test(a_layer_more_in_the_settings_is_one_more_in_the_graph),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
