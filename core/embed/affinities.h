#pragma once
/* How near points are to each other, as chances (van der Maaten and Hinton 2008, eq. 1).
 *
 *     p(j|i) = exp(-b_i |x_i - x_j|^2) / sum over k of the same,      p_ij = (p(j|i) + p(i|j)) / 2n
 *
 * with b_i such that p(.|i) has the entropy log(perplexity). Of up to AFFINITIES_DENSE_MAX points
 * all pairs are kept; beyond, of each point only those to its 3 x perplexity nearest (van der
 * Maaten 2014, section 4.1), which are found by looking at all.
 */
#include "base/observer.h"
#include "base/parallel.h"
#include "embed/points.h"
#include "linalg/csr.h"

enum { AFFINITIES_DENSE_MAX = 5000 };

/* The sum of all p_ij is 1; the diagonal is 0. */
struct affinities {
    uint32_t n;
    float *dense;      /* [n x n], or NULL */
    struct csr sparse; /* n x n where there is no dense; symmetric */
    double entropy;    /* sum of p_ij log p_ij */
};

/* points: checked, n > 1. perplexity from 1 to (n - 1) / 3. The same bits for any number of
 * threads. NO_MEMORY; CANCELLED. */
enum status affinities_find(const struct points *points, double perplexity, struct parallel *pool,
                            const struct observer *observer, struct affinities *ret_affinities);

uint64_t affinities_estimate(uint32_t n, double perplexity, unsigned threads);

void affinities_free(struct affinities *affinities);
