#include "embed/quadtree.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEVELS = 31 }; /* bits of a coordinate */
static const float theta2 = 0.25F;

enum status quadtree_new(uint32_t n, struct quadtree *ret_tree)
{
    struct quadtree tree = {.n = n,
                            .nodes = malloc(2 * (size_t)n * sizeof *tree.nodes),
                            .order = malloc(n * sizeof *tree.order),
                            .x = malloc(n * sizeof *tree.x),
                            .y = malloc(n * sizeof *tree.y),
                            .codes = malloc(n * sizeof *tree.codes),
                            .spare_codes = malloc(n * sizeof *tree.spare_codes),
                            .spare_order = malloc(n * sizeof *tree.spare_order)};
    if (!tree.nodes || !tree.order || !tree.x || !tree.y || !tree.codes || !tree.spare_codes ||
        !tree.spare_order) {
        quadtree_free(&tree);
        return STATUS_NO_MEMORY;
    }
    *ret_tree = tree;
    return STATUS_OK;
}

/* ---- the curve ---- */

/* Bit k of value goes to bit 2 k. */
static uint64_t spread_bits(uint64_t value)
{
    value = (value | value << 16) & 0x0000ffff0000ffffULL;
    value = (value | value << 8) & 0x00ff00ff00ff00ffULL;
    value = (value | value << 4) & 0x0f0f0f0f0f0f0f0fULL;
    value = (value | value << 2) & 0x3333333333333333ULL;
    return (value | value << 1) & 0x5555555555555555ULL;
}

/* Codes of all points; returns the width of the square around them. */
static double put_codes(struct quadtree *tree, const float *places)
{
    double low[2] = {places[0], places[1]}, high[2] = {places[0], places[1]};
    for (size_t i = 0; i < tree->n; i++)
        for (size_t c = 0; c < 2; c++) {
            low[c] = fmin(low[c], (double)places[2 * i + c]);
            high[c] = fmax(high[c], (double)places[2 * i + c]);
        }
    const double width = fmax(high[0] - low[0], high[1] - low[1]);
    const double scale = width > 0 ? ((1U << LEVELS) - 1) / width : 0;
    for (uint32_t i = 0; i < tree->n; i++) {
        const float *place = places + 2 * (size_t)i;
        tree->codes[i] = spread_bits((uint64_t)(((double)place[0] - low[0]) * scale)) |
                         spread_bits((uint64_t)(((double)place[1] - low[1]) * scale)) << 1;
        tree->order[i] = i;
    }
    return width;
}

/* By code, equal ones by number: eight passes of counting. */
static void sort_codes(struct quadtree *tree)
{
    for (unsigned shift = 0; shift < 64; shift += 8) {
        uint32_t starts[257] = {0};
        for (uint32_t i = 0; i < tree->n; i++)
            starts[(tree->codes[i] >> shift & 255) + 1]++;
        for (unsigned b = 0; b < 256; b++)
            starts[b + 1] += starts[b];
        for (uint32_t i = 0; i < tree->n; i++) {
            const uint32_t to = starts[tree->codes[i] >> shift & 255]++;
            tree->spare_codes[to] = tree->codes[i];
            tree->spare_order[to] = tree->order[i];
        }
        uint64_t *const codes = tree->codes;
        uint32_t *const order = tree->order;
        tree->codes = tree->spare_codes;
        tree->order = tree->spare_order;
        tree->spare_codes = codes;
        tree->spare_order = order;
    }
}

/* ---- the squares ---- */

/* The first point of the run whose code is not below `code`. */
static uint32_t first_from(const struct quadtree *tree, uint32_t first, uint32_t end, uint64_t code)
{
    while (first < end) {
        const uint32_t middle = first + (end - first) / 2;
        if (tree->codes[middle] < code)
            first = middle + 1;
        else
            end = middle;
    }
    return first;
}

/* The node of the run and all within it. At most LEVELS deep. */
static void add_node(struct quadtree *tree, uint32_t first, uint32_t end, double width)
{
    struct quadtree_node *node = &tree->nodes[tree->n_nodes++];
    const uint64_t low = tree->codes[first], high = tree->codes[end - 1];
    double x = 0, y = 0;
    for (uint32_t k = first; k < end; k++) {
        x += (double)tree->x[k];
        y += (double)tree->y[k];
    }
    node->first = first;
    node->count = end - first;
    node->x = (float)(x / node->count);
    node->y = (float)(y / node->count);
    node->is_leaf = low == high || node->count <= QUADTREE_LEAF;
    node->width2 = 0;
    if (low != high) {
        const int level = (63 - __builtin_clzll(low ^ high)) / 2; /* bits below the quarters' */
        const double side = ldexp(width, level + 1 - LEVELS);
        node->width2 = (float)(side * side);
        if (!node->is_leaf) {
            const uint64_t quarter = 1ULL << 2 * level, base = low & ~(4 * quarter - 1);
            for (uint64_t q = 0; q < 4; q++) {
                const uint32_t to =
                    q == 3 ? end : first_from(tree, first, end, base + (q + 1) * quarter);
                if (to > first)
                    add_node(tree, first, to, width);
                first = to;
            }
        }
    }
    node->next = tree->n_nodes;
}

void quadtree_build(struct quadtree *tree, const float *places)
{
    const double width = put_codes(tree, places);
    sort_codes(tree);
    for (uint32_t k = 0; k < tree->n; k++) {
        tree->x[k] = places[2 * (size_t)tree->order[k]];
        tree->y[k] = places[2 * (size_t)tree->order[k] + 1];
    }
    tree->n_nodes = 0;
    add_node(tree, 0, tree->n, width);
}

/* ---- the sums ---- */

static inline void add_point(struct repulsion *sum, float rx, float ry, float count)
{
    const float q = 1 / (1 + rx * rx + ry * ry), weight = count * q;
    sum->q += (double)weight;
    sum->x += (double)(weight * q * rx);
    sum->y += (double)(weight * q * ry);
}

static void add_leaf(struct repulsion *sum, const struct quadtree *tree,
                     const struct quadtree_node *node, uint32_t i, const float place[2])
{
    for (uint32_t k = node->first; k < node->first + node->count; k++)
        if (tree->order[k] != i)
            add_point(sum, place[0] - tree->x[k], place[1] - tree->y[k], 1);
}

/* Points in one spot, maybe with i among them, which is then at the spot itself to the precision of
 * a float: its own share is 1 of q and nothing of the rest. */
static void add_spot(struct repulsion *sum, const struct quadtree *tree,
                     const struct quadtree_node *node, uint32_t i, const float place[2])
{
    uint32_t low = node->first, high = node->first + node->count;
    const uint32_t end = high;
    while (low < high) { /* points of one code stand by rising number */
        const uint32_t middle = low + (high - low) / 2;
        if (tree->order[middle] < i)
            low = middle + 1;
        else
            high = middle;
    }
    const bool within = low < end && tree->order[low] == i;
    add_point(sum, place[0] - node->x, place[1] - node->y, (float)(node->count - within));
}

struct repulsion quadtree_repulsion(const struct quadtree *tree, uint32_t i, const float place[2])
{
    struct repulsion sum = {0};
    for (uint32_t k = 0; k < tree->n_nodes;) {
        const struct quadtree_node *node = &tree->nodes[k];
        const float rx = place[0] - node->x, ry = place[1] - node->y;
        const bool is_far = node->width2 < theta2 * (rx * rx + ry * ry);
        if (is_far && node->width2 > 0)
            add_point(&sum, rx, ry, (float)node->count);
        else if (node->is_leaf && node->count > QUADTREE_LEAF)
            add_spot(&sum, tree, node, i, place);
        else if (node->is_leaf)
            add_leaf(&sum, tree, node, i, place);
        k = is_far || node->is_leaf ? node->next : k + 1;
    }
    return sum;
}

uint64_t quadtree_estimate(uint32_t n)
{
    return (uint64_t)n * (2 * sizeof(struct quadtree_node) + 2 * sizeof(uint64_t) +
                          2 * sizeof(uint32_t) + 2 * sizeof(float));
}

void quadtree_free(struct quadtree *tree)
{
    free(tree->nodes);
    free(tree->order);
    free(tree->x);
    free(tree->y);
    free(tree->codes);
    free(tree->spare_codes);
    free(tree->spare_order);
    *tree = (struct quadtree){0};
}
