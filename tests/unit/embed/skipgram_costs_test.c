/* What these catch: measuring that changes what is learnt or the loss that is told, a part of the
 * step that nobody is charged for, passes that tell nothing because their batches are few. */
#include "embed/skipgram_costs.h"

#include "base/rng.h"
#include "support/heard_costs.h"

enum { TOKENS = 300, SEQUENCES = 60, LENGTH = 80 };

/* Large enough a batch that its chunks are shared out. */
static const struct skipgram_settings usual = {.dimensions = 400,
                                               .window = 20,
                                               .negatives = 20,
                                               .epochs = 6,
                                               .alpha = 0.75,
                                               .subsample = 1e-3,
                                               .rate = 0.025};

/* Beside the costs the losses, which measuring leaves as they are. */
struct heard {
    struct heard_costs costs;
    double loss;
};

static void hear_loss(void *context, const char *tag, int64_t step, double value)
{
    (void)tag;
    ((struct heard *)context)->loss += (double)step * value;
}

static struct vectors fit(const struct skipgram_settings *settings, uint64_t n, unsigned threads,
                          int64_t every, struct heard *heard)
{
    static uint32_t tokens[SEQUENCES * LENGTH];
    static uint64_t starts[SEQUENCES + 1];
    struct rng rng = rng_seed(1, 1);
    for (size_t k = 0; k < SEQUENCES * LENGTH; k++)
        tokens[k] = rng_below(&rng, TOKENS);
    for (size_t s = 0; s <= SEQUENCES; s++)
        starts[s] = s * LENGTH;
    const struct sequences sequences = {
        .n_tokens = TOKENS, .tokens = tokens, .starts = starts, .n = n};
    struct observer observer = heard_observer(&heard->costs, every);
    observer.scalar = hear_loss;
    struct parallel *pool;
    struct vectors vectors;
    assert_int_equal(parallel_new(threads, false, &pool), STATUS_OK);
    assert_int_equal(skipgram_fit(&sequences, settings, 7, pool, &observer, &vectors, NULL),
                     STATUS_OK);
    parallel_free(pool);
    return vectors;
}

static void measuring_changes_no_bit(void **state)
{
    (void)state;
    for (int loss = SKIPGRAM_NEGATIVE_SAMPLING; loss <= SKIPGRAM_NCE; loss++) {
        struct heard heard = {0}, quiet = {0};
        struct skipgram_settings settings = usual;
        settings.loss = loss;
        settings.epochs = 2;
        struct vectors a = fit(&settings, SEQUENCES, 2, 1, &heard);
        struct vectors b = fit(&settings, SEQUENCES, 1, 0, &quiet);
        assert_memory_equal(a.inputs, b.inputs, 2 * a.n * a.width * sizeof(float));
        assert_true(heard.loss == quiet.loss && heard.loss > 0);
        assert_true(heard.costs.n > 0);
        assert_int_equal(quiet.costs.n, 0);
        vectors_free(&a);
        vectors_free(&b);
    }
}

/* One sequence is a batch or two, so that the loss of most passes is not told. */
static void the_first_pass_and_every_third_is_told_however_short(void **state)
{
    (void)state;
    struct skipgram_settings settings = usual;
    settings.dimensions = 20;
    for (uint64_t n = 1; n <= SEQUENCES; n += SEQUENCES - 1) {
        struct heard heard = {0};
        struct vectors vectors = fit(&settings, n, 1, 3, &heard);
        assert_string_equal(heard.costs.which, "pass 1 at 1; pass 3 at 3; pass 6 at 6; ");
        vectors_free(&vectors);
    }
}

static void every_operation_of_a_step_is_charged(void **state)
{
    (void)state;
    static const char *const timed[] = {"inputs/sequences", "inputs/pairs",     "inputs/negatives",
                                        "neighbour/lookup", "observed/lookup",  "observed/product",
                                        "loss/observed",    "noise/lookup",     "noise/product",
                                        "loss/noise",       "loss/sum",         "train/sgd",
                                        "noise/contrast",   "observed/contrast"};
    struct skipgram_settings settings = usual;
    uint64_t alone = 0;
    settings.epochs = 1;
    for (unsigned threads = 1; threads <= 2; threads++)
        for (int loss = SKIPGRAM_NEGATIVE_SAMPLING; loss <= SKIPGRAM_NCE; loss++) {
            struct heard heard = {0};
            settings.loss = loss;
            struct vectors vectors = fit(&settings, SEQUENCES, threads, 1, &heard);
            const size_t n = sizeof timed / sizeof *timed;
            heard_times(&heard.costs, timed, loss == SKIPGRAM_NCE ? n : n - 2);
            const uint64_t table = TOKENS * vectors.width * sizeof(float);
            assert_int_equal(heard_bytes(&heard.costs, "vectors/inputs"), table);
            assert_int_equal(heard_bytes(&heard.costs, "vectors/outputs"), table);
            /* a chunk's arrays are of each thread: the batch was shared out */
            const uint64_t copies = heard_bytes(&heard.costs, "noise/lookup");
            alone = threads == 1 ? copies : alone;
            assert_int_equal(copies, threads * alone);
            vectors_free(&vectors);
        }
}

/* Catches a part's arrays that are left out of a chunk's scratch, or lie in it twice. */
static void the_memory_of_parts_is_that_of_a_chunk(void **state)
{
    (void)state;
    const struct chunk_shape shape = {.width = 160, .window = 20, .targets = 40, .shared = 64};
    const size_t inputs = chunk_inputs(&shape), width = shape.width;
    assert_int_equal(inputs, 80);
    assert_int_equal(chunk_part_floats(&shape, SKIPGRAM_NEIGHBOUR_LOOKUP), 80 * width);
    assert_int_equal(chunk_part_floats(&shape, SKIPGRAM_OBSERVED_LOOKUP), 40 * width);
    assert_int_equal(chunk_part_floats(&shape, SKIPGRAM_NOISE_LOOKUP), 64 * width);
    assert_int_equal(chunk_part_floats(&shape, SKIPGRAM_NOISE_PRODUCT), 64 * (width + 80));
    assert_int_equal(chunk_part_floats(&shape, SKIPGRAM_STREAM), 0);
    assert_int_equal(chunk_part_floats(&shape, SKIPGRAM_STEPS), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measuring_changes_no_bit),
        cmocka_unit_test(the_first_pass_and_every_third_is_told_however_short),
        cmocka_unit_test(every_operation_of_a_step_is_charged),
        cmocka_unit_test(the_memory_of_parts_is_that_of_a_chunk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
