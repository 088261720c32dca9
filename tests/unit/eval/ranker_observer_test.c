/* What these catch: a ranker's curves that write over those of its retriever, a graph out of its
 * scope, a stop that is not passed on, a fit that nobody watches and that crashes for it. */
#include <stdio.h>
#include <string.h>

#include "base/op_graph.h"
#include "eval/ranker_observer.h"
#include "support/test.h"

struct seen {
    char scalar[64], scores[64], phase[64], node[64], costs[96], text[64];
    bool stop;
};

static void see_scalar(void *context, const char *tag, int64_t step, double value)
{
    struct seen *seen = context;
    snprintf(seen->scalar, sizeof seen->scalar, "%s %lld %g", tag, (long long)step, value);
}

static void see_scores(void *context, const char *tag, int64_t step, const float *scores,
                       const float *labels, const float *weights, size_t n)
{
    struct seen *seen = context;
    (void)weights;
    snprintf(seen->scores, sizeof seen->scores, "%s %lld %zu %g %g", tag, (long long)step, n,
             (double)scores[0], (double)labels[0]);
}

static void see_progress(void *context, const char *phase, double share)
{
    struct seen *seen = context;
    snprintf(seen->phase, sizeof seen->phase, "%s %g", phase, share);
}

static void see_graph(void *context, const struct op_graph *graph)
{
    struct seen *seen = context;
    snprintf(seen->node, sizeof seen->node, "%s", graph->ops[0].name);
}

static void see_text(void *context, const char *tag, int64_t step, const char *markdown)
{
    struct seen *seen = context;
    snprintf(seen->text, sizeof seen->text, "%s %lld %s", tag, (long long)step, markdown);
}

static void see_costs(void *context, const char *which, int64_t step, const struct op_graph *graph,
                      const struct op_cost *costs)
{
    struct seen *seen = context;
    snprintf(seen->costs, sizeof seen->costs, "%s %lld %s %lld", which, (long long)step,
             graph->ops[0].name, (long long)costs[0].ns);
}

static bool see_stop(void *context)
{
    return ((struct seen *)context)->stop;
}

static void everything_of_a_ranker_is_named_so(void **state)
{
    (void)state;
    struct seen seen = {0};
    const struct observer outer = {.context = &seen,
                                   .progress = see_progress,
                                   .scalar = see_scalar,
                                   .scores = see_scores,
                                   .text = see_text,
                                   .graph = see_graph,
                                   .costs = see_costs,
                                   .costs_every = 5,
                                   .stop = see_stop};
    const struct observer inner = ranker_observer(&outer);
    const float score = 0.5F, label = 1;
    struct op_graph graph = {0};
    op_add(&graph, "Placeholder", OP_SHAPE_1(3), "rows");

    observe_scalar(&inner, "train/loss", 7, 0.25);
    observe_scores(&inner, "valid/pr", 2, &score, &label, NULL, 1);
    observe_progress(&inner, "fitting wide_deep", 0.5);
    observe_text(&inner, "debug/numerics", 3, "broke");
    observe_graph(&inner, &graph);
    observe_costs(&inner, "pass 5", 5, &graph, &(struct op_cost){.ns = 9});
    op_graph_free(&graph);

    assert_string_equal(seen.scalar, "ranker/train/loss 7 0.25");
    assert_string_equal(seen.scores, "ranker/valid/pr 2 1 0.5 1");
    assert_string_equal(seen.phase, "fitting the ranker 0.5");
    assert_string_equal(seen.node, "ranker/rows");
    assert_string_equal(seen.text, "ranker/debug/numerics 3 broke");
    assert_string_equal(seen.costs, "ranker, pass 5 5 ranker/rows 9");
    assert_true(observer_wants_costs(&inner, 5) && !observer_wants_costs(&inner, 6));
    assert_false(observer_stops(&inner));
    seen.stop = true;
    assert_true(observer_stops(&inner));
}

static void nobody_need_watch(void **state)
{
    (void)state;
    const struct observer inner = ranker_observer(NULL);
    observe_scalar(&inner, "train/loss", 1, 1);
    observe_progress(&inner, "fitting wide_deep", 1);
    assert_false(observer_stops(&inner));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_of_a_ranker_is_named_so),
        cmocka_unit_test(nobody_need_watch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
