#include "embed/skipgram.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "support/test.h"

static const struct skipgram_settings usual = {.dimensions = 20,
                                               .window = 3,
                                               .negatives = 5,
                                               .epochs = 5,
                                               .alpha = 0.75,
                                               .subsample = 1e-3,
                                               .rate = 0.025};

struct text {
    uint32_t *tokens;
    uint64_t *starts;
    struct sequences sequences;
};

/* Sequences of one of `topics` each: a topic has tokens of its own, drawn at random. */
static struct text text_make(uint32_t n_tokens, uint32_t topics, uint64_t n, uint32_t length)
{
    struct text text = {.tokens = calloc(n * length + 1, sizeof *text.tokens),
                        .starts = calloc(n + 1, sizeof *text.starts)};
    assert_non_null(text.tokens);
    assert_non_null(text.starts);
    struct rng rng = rng_seed(1, 1);
    const uint32_t own = n_tokens / topics;
    for (uint64_t s = 0; s < n; s++) {
        const uint32_t topic = rng_below(&rng, topics);
        for (uint32_t k = 0; k < length; k++)
            text.tokens[s * length + k] = topic * own + rng_below(&rng, own);
        text.starts[s + 1] = (s + 1) * length;
    }
    text.sequences = (struct sequences){
        .n_tokens = n_tokens, .tokens = text.tokens, .starts = text.starts, .n = n};
    return text;
}

static void text_free(struct text *text)
{
    free(text->tokens);
    free(text->starts);
}

static struct vectors fit(const struct text *text, const struct skipgram_settings *settings,
                          unsigned threads)
{
    struct vectors vectors;
    struct parallel *pool = NULL;
    if (threads)
        assert_int_equal(parallel_new(threads, false, &pool), STATUS_OK);
    assert_int_equal(skipgram_fit(&text->sequences, settings, 7, pool, NULL, &vectors, NULL),
                     STATUS_OK);
    parallel_free(pool);
    return vectors;
}

static double cosine(const struct vectors *v, uint32_t i, uint32_t j)
{
    double ij = 0, ii = 0, jj = 0;
    for (size_t k = 0; k < v->width; k++) {
        const double a = (double)v->inputs[i * v->width + k],
                     b = (double)v->inputs[j * v->width + k];
        ij += a * b;
        ii += a * a;
        jj += b * b;
    }
    return ij / sqrt(ii * jj);
}

/* Catches a step in the wrong direction, and pairs across sequences. */
static void tokens_of_a_topic_come_to_lie_together(void **state)
{
    (void)state;
    for (int loss = SKIPGRAM_NEGATIVE_SAMPLING; loss <= SKIPGRAM_NCE; loss++) {
        struct text text = text_make(40, 4, 600, 12);
        struct skipgram_settings settings = usual;
        settings.loss = loss;
        settings.subsample = 0;
        settings.epochs = 20;
        struct vectors v = fit(&text, &settings, 0);
        double within = 0, across = 0;
        for (uint32_t i = 0; i < 40; i++)
            for (uint32_t j = 0; j < 40; j++)
                if (i != j)
                    *(i / 10 == j / 10 ? &within : &across) += cosine(&v, i, j);
        assert_true(within / (40 * 9) > 0.6 && across / (40 * 30) < 0.4);
        vectors_free(&v);
        text_free(&text);
    }
}

/* Catches sums whose order hangs on the thread, in a shape that is large enough to be shared out.
 */
static void any_number_of_threads_gives_the_same_bytes(void **state)
{
    (void)state;
    struct text text = text_make(300, 3, 60, 80);
    struct skipgram_settings settings = usual;
    settings.dimensions = 400;
    settings.window = 20;
    settings.negatives = 20;
    settings.epochs = 1;
    struct vectors one = fit(&text, &settings, 0);
    for (unsigned threads = 1; threads <= 3; threads++) {
        struct vectors more = fit(&text, &settings, threads);
        assert_memory_equal(one.inputs, more.inputs, 2 * one.n * one.width * sizeof(float));
        vectors_free(&more);
    }
    vectors_free(&one);
    text_free(&text);
}

/* Catches steps that overshoot where few tokens fill every batch, draws without an alternative, and
 * positions at the edges: nothing may grow without bound. */
static void small_vocabularies_stay_finite(void **state)
{
    (void)state;
    for (uint32_t n = 1; n <= 6; n++) {
        struct text text = text_make(n, 1, 100, 40);
        struct skipgram_settings settings = usual;
        settings.subsample = 0;
        settings.epochs = 20;
        settings.alpha = n % 2 ? -0.5 : 0.75;
        settings.window = n > 3 ? SKIPGRAM_WINDOW_MAX : 1;
        settings.rate = 0.05;
        struct vectors v = fit(&text, &settings, 0);
        for (size_t k = 0; k < 2 * v.n * v.width; k++)
            assert_true(fabsf(v.inputs[k]) < 1e3f);
        vectors_free(&v);
        text_free(&text);
    }
}

static bool stops_at_once(void *context)
{
    return ++*(int *)context > 2;
}

/* Catches a stop that is not asked for within an epoch, and one that loses what was learnt. */
static void a_stopped_fit_says_how_far_it_came(void **state)
{
    (void)state;
    struct text text = text_make(1000, 5, 500, 100);
    int asked = 0;
    const struct observer observer = {.context = &asked, .stop = stops_at_once};
    struct vectors vectors = {0};
    struct error err = {0};
    assert_int_equal(skipgram_fit(&text.sequences, &usual, 7, NULL, &observer, &vectors, &err),
                     STATUS_CANCELLED);
    assert_non_null(strstr(err.text, "stopped in epoch 1 of 5"));
    assert_non_null(vectors.inputs);
    vectors_free(&vectors);
    text_free(&text);
}

/* Catches a division by nothing. */
static void nothing_to_learn_from_is_an_error(void **state)
{
    (void)state;
    const uint64_t starts[] = {0, 0};
    const struct sequences none = {.n_tokens = 3, .starts = starts, .n = 1};
    struct vectors vectors;
    assert_int_equal(skipgram_fit(&none, &usual, 7, NULL, NULL, &vectors, NULL),
                     STATUS_OUT_OF_RANGE);
}

/* Catches a rate that ends in infinities which nobody is told of. */
static void a_rate_without_sense_is_an_error(void **state)
{
    (void)state;
    struct text text = text_make(20, 2, 200, 20);
    struct skipgram_settings settings = usual;
    settings.subsample = 0;
    settings.rate = 1e30;
    struct vectors vectors;
    struct error err = {0};
    assert_int_equal(skipgram_fit(&text.sequences, &settings, 7, NULL, NULL, &vectors, &err),
                     STATUS_OUT_OF_RANGE);
    assert_non_null(strstr(err.text, "rate"));
    text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_of_a_topic_come_to_lie_together),
        cmocka_unit_test(any_number_of_threads_gives_the_same_bytes),
        cmocka_unit_test(small_vocabularies_stay_finite),
        cmocka_unit_test(a_stopped_fit_says_how_far_it_came),
        cmocka_unit_test(nothing_to_learn_from_is_an_error),
        cmocka_unit_test(a_rate_without_sense_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
