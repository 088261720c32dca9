#include "linalg/solve.h"

#include <assert.h>
#include <string.h>

void spd_add_panel(float *matrix, size_t d, const float *panel, size_t stride, size_t n)
{
    assert(d % TILE == 0);
    const struct kernels *k = kernels_get();
    for (size_t j = 0; j < d / TILE; j++)
        for (size_t i = 0; i <= j; i++)
            k->tile_product(panel + i * stride, panel + j * stride, n, 1,
                            matrix + spd_offset(i, j));
}

void spd_add_diagonal(float *matrix, size_t first, size_t last, float value)
{
    for (size_t k = first; k < last; k++)
        matrix[spd_offset(k / TILE, k / TILE) + k % TILE * (TILE + 1)] += value;
}

/* Tile (i, j) of U:  U_ii' U_ij = A_ij - sum_{k < i} U_ki' U_kj, the sum being over the rows that
 * both block columns have above row i TILE. */
bool spd_factor(float *matrix, size_t d, float *inverses)
{
    assert(d % TILE == 0);
    const struct kernels *k = kernels_get();
    for (size_t j = 0; j < d / TILE; j++) {
        const float *column = matrix + spd_offset(0, j);
        for (size_t i = 0; i <= j; i++) {
            float *tile = matrix + spd_offset(i, j);
            if (i > 0)
                k->tile_product(matrix + spd_offset(0, i), column, i * TILE, -1, tile);
            if (i < j)
                k->tile_solve(matrix + spd_offset(i, i), inverses + i * TILE, tile);
            else if (!k->tile_factor(tile, inverses + i * TILE))
                return false;
        }
    }
    return true;
}

/* U' y = x, in place. */
void spd_solve_half(const float *matrix, size_t d, const float *inverses, float *x)
{
    const struct kernels *k = kernels_get();
    for (size_t j = 0; j < d / TILE; j++) {
        const float *u = matrix + spd_offset(j, j);
        float above[TILE] = {0}, *part = x + j * TILE;
        k->combine(matrix + spd_offset(0, j), j * TILE, TILE, x, above);
        for (size_t t = 0; t < TILE; t++)
            part[t] -= above[t];
        for (size_t t = 0; t < TILE; t++) {
            part[t] *= inverses[j * TILE + t];
            for (size_t s = t + 1; s < TILE; s++)
                part[s] -= u[t * TILE + s] * part[t];
        }
    }
}

/* U x = y, in place: what is found is taken from all rows above it. */
static void solve_backward(const struct kernels *k, const float *matrix, size_t d,
                           const float *inverses, float *x, float *scratch)
{
    for (size_t j = d / TILE; j-- > 0;) {
        const float *u = matrix + spd_offset(j, j);
        float *part = x + j * TILE;
        for (size_t t = TILE; t-- > 0;) {
            part[t] *= inverses[j * TILE + t];
            for (size_t s = 0; s < t; s++)
                part[s] -= u[s * TILE + t] * part[t];
        }
        k->scan(matrix + spd_offset(0, j), j * TILE, TILE, part, scratch);
        for (size_t r = 0; r < j * TILE; r++)
            x[r] -= scratch[r];
    }
}

void spd_solve(const float *matrix, size_t d, const float *inverses, float *x, float *scratch)
{
    const struct kernels *k = kernels_get();
    spd_solve_half(matrix, d, inverses, x);
    solve_backward(k, matrix, d, inverses, x, scratch);
}

/*  r = b - A x, p = r; then each step
 *      a = r'r / p'A p,  x += a p,  r -= a A p,  p = r + (r'r new / r'r old) p
 *  and at the end, as A x = b - r,  x'A x - 2 b'x = -x'(b + r). */
double spd_improve(spd_apply apply, void *context, size_t d, unsigned steps, const float *b,
                   float *x, float *scratch)
{
    const struct kernels *k = kernels_get();
    float *r = scratch, *p = r + d, *ap = p + d;
    apply(context, x, ap);
    for (size_t i = 0; i < d; i++)
        r[i] = b[i] - ap[i];
    memcpy(p, r, d * sizeof *p);
    float rr = k->dot(r, r, d);
    const float enough = 1e-12f * k->dot(b, b, d);
    for (unsigned step = 0; step < steps && rr > enough; step++) {
        apply(context, p, ap);
        const float pap = k->dot(p, ap, d);
        if (!(pap > 0))
            break;
        const float a = rr / pap;
        k->axpy(a, p, x, d);
        k->axpy(-a, ap, r, d);
        const float rr_next = k->dot(r, r, d);
        for (size_t i = 0; i < d; i++)
            p[i] = r[i] + rr_next / rr * p[i];
        rr = rr_next;
    }
    return -((double)k->dot(x, b, d) + (double)k->dot(x, r, d));
}
