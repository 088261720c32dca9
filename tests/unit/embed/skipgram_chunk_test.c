#include "embed/skipgram_chunk.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/gradient.h"
#include "support/test.h"

enum { TOKENS = 9, WIDTH = 16, TARGETS = 12, WINDOW = 3, SHARED = 16, STREAM = 17, FIRST = 2 };
enum { INPUTS = TARGETS + 2 * WINDOW };

/* One chunk with all of its arrays; parameters at random, tokens that come again and again. */
struct fixture {
    float parameters[2 * TOKENS * WIDTH], bias[TOKENS];
    struct vectors vectors;
    struct position stream[STREAM];
    struct alias alias;
    struct chunk_shape shape;
    struct chunk_task task;
    struct chunk_step step;
    uint32_t tokens[INPUTS + TARGETS + SHARED];
    float *steps, *scratch;
};

static void fixture_make(struct fixture *f, bool nce)
{
    *f = (struct fixture){0};
    double weights[TOKENS];
    struct rng rng = rng_seed(3, 4);
    for (size_t k = 0; k < 2 * TOKENS * WIDTH; k++)
        f->parameters[k] = (float)(0.5 * rng_normal(&rng));
    for (uint32_t t = 0; t < TOKENS; t++) {
        weights[t] = 1 + t;
        f->bias[t] = (float)log(5.0 * weights[t] / 45);
    }
    for (uint32_t i = 0; i < STREAM; i++)
        f->stream[i] = (struct position){.token = rng_below(&rng, TOKENS), .sequence = i / 7};
    assert_int_equal(alias_new(weights, TOKENS, &f->alias), STATUS_OK);
    f->vectors = (struct vectors){.n = TOKENS,
                                  .d = WIDTH,
                                  .width = WIDTH,
                                  .inputs = f->parameters,
                                  .outputs = f->parameters + TOKENS * WIDTH};
    f->shape = (struct chunk_shape){.width = WIDTH,
                                    .window = WINDOW,
                                    .targets = TARGETS,
                                    .shared = SHARED,
                                    .per_pair = 5.0f / SHARED,
                                    .bias = nce ? f->bias : NULL,
                                    .noise = &f->alias};
    f->task = (struct chunk_task){.stream = f->stream,
                                  .n_stream = STREAM,
                                  .first = FIRST,
                                  .n = TARGETS,
                                  .vectors = &f->vectors,
                                  .rng = rng_seed(5, 6),
                                  .rate = 1,
                                  .measures = true};
    f->steps = calloc((INPUTS + TARGETS + SHARED) * WIDTH, sizeof(float));
    f->scratch = aligned_alloc(64, chunk_scratch_floats(&f->shape) * sizeof(float));
    assert_non_null(f->steps);
    assert_non_null(f->scratch);
    f->step = (struct chunk_step){.input_tokens = f->tokens,
                                  .target_tokens = f->tokens + INPUTS,
                                  .negative_tokens = f->tokens + INPUTS + TARGETS,
                                  .inputs = f->steps,
                                  .targets = f->steps + INPUTS * WIDTH,
                                  .negatives = f->steps + (INPUTS + TARGETS) * WIDTH};
    chunk_compute(&f->shape, &f->task, f->scratch, NULL, &f->step);
}

static void fixture_free(struct fixture *f)
{
    alias_free(&f->alias);
    free(f->steps);
    free(f->scratch);
}

static double score(const struct fixture *f, uint32_t input, uint32_t output)
{
    double sum = f->shape.bias ? -(double)f->bias[output] : 0;
    for (size_t k = 0; k < WIDTH; k++)
        sum += (double)f->vectors.inputs[input * WIDTH + k] *
               (double)f->vectors.outputs[output * WIDTH + k];
    return sum;
}

static double log_loss(double logit)
{
    return logit > 0 ? log1p(exp(-logit)) : -logit + log1p(exp(logit));
}

/* The loss as the header of skipgram.h writes it, pair after pair; `spares`: without the negatives
 * that are a pair's own output. */
static double loss_of(const struct fixture *f, bool spares, double *ret_pairs)
{
    struct rng rng = f->task.rng;
    double loss = 0, pairs = 0;
    for (int i = FIRST; i < FIRST + TARGETS; i++) {
        const int reach = 1 + (int)rng_below(&rng, WINDOW);
        for (int p = i - reach; p <= i + reach; p++) {
            if (p < 0 || p >= STREAM || p == i || f->stream[p].sequence != f->stream[i].sequence)
                continue;
            const uint32_t input = f->stream[p].token, output = f->stream[i].token;
            loss += log_loss(score(f, input, output));
            pairs++;
            for (size_t k = 0; k < SHARED; k++) {
                const uint32_t negative = f->step.negative_tokens[k];
                if (!spares || negative != output)
                    loss += (double)f->shape.per_pair * log_loss(-score(f, input, negative));
            }
        }
    }
    *ret_pairs = pairs;
    return loss;
}

static double spared_loss(void *context)
{
    double pairs;
    return loss_of(context, true, &pairs);
}

static void add_rows(float *sums, const uint32_t *tokens, uint32_t n, const float *steps)
{
    for (uint32_t r = 0; r < n; r++)
        for (size_t k = 0; k < WIDTH; k++)
            sums[tokens[r] * WIDTH + k] -= steps[r * WIDTH + k];
}

static void check_steps(bool nce)
{
    struct fixture f;
    fixture_make(&f, nce);
    float gradient[2 * TOKENS * WIDTH] = {0};
    add_rows(gradient, f.step.input_tokens, f.step.n_inputs, f.step.inputs);
    add_rows(gradient + TOKENS * WIDTH, f.step.target_tokens, f.step.n_targets, f.step.targets);
    add_rows(gradient + TOKENS * WIDTH, f.step.negative_tokens, SHARED, f.step.negatives);
    expect_gradient(spared_loss, &f, f.parameters, gradient, 2 * TOKENS * WIDTH, 1e-2f, 2e-3);
    fixture_free(&f);
}

/* Catches a step that is not minus the gradient: a band off by one, a pair across sequences, a
 * negative that its own pair is trained against. */
static void steps_follow_the_gradient(void **state)
{
    (void)state;
    check_steps(false);
}

/* Catches a bias that is left out, or taken from the wrong token. */
static void steps_of_nce_follow_the_gradient(void **state)
{
    (void)state;
    check_steps(true);
}

/* Catches pairs that are counted twice or not at all. */
static void the_loss_is_that_of_all_pairs(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f, false);
    double pairs;
    const double loss = loss_of(&f, false, &pairs);
    assert_true(pairs > 20 && f.step.pairs == pairs);
    assert_true(fabs(f.step.loss - loss) < 1e-4 * loss);
    fixture_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_follow_the_gradient),
        cmocka_unit_test(steps_of_nce_follow_the_gradient),
        cmocka_unit_test(the_loss_is_that_of_all_pairs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
