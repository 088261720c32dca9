#pragma once
/* Skip-gram: vectors of tokens from what stands near what (Mikolov et al. 2013, "Distributed
 * representations of words and phrases", eq. 4).
 *
 * Of every position t of a sequence and every other position within b of it, where b is drawn from
 * 1 to the window, the pair (input i = the neighbour's token, output o = the token at t) adds
 *
 *     -log s(f(i, o)) - sum over K draws n of log s(-f(i, n)),      f(i, o) = <u_i, v_o>
 *
 * s the logistic function, negatives n drawn with chance ~ count^alpha, alpha of any sign
 * (Caselles- Dupre et al. 2018). With noise contrastive estimation f(i, o) = <u_i, v_o> - log(K
 * q(o)), q the chance of a draw (Gutmann and Hyvarinen 2010; Mnih and Kavukcuoglu 2013). A position
 * is kept with chance sqrt(r) + r, r = subsample / (the token's share), before windows are laid.
 * Stochastic gradient descent, the rate falling linearly to nothing.
 *
 * How it is made fast: the positions of a chunk share one set of negatives, drawn anew for each
 * chunk and each weighted so that its pairs have K of them in expectation (the gradient keeps its
 * mean; Ji et al. 2016 share within a window). Products with them are GEMMs. A draw that is the
 * output of a pair itself does not count for that pair.
 *
 * How it is the same for any number of threads: chunks of a batch are computed from the parameters
 * at its start, at the same time, and their steps added in order. A batch is a few hundred
 * positions, fewer where a frequent token would be stepped too often from one place. Batches that
 * are too small to be worth it (100 dimensions, a window of 5) stay on one thread.
 */
#include "base/observer.h"
#include "base/parallel.h"
#include "base/status.h"

enum {
    SKIPGRAM_DIMENSIONS_MAX = 1024,
    SKIPGRAM_WINDOW_MAX = 100,
    SKIPGRAM_NEGATIVES_MAX = 100,
};

enum skipgram_loss { SKIPGRAM_NEGATIVE_SAMPLING, SKIPGRAM_NCE };

struct skipgram_settings {
    int64_t dimensions, window, negatives, epochs; /* at least 1 */
    double alpha;                                  /* of the negatives' distribution, -2 .. 2 */
    double subsample;                              /* 0: every position is kept */
    double rate;                                   /* at the start, above 0 */
    int loss;                                      /* enum skipgram_loss */
};

/* Tokens below n_tokens, sequence after sequence. Borrowed. */
struct sequences {
    uint32_t n_tokens;
    const uint32_t *tokens; /* [starts[n]] */
    const uint64_t *starts; /* [n + 1] */
    uint64_t n;
};

/* One allocation; rows of `width` floats, the dimensions and zeros up to a whole tile. */
struct vectors {
    uint32_t n, d;
    size_t width;
    float *inputs;  /* [n x width] u; what is meant by "the vectors" */
    float *outputs; /* [n x width] v; 0 for a token that never occurs */
};

/* Fits, for any number of threads (pool NULL: one) to the same bytes. Reports "fit/loss" by epoch:
 * the mean loss of a pair, of a sample of the chunks. OUT_OF_RANGE where nothing occurs or the
 * vectors grow without bound; NO_MEMORY; CANCELLED within a second when the observer says stop,
 * with a sentence that says how far it came, and then *ret_vectors is what was learnt until then.
 */
enum status skipgram_fit(const struct sequences *sequences,
                         const struct skipgram_settings *settings, uint64_t seed,
                         struct parallel *pool, const struct observer *observer,
                         struct vectors *ret_vectors, struct error *reterr);

/* What a fit computes. The second makes it for an observer that wants it; out of memory it does
 * without. skipgram_fit calls it. */
struct op_graph;
void skipgram_graph(const struct skipgram_settings *settings, uint32_t n_tokens,
                    struct op_graph *graph);
void skipgram_graph_observe(const struct skipgram_settings *settings, uint32_t n_tokens,
                            const struct observer *observer);

/* Bytes that a fit takes, vectors included, beside the sequences. */
uint64_t skipgram_estimate(const struct skipgram_settings *settings, uint32_t n_tokens,
                           unsigned threads);

void vectors_free(struct vectors *vectors);
