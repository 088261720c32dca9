#pragma once
/* The first principal components of points: the directions in which they differ most (Pearson 1901;
 * Hotelling 1933).
 *
 * With C = 1/n sum (x - mean)(x - mean)' the components are the eigenvectors of C of the largest
 * eigenvalues, found by subspace iteration with a few directions to spare (Halko et al. 2011,
 * algorithm 4.4) and, within that space, Jacobi's rotations (Rayleigh and Ritz). C is summed in
 * float64 from products of a few hundred points each. The sign of a component is such that its
 * entry of the largest size is positive.
 */
#include "base/observer.h"
#include "base/parallel.h"
#include "embed/points.h"

enum { PCA_COMPONENTS_MAX = 128 };

struct pca {
    uint32_t k;                           /* components found: what was asked for, at most d */
    double total;                         /* the variance of the points, all dimensions together */
    double variances[PCA_COMPONENTS_MAX]; /* of the components, falling; 0 past the points' rank */
};

/* out[n x k]: the points along the k components, k at most PCA_COMPONENTS_MAX; components past d
 * are 0. The same bits for any number of threads. OUT_OF_RANGE as points_check; NO_MEMORY;
 * CANCELLED. */
enum status pca_project(const struct points *points, uint32_t k, uint64_t seed,
                        struct parallel *pool, const struct observer *observer, float *out,
                        struct pca *ret_pca, struct error *reterr);

/* Bytes that pca_project takes. */
uint64_t pca_estimate(uint32_t n, uint32_t d, unsigned threads);
