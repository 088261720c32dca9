#pragma once
/* Maps of points: t-distributed stochastic neighbour embedding (van der Maaten and Hinton 2008).
 *
 * Places y_i in the plane that lower the divergence sum p_ij log(p_ij / q_ij), p as in
 * embed/affinities.h, q_ij = (1 + |y_i - y_j|^2)^-1 over the sum of all such (eq. 4), by gradient
 * descent with momentum and a gain for each coordinate:
 *
 *     dC/dy_i = 4 sum over j of (p_ij - q_ij) (y_i - y_j) / (1 + |y_i - y_j|^2)          (eq. 5)
 *
 * Up to AFFINITIES_DENSE_MAX points every pair counts; beyond, the second sum is taken over a
 * quadtree (van der Maaten 2014, algorithm 1). The first quarter of the iterations exaggerates p
 * 12 times, at momentum .5, the others move at .8; the rate is n / 48, at least 50 (Belkina et al.
 * 2019). It starts from the first two principal components, as small as 1e-4, and a hundredth of
 * that at random, so that points alike can part.
 */
#include "base/observer.h"
#include "base/parallel.h"
#include "embed/points.h"

struct tsne_settings {
    double perplexity;  /* from 1: near points that each one looks at. More than a third of the
                           others counts as that third. */
    int64_t iterations; /* from 1; 1000 are usual */
};

struct tsne_map {
    double perplexity; /* that was used; 0 for a single point */
    double divergence; /* at the end, in nats */
};

enum { TSNE_ITERATIONS_MAX = 100000 };

/* places[n x 2]: centred on 0. One point lies there. Reports "map/divergence" every 50 iterations.
 * The same bytes for any number of threads. OUT_OF_RANGE as points_check or for settings out of
 * their range; NO_MEMORY; CANCELLED within a second, and the sentence says after how many
 * iterations. */
enum status tsne_fit(const struct points *points, const struct tsne_settings *settings,
                     uint64_t seed, struct parallel *pool, const struct observer *observer,
                     float *places, struct tsne_map *ret_map, struct error *reterr);

/* Bytes that tsne_fit takes beside points and places. */
uint64_t tsne_estimate(uint32_t n, uint32_t d, double perplexity, unsigned threads);
