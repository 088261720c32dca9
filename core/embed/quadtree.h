#pragma once
/* Points of the plane in nested squares, for sums over all of them in O(log n) each (Barnes and Hut
 * 1986; for maps van der Maaten 2014).
 *
 * Built by sorting the points by Morton's curve, so that every square is a run of it: the tree is
 * the same for any number of threads, and points in one leaf lie beside each other. A square whose
 * points all lie in one of its quarters is left out: there are fewer nodes than twice the points,
 * however they lie.
 */
#include <stdint.h>

#include "base/status.h"

enum { QUADTREE_LEAF = 8 }; /* points that a square need not be divided for */

struct quadtree_node {
    float x, y;            /* the mean of its points */
    float width2;          /* of the square, squared; 0: its points are as good as one */
    uint32_t first, count; /* points, in the tree's order */
    uint32_t next;         /* the node after all within this one: nodes stand before what is in
                              them */
    uint32_t is_leaf;
};

struct quadtree {
    uint32_t n, n_nodes;
    struct quadtree_node *nodes; /* [2 n] */
    uint32_t *order;             /* [n] the points along the curve */
    float *x, *y;                /* [n] of the points in that order */
    uint64_t *codes, *spare_codes;
    uint32_t *spare_order;
};

/* For n points, n > 0. NO_MEMORY. */
enum status quadtree_new(uint32_t n, struct quadtree *ret_tree);

/* places[n x 2], finite. Takes no memory: may be called again and again. */
void quadtree_build(struct quadtree *tree, const float *places);

/* Sums over all points j but i (a point's number, at `place`), with r = place - point j and q = 1 /
 * (1 + |r|^2): of q, and of q^2 r. A square is taken for one point where its width is under half of
 * its distance. */
struct repulsion {
    double q, x, y;
};
struct repulsion quadtree_repulsion(const struct quadtree *tree, uint32_t i, const float place[2]);

uint64_t quadtree_estimate(uint32_t n);

void quadtree_free(struct quadtree *tree);
