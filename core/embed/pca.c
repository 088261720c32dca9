#include "embed/pca.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "linalg/kernels.h"

enum {
    STREAM_START = 0x9ca,
    SPARE = 8, /* directions beyond those that are asked for */
    SPACE_MAX = PCA_COMPONENTS_MAX + SPARE,
    CHUNK = 256, /* points a product */
    BLOCK_POINTS = 256,
    STEPS_MAX = 300, /* of subspace iteration */
    SWEEPS_MAX = 60  /* of Jacobi */
};
static const double settled = 1e-11; /* the space's variance grows by less: done */

struct work {
    const struct points *points;
    size_t width;       /* d up to a whole tile */
    uint32_t p;         /* directions of the space */
    float *mean;        /* [width] */
    float *scratch;     /* [workers x (CHUNK + TILE) x width] */
    double *covariance; /* [width x width] */
    double *space;      /* [p x width] orthonormal rows */
    double *image;      /* [p x width] space C */
    float *components;  /* [k x width] */
    size_t first_block;
    uint32_t k;
    float *out;
};

/* ---- C ---- */

static void find_mean(struct work *work, double *sums)
{
    const struct points *points = work->points;
    for (uint32_t i = 0; i < points->n; i++)
        for (uint32_t c = 0; c < points->d; c++)
            sums[c] += (double)points->rows[(size_t)i * points->d + c];
    for (uint32_t c = 0; c < points->d; c++)
        work->mean[c] = (float)(sums[c] / points->n);
}

/* TILE rows of C, from all points. */
static void covariance_block(void *context, size_t block, unsigned worker)
{
    const struct work *work = context;
    const struct points *points = work->points;
    const size_t width = work->width, top = (work->first_block + block) * TILE;
    float *panel = work->scratch + worker * (CHUNK + TILE) * width;
    float *product = panel + CHUNK * width;
    memset(panel, 0, CHUNK * width * sizeof *panel);
    for (uint32_t first = 0; first < points->n; first += CHUNK) {
        const uint32_t n = points->n - first < CHUNK ? points->n - first : CHUNK;
        for (uint32_t i = 0; i < n; i++)
            for (uint32_t c = 0; c < points->d; c++)
                panel[i * width + c] =
                    points->rows[(size_t)(first + i) * points->d + c] - work->mean[c];
        const struct gemm g = {.a = panel + top,
                               .b = panel,
                               .c = product,
                               .a_row = 1,
                               .a_step = width,
                               .b_row = width,
                               .c_row = width,
                               .m = TILE,
                               .n = width,
                               .k = n};
        kernels_get()->gemm(&g, false);
        for (size_t e = 0; e < TILE * width; e++)
            work->covariance[top * width + e] += (double)product[e];
    }
}

/* ---- its largest directions ---- */

static double dot(const double *a, const double *b, size_t d)
{
    double sum = 0;
    for (size_t c = 0; c < d; c++)
        sum += a[c] * b[c];
    return sum;
}

static void subtract(double a, const double *x, double *y, size_t d)
{
    for (size_t c = 0; c < d; c++)
        y[c] -= a * x[c];
}

/* Row r of the space made orthogonal to those before it and of length 1, twice, for what the first
 * pass leaves. False when nothing is left of it. */
static bool straighten(double *rows, size_t r, size_t width)
{
    double *row = rows + r * width;
    const double before = sqrt(dot(row, row, width));
    for (int pass = 0; pass < 2; pass++)
        for (size_t q = 0; q < r; q++)
            subtract(dot(rows + q * width, row, width), rows + q * width, row, width);
    const double length = sqrt(dot(row, row, width));
    if (!(length > 1e-12 * before))
        return false;
    for (size_t c = 0; c < width; c++)
        row[c] /= length;
    return true;
}

/* space = the rows of image, orthonormal; a direction that C takes to nothing starts anew at
 * random. */
static void orthonormalise(struct work *work, struct rng *rng)
{
    memcpy(work->space, work->image, work->p * work->width * sizeof *work->space);
    for (size_t r = 0; r < work->p; r++)
        while (!straighten(work->space, r, work->width))
            for (size_t c = 0; c < work->points->d; c++)
                work->space[r * work->width + c] = rng_normal(rng);
}

static void image_block(void *context, size_t block, unsigned worker)
{
    (void)worker;
    const struct work *work = context;
    const size_t width = work->width;
    double *out = work->image + block * width;
    memset(out, 0, width * sizeof *out);
    for (size_t c = 0; c < width; c++)
        subtract(-work->space[block * width + c], work->covariance + c * width, out, width);
}

static enum status find_space(struct work *work, uint64_t seed, struct parallel *pool,
                              const struct observer *observer)
{
    struct rng rng = rng_seed(seed, STREAM_START);
    for (size_t r = 0; r < work->p; r++)
        for (size_t c = 0; c < work->points->d; c++)
            work->image[r * work->width + c] = rng_normal(&rng);
    double held = 0;
    for (int step = 0; step < STEPS_MAX; step++) {
        if (observer_stops(observer))
            return STATUS_CANCELLED;
        orthonormalise(work, &rng);
        parallel_for(pool, work->p, image_block, work, NULL);
        double now = 0;
        for (size_t r = 0; r < work->p; r++)
            now += dot(work->space + r * work->width, work->image + r * work->width, work->width);
        if (now - held <= settled * now && step > 1)
            break;
        held = now;
    }
    return STATUS_OK;
}

/* ---- the components within the space ---- */

/* One rotation in the plane (p, q) that takes a[p][q] to 0; vectors' rows turn along. */
static void rotate(double a[SPACE_MAX][SPACE_MAX], double v[SPACE_MAX][SPACE_MAX], size_t n,
                   size_t p, size_t q)
{
    const double theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
    const double t = (theta >= 0 ? 1 : -1) / (fabs(theta) + sqrt(theta * theta + 1));
    const double c = 1 / sqrt(t * t + 1), s = t * c;
    for (size_t k = 0; k < n; k++) {
        const double x = a[k][p], y = a[k][q];
        a[k][p] = c * x - s * y;
        a[k][q] = s * x + c * y;
    }
    for (size_t k = 0; k < n; k++) {
        const double x = a[p][k], y = a[q][k];
        a[p][k] = c * x - s * y;
        a[q][k] = s * x + c * y;
        const double vx = v[p][k], vy = v[q][k];
        v[p][k] = c * vx - s * vy;
        v[q][k] = s * vx + c * vy;
    }
}

/* Jacobi's cyclic rotations: a becomes diagonal, the rows of v its eigenvectors. */
static void diagonalise(double a[SPACE_MAX][SPACE_MAX], double v[SPACE_MAX][SPACE_MAX], size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            v[i][j] = i == j;
    for (int sweep = 0; sweep < SWEEPS_MAX; sweep++) {
        double off = 0, on = 0;
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < n; j++)
                *(i == j ? &on : &off) += a[i][j] * a[i][j];
        if (off <= 1e-26 * on)
            return;
        for (size_t p = 0; p < n; p++)
            for (size_t q = p + 1; q < n; q++)
                if (a[p][q] * a[p][q] > 1e-30 * on)
                    rotate(a, v, n, p, q);
    }
}

struct rayleigh {
    double a[SPACE_MAX][SPACE_MAX], v[SPACE_MAX][SPACE_MAX];
    uint32_t order[SPACE_MAX];
};

static void sort_falling(struct rayleigh *r, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t at = i;
        for (; at > 0 && r->a[i][i] > r->a[r->order[at - 1]][r->order[at - 1]]; at--)
            r->order[at] = r->order[at - 1];
        r->order[at] = i;
    }
}

/* components[k] = v[order[k]] space, its largest entry positive. */
static void put_component(struct work *work, const double *turn, float *out, double *sums)
{
    double largest = 0;
    memset(sums, 0, work->width * sizeof *sums);
    for (size_t r = 0; r < work->p; r++)
        subtract(-turn[r], work->space + r * work->width, sums, work->width);
    for (size_t c = 0; c < work->width; c++)
        if (fabs(sums[c]) > fabs(largest))
            largest = sums[c];
    for (size_t c = 0; c < work->width; c++)
        out[c] = (float)(largest < 0 ? -sums[c] : sums[c]);
}

static void find_components(struct work *work, struct rayleigh *r, double *sums, struct pca *pca)
{
    for (size_t i = 0; i < work->p; i++)
        for (size_t j = 0; j <= i; j++)
            r->a[i][j] = r->a[j][i] =
                dot(work->space + i * work->width, work->image + j * work->width, work->width);
    diagonalise(r->a, r->v, work->p);
    sort_falling(r, work->p);
    for (uint32_t k = 0; k < pca->k; k++) {
        const uint32_t at = r->order[k];
        pca->variances[k] = fmax(r->a[at][at], 0);
        put_component(work, r->v[at], work->components + k * work->width, sums);
    }
}

static void project_block(void *context, size_t block, unsigned worker)
{
    const struct work *work = context;
    const struct points *points = work->points;
    float *centred = work->scratch + worker * (CHUNK + TILE) * work->width;
    const uint64_t first = (uint64_t)block * BLOCK_POINTS;
    for (uint64_t i = first; i < first + BLOCK_POINTS && i < points->n; i++) {
        float *out = work->out + i * work->k;
        memset(out, 0, work->k * sizeof *out);
        for (uint32_t c = 0; c < points->d; c++)
            centred[c] = points->rows[i * points->d + c] - work->mean[c];
        for (uint32_t k = 0; k < work->k && k < points->d; k++)
            out[k] = kernels_get()->dot(centred, work->components + k * work->width, points->d);
    }
}

/* ---- all of it ---- */

static enum status find_covariance(struct work *work, struct parallel *pool,
                                   const struct observer *observer, struct pca *pca)
{
    enum { BLOCKS_A_CALL = 2 };
    const size_t width = work->width;
    find_mean(work, work->image);
    for (work->first_block = 0; work->first_block < width / TILE;
         work->first_block += BLOCKS_A_CALL) {
        const size_t left = width / TILE - work->first_block;
        if (observer_stops(observer))
            return STATUS_CANCELLED;
        parallel_for(pool, left < BLOCKS_A_CALL ? left : BLOCKS_A_CALL, covariance_block, work,
                     NULL);
    }
    for (size_t e = 0; e < width * width; e++)
        work->covariance[e] /= work->points->n;
    for (size_t c = 0; c < width; c++)
        pca->total += work->covariance[c * width + c];
    return STATUS_OK;
}

enum status pca_project(const struct points *points, uint32_t k, uint64_t seed,
                        struct parallel *pool, const struct observer *observer, float *out,
                        struct pca *ret_pca, struct error *reterr)
{
    assert(k > 0 && k <= PCA_COMPONENTS_MAX);
    enum status status = points_check(points, reterr);
    if (status != STATUS_OK)
        return status;
    const size_t width = tile_round(points->d);
    const uint32_t d = points->d, wanted = k < d ? k : d;
    struct work work = {.points = points, .width = width, .k = k, .out = out};
    struct pca pca = {.k = wanted};
    work.p = wanted + SPARE < d ? wanted + SPARE : d;
    work.mean = calloc(width, sizeof *work.mean);
    work.scratch = malloc(parallel_threads(pool) * (CHUNK + TILE) * width * sizeof *work.scratch);
    work.covariance = calloc(width * width, sizeof *work.covariance);
    work.space = calloc(work.p * width, sizeof *work.space);
    work.image = calloc(work.p * width, sizeof *work.image);
    work.components = calloc(k * width, sizeof *work.components);
    double *sums = calloc(width, sizeof *sums);
    struct rayleigh *rayleigh = calloc(1, sizeof *rayleigh);
    status = STATUS_NO_MEMORY;
    if (work.mean && work.scratch && work.covariance && work.space && work.image &&
        work.components && sums && rayleigh)
        status = find_covariance(&work, pool, observer, &pca);
    if (status == STATUS_OK)
        status = find_space(&work, seed, pool, observer);
    if (status == STATUS_OK) {
        find_components(&work, rayleigh, sums, &pca);
        parallel_for(pool, ((size_t)points->n + BLOCK_POINTS - 1) / BLOCK_POINTS, project_block,
                     &work, NULL);
        *ret_pca = pca;
    }
    free(rayleigh);
    free(sums);
    free(work.components);
    free(work.image);
    free(work.space);
    free(work.covariance);
    free(work.scratch);
    free(work.mean);
    return status == STATUS_OK
               ? status
               : error_set(reterr, status,
                           status == STATUS_CANCELLED ? "stopped at the principal components"
                                                      : "no memory for the principal components");
}

uint64_t pca_estimate(uint32_t n, uint32_t d, unsigned threads)
{
    (void)n;
    const uint64_t width = tile_round(d);
    return width * width * sizeof(double) +
           (uint64_t)threads * (CHUNK + TILE) * width * sizeof(float) +
           3 * width * SPACE_MAX * sizeof(double) + sizeof(struct rayleigh);
}
