#include "linalg/invert.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* All sizes here are in tiles of TILE x TILE floats. A panel holds a block row as strips: strip j
 * is its tiles (K, j), one below the other, which is what the kernels multiply. */
enum {
    PIVOT_TILES = 16, /* of a block row */
    GROUP_TILES = 8,  /* a block of work is this many tiles square: both panels' parts fit in L2 */
    BLOCKS_A_CALL = 256 /* of work, between two looks at the observer */
};

enum { TILE_SIZE = TILE * TILE, STRIP_SIZE = PIVOT_TILES * TILE_SIZE };

struct sweep {
    float *matrix;
    size_t n;           /* tiles in a row of the matrix */
    size_t first, size; /* of the block row */
    float *row;         /* [n strips] A_K. as it was before the step */
    float *product;     /* [n strips] P A_K. */
    float *factor;      /* [spd_size(PIVOT_TILES * TILE)] of A_KK */
    float *halves;      /* [PIVOT_TILES strips] V with V' V = P */
    float *inverse;     /* [PIVOT_TILES strips] P */
    float inverses[PIVOT_TILES * TILE];
    bool is_definite;
    size_t first_block; /* of this call */
};

static void copy_transposed(const float *tile, float *out)
{
    for (size_t i = 0; i < TILE; i++)
        for (size_t j = 0; j < TILE; j++)
            out[j * TILE + i] = tile[i * TILE + j];
}

static bool is_pivot(const struct sweep *s, size_t tile)
{
    return tile >= s->first && tile < s->first + s->size;
}

/* ---- P: with A_KK = U'U, V = U^-T ---- */

/* Strip c of V, from the unit matrix by forward substitution; what is above tile c stays 0. */
static void solve_strip(struct sweep *s, size_t c)
{
    const struct kernels *k = kernels_get();
    float *strip = s->halves + c * STRIP_SIZE;
    memset(strip, 0, STRIP_SIZE * sizeof *strip);
    for (size_t t = 0; t < TILE; t++)
        strip[c * TILE_SIZE + t * (TILE + 1)] = 1;
    for (size_t r = c; r < s->size; r++) {
        float *tile = strip + r * TILE_SIZE;
        if (r > c)
            k->tile_product(s->factor + spd_offset(c, r), strip + c * TILE_SIZE, (r - c) * TILE, -1,
                            tile);
        k->tile_solve(s->factor + spd_offset(r, r), s->inverses + r * TILE, tile);
    }
}

static void pivot_block(void *context, size_t block, unsigned worker)
{
    (void)block;
    (void)worker;
    struct sweep *s = context;
    const struct kernels *k = kernels_get();
    for (size_t j = 0; j < s->size; j++)
        memcpy(s->factor + spd_offset(0, j), s->matrix + spd_offset(s->first, s->first + j),
               (j + 1) * TILE_SIZE * sizeof *s->factor);
    s->is_definite = spd_factor(s->factor, s->size * TILE, s->inverses);
    if (!s->is_definite)
        return;
    for (size_t c = 0; c < s->size; c++)
        solve_strip(s, c);
    memset(s->inverse, 0, PIVOT_TILES * STRIP_SIZE * sizeof *s->inverse);
    for (size_t j = 0; j < s->size; j++)
        for (size_t i = 0; i < s->size; i++)
            k->tile_product(s->halves + i * STRIP_SIZE, s->halves + j * STRIP_SIZE, s->size * TILE,
                            1, s->inverse + j * STRIP_SIZE + i * TILE_SIZE);
}

/* ---- the panels ---- */

static void gather_strip(const struct sweep *s, size_t j)
{
    float *strip = s->row + j * STRIP_SIZE;
    for (size_t r = 0; r < s->size; r++) {
        const size_t i = s->first + r;
        if (i <= j)
            memcpy(strip + r * TILE_SIZE, s->matrix + spd_offset(i, j), TILE_SIZE * sizeof *strip);
        else
            copy_transposed(s->matrix + spd_offset(j, i), strip + r * TILE_SIZE);
    }
}

static void panel_block(void *context, size_t j, unsigned worker)
{
    (void)worker;
    const struct sweep *s = context;
    if (is_pivot(s, j))
        return;
    gather_strip(s, j);
    float *product = s->product + j * STRIP_SIZE;
    memset(product, 0, STRIP_SIZE * sizeof *product);
    for (size_t r = 0; r < s->size; r++)
        kernels_get()->tile_product(s->inverse + r * STRIP_SIZE, s->row + j * STRIP_SIZE,
                                    s->size * TILE, 1, product + r * TILE_SIZE);
}

/* Puts the block row's new values in place, by strip. */
static void place_block(void *context, size_t j, unsigned worker)
{
    (void)worker;
    const struct sweep *s = context;
    for (size_t r = 0; r < s->size; r++) {
        const size_t i = s->first + r;
        if (!is_pivot(s, j)) {
            const float *tile = s->product + j * STRIP_SIZE + r * TILE_SIZE;
            if (i <= j)
                memcpy(s->matrix + spd_offset(i, j), tile, TILE_SIZE * sizeof *tile);
            else
                copy_transposed(tile, s->matrix + spd_offset(j, i));
        } else if (i <= j) {
            const float *tile = s->inverse + (j - s->first) * STRIP_SIZE + r * TILE_SIZE;
            float *out = s->matrix + spd_offset(i, j);
            for (size_t t = 0; t < TILE_SIZE; t++)
                out[t] = -tile[t];
        }
    }
}

/* ---- all else ---- */

/* The pair (i, j), i <= j, with j (j + 1) / 2 + i = index. */
static void pair_of(size_t index, size_t *ret_i, size_t *ret_j)
{
    size_t low = 0, high = (size_t)1 << 24;
    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;
        if (middle * (middle + 1) / 2 <= index)
            low = middle;
        else
            high = middle;
    }
    *ret_j = low;
    *ret_i = index - low * (low + 1) / 2;
}

static void update_block(void *context, size_t block, unsigned worker)
{
    (void)worker;
    const struct sweep *s = context;
    const struct kernels *k = kernels_get();
    size_t group_i, group_j;
    pair_of(s->first_block + block, &group_i, &group_j);
    for (size_t j = group_j * GROUP_TILES; j < (group_j + 1) * GROUP_TILES && j < s->n; j++) {
        if (is_pivot(s, j))
            continue;
        for (size_t i = group_i * GROUP_TILES; i < (group_i + 1) * GROUP_TILES && i <= j; i++)
            if (!is_pivot(s, i))
                k->tile_product(s->row + i * STRIP_SIZE, s->product + j * STRIP_SIZE,
                                s->size * TILE, -1, s->matrix + spd_offset(i, j));
    }
}

static void negate_block(void *context, size_t j, unsigned worker)
{
    (void)worker;
    const struct sweep *s = context;
    float *column = s->matrix + spd_offset(0, j);
    for (size_t t = 0; t < (j + 1) * TILE_SIZE; t++)
        column[t] = -column[t];
}

/* One step; progress of the whole is told by how many of the matrix's rows have had theirs. */
static enum status run_step(struct sweep *s, struct parallel *pool, const struct observer *observer,
                            const char *phase)
{
    parallel_for(pool, 1, pivot_block, s, NULL);
    if (!s->is_definite)
        return STATUS_OUT_OF_RANGE;
    parallel_for(pool, s->n, panel_block, s, NULL);
    const size_t groups = (s->n + GROUP_TILES - 1) / GROUP_TILES;
    const size_t n_blocks = groups * (groups + 1) / 2;
    for (s->first_block = 0; s->first_block < n_blocks; s->first_block += BLOCKS_A_CALL) {
        if (observer_stops(observer))
            return STATUS_CANCELLED;
        const double share = (double)s->first_block / (double)n_blocks;
        observe_progress(observer, phase,
                         ((double)s->first + share * (double)s->size) / (double)s->n);
        const size_t left = n_blocks - s->first_block;
        parallel_for(pool, left < BLOCKS_A_CALL ? left : BLOCKS_A_CALL, update_block, s, NULL);
    }
    parallel_for(pool, s->n, place_block, s, NULL);
    return STATUS_OK;
}

static size_t scratch_size(size_t n)
{
    return (2 * n + 2 * PIVOT_TILES) * STRIP_SIZE + spd_size(PIVOT_TILES * TILE);
}

enum status spd_invert(float *matrix, size_t d, struct parallel *pool,
                       const struct observer *observer, const char *phase)
{
    assert(d % TILE == 0);
    const size_t n = d / TILE;
    float *scratch = malloc(scratch_size(n) * sizeof *scratch);
    if (!scratch)
        return STATUS_NO_MEMORY;
    struct sweep s = {.matrix = matrix,
                      .n = n,
                      .row = scratch,
                      .product = scratch + n * STRIP_SIZE,
                      .halves = scratch + 2 * n * STRIP_SIZE,
                      .inverse = scratch + (2 * n + PIVOT_TILES) * STRIP_SIZE,
                      .factor = scratch + (2 * n + 2 * PIVOT_TILES) * STRIP_SIZE};
    enum status status = STATUS_OK;
    for (; s.first < n && status == STATUS_OK; s.first += PIVOT_TILES) {
        s.size = n - s.first < PIVOT_TILES ? n - s.first : PIVOT_TILES;
        status = run_step(&s, pool, observer, phase);
    }
    if (status == STATUS_OK)
        parallel_for(pool, n, negate_block, &s, NULL);
    free(scratch);
    return status;
}

uint64_t spd_invert_estimate(size_t d)
{
    return (uint64_t)scratch_size(d / TILE) * sizeof(float);
}
