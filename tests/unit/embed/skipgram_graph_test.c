/* What these catch: a graph that does not follow the settings, negatives that read the wrong side.
 */
#include "embed/skipgram.h"

#include "support/graph_lines.h"

static const struct skipgram_settings settings = {
    .dimensions = 12, .window = 5, .negatives = 7, .epochs = 1, .alpha = 0.75, .rate = 0.025};

static void pairs_and_negatives_meet_in_the_loss(void **state)
{
    (void)state;
    struct op_graph graph = {0};
    skipgram_graph(&settings, 50, &graph);
    struct buffer lines = graph_lines(&graph);
    graph_has(&lines, "\nneighbour/lookup(vectors/inputs,inputs/pairs)[-1,12]");
    graph_has(&lines, "\nobserved/lookup(vectors/outputs,inputs/pairs)[-1,1,12]");
    graph_has(&lines, "\nnoise/lookup(vectors/outputs,inputs/negatives)[-1,7,12]");
    graph_has(&lines, "\nloss/noise(noise/product)[]");
    graph_has(&lines, "\nloss/sum(loss/observed,loss/noise)[]");
    graph_has(&lines, "\ntrain/sgd(vectors/inputs,vectors/outputs,loss/sum)");
    assert_int_equal(op_graph_parameters(&graph), 2 * 50 * 12);
    buffer_free(&lines);
    op_graph_free(&graph);
}

static void noise_contrast_takes_the_chances_into_both_terms(void **state)
{
    (void)state;
    struct op_graph graph = {0};
    struct skipgram_settings nce = settings;
    nce.loss = SKIPGRAM_NCE;
    skipgram_graph(&nce, 50, &graph);
    struct buffer lines = graph_lines(&graph);
    graph_has(&lines, "\nobserved/contrast(observed/product,inputs/noise_chances)[-1,1]");
    graph_has(&lines, "\nloss/noise(noise/contrast)[]");
    buffer_free(&lines);
    op_graph_free(&graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_and_negatives_meet_in_the_loss),
        cmocka_unit_test(noise_contrast_takes_the_chances_into_both_terms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
