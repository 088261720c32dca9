#include "models/ials_solve.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "linalg/kernels.h"
#include "linalg/solve.h"

enum {
    EXACT_ROWS = 128,          /* of a panel in strips: two strips stay in the first cache */
    PANEL_FLOATS = 128 * 1024, /* of a panel by rows: it stays in the second cache */
    PANEL_ROWS_MIN = EXACT_ROWS,
    PREFETCH_ROWS = 6,
};

/* ---- scratch ---- */

struct areas {
    float *panel;    /* [panel_rows x width] */
    float *weights;  /* [panel_rows] */
    float *matrix;   /* [spd_size] */
    float *inverses; /* [width] */
    float *b, *x;    /* [width] each */
    float *vectors;  /* [3 width] */
};

static size_t panel_rows(size_t width)
{
    const size_t rows = PANEL_FLOATS / width;
    return rows < PANEL_ROWS_MIN ? PANEL_ROWS_MIN : rows;
}

static struct areas areas_of(float *scratch, size_t width)
{
    struct areas a;
    const size_t rows = panel_rows(width);
    a.panel = scratch;
    a.matrix = a.panel + rows * width;
    a.inverses = a.matrix + spd_size(width);
    a.b = a.inverses + width;
    a.x = a.b + width;
    a.vectors = a.x + width;
    a.weights = a.vectors + 3 * width;
    return a;
}

/* The limited row follows the areas: its confidences, then its columns. */
static size_t areas_size(size_t width)
{
    return panel_rows(width) * (width + 1) + spd_size(width) + 6 * width;
}

size_t ials_scratch_size(size_t d, uint32_t history_max)
{
    return areas_size(tile_round(d)) + 2 * (size_t)history_max;
}

size_t ials_side_size(size_t d)
{
    const size_t width = tile_round(d);
    return width * width + spd_size(width);
}

/* ---- the fixed side ---- */

void ials_side_pack(struct ials_side *side)
{
    const size_t width = side->width, n_tiles = width / TILE;
    for (size_t j = 0; j < n_tiles; j++)
        for (size_t i = 0; i <= j; i++)
            for (size_t r = 0; r < TILE; r++)
                memcpy(side->tiles + spd_offset(i, j) + r * TILE,
                       side->square + (i * TILE + r) * width + j * TILE, TILE * sizeof(float));
    spd_add_diagonal(side->tiles, side->d, width, 1);
}

/* ---- panels: rows of the fixed side, one after the other ---- */

static void prefetch_row(const struct ials_side *side, uint32_t row)
{
    const float *vector = side->vectors + (size_t)row * side->d;
    for (size_t k = 0; k < side->d; k += 16)
        __builtin_prefetch(vector + k);
}

/* By strips of TILE columns, each row times factors[r]; strips are EXACT_ROWS rows apart. */
static void gather_strips(const struct ials_side *side, const uint32_t *columns, size_t n,
                          const float *factors, float *panel)
{
    for (size_t r = 0; r < n; r++) {
        if (r + PREFETCH_ROWS < n)
            prefetch_row(side, columns[r + PREFETCH_ROWS]);
        const float *vector = side->vectors + (size_t)columns[r] * side->d;
        const float factor = factors[r];
        for (size_t k = 0; k < side->width; k += TILE) {
            float *strip = panel + k * EXACT_ROWS + r * TILE;
            const size_t m = side->d - k < TILE ? side->d - k : TILE;
            for (size_t c = 0; c < m; c++)
                strip[c] = factor * vector[k + c];
            for (size_t c = m; c < TILE; c++)
                strip[c] = 0;
        }
    }
}

static void gather_rows(const struct ials_side *side, const uint32_t *columns, size_t n,
                        float *panel)
{
    const size_t d = side->d, width = side->width;
    for (size_t r = 0; r < n; r++) {
        if (r + PREFETCH_ROWS < n)
            prefetch_row(side, columns[r + PREFETCH_ROWS]);
        memcpy(panel + r * width, side->vectors + (size_t)columns[r] * d, d * sizeof *panel);
        for (size_t c = d; c < width; c++)
            panel[r * width + c] = 0;
    }
}

void ials_gram_add(const struct ials_side *side, uint32_t first, uint32_t last, float *scratch,
                   float *sums)
{
    const struct areas a = areas_of(scratch, side->width);
    uint32_t columns[EXACT_ROWS];
    float ones[EXACT_ROWS];
    while (first < last) {
        uint32_t n = 0;
        for (; n < EXACT_ROWS && first < last; n++, first++) {
            columns[n] = first;
            ones[n] = 1;
        }
        gather_strips(side, columns, n, ones, a.panel);
        spd_add_panel(sums, side->width, a.panel, EXACT_ROWS * TILE, n);
    }
}

/* ---- long histories ---- */

/* The n-th largest size of the row's confidences, by a heap of the n largest with the least at its
 * root. */
static float nth_largest(struct ials_row row, uint32_t n, float *heap)
{
    for (uint32_t k = 0; k < row.n; k++) {
        const float size = fabsf(row.confidences[k]);
        uint32_t at = 0;
        if (k < n) { /* a new leaf rises */
            for (at = k; at > 0 && heap[(at - 1) / 2] > size; at = (at - 1) / 2)
                heap[at] = heap[(at - 1) / 2];
        } else if (size > heap[0]) { /* the root is replaced and sinks */
            for (uint32_t child = 1; child < n; child = 2 * at + 1) {
                if (child + 1 < n && heap[child + 1] < heap[child])
                    child++;
                if (heap[child] >= size)
                    break;
                heap[at] = heap[child];
                at = child;
            }
        } else {
            continue;
        }
        heap[at] = size;
    }
    return heap[0];
}

struct ials_row ials_row_limit(struct ials_row row, size_t d, uint32_t history_max, float *scratch)
{
    if (row.n <= history_max)
        return row;
    float *confidences = scratch + areas_size(tile_round(d));
    uint32_t *columns = (uint32_t *)(confidences + history_max);
    const float least = nth_largest(row, history_max, confidences);
    uint32_t equal = history_max; /* that still fit */
    for (uint32_t k = 0; k < row.n; k++)
        equal -= fabsf(row.confidences[k]) > least;
    uint32_t at = history_max;
    for (uint32_t k = row.n; k-- > 0;) {
        const float size = fabsf(row.confidences[k]);
        if (size < least || (size == least && equal == 0))
            continue;
        equal -= size == least;
        confidences[--at] = row.confidences[k];
        columns[at] = row.columns[k];
    }
    assert(at == 0);
    return (struct ials_row){.columns = columns, .confidences = confidences, .n = history_max};
}

/* ---- rows ---- */

static float weight_of(const struct ials_weights *weights, float confidence)
{
    return (float)weights->scale * fabsf(confidence);
}

static double regularisation(const struct ials_side *side, const struct ials_weights *weights,
                             uint32_t n)
{
    const double frequency = n + weights->alpha0 * side->n_active;
    return weights->lambda * pow(frequency, weights->nu);
}

/* sum c_i p_i: the objective at x = 0. */
static double objective_at_zero(const struct ials_weights *weights, struct ials_row row)
{
    double sum = 0;
    for (uint32_t k = 0; k < row.n; k++)
        if (row.confidences[k] > 0)
            sum += (double)weight_of(weights, row.confidences[k]);
    return sum;
}

/* The panel's rows are sqrt(c_i) h_i, so that A is its product with itself and b adds them up,
 * again times sqrt(c_i). */
static void gather_system(const struct ials_side *side, const struct ials_weights *weights,
                          struct ials_row row, const struct areas *a)
{
    memcpy(a->matrix, side->tiles, spd_size(side->width) * sizeof *a->matrix);
    memset(a->b, 0, side->width * sizeof *a->b);
    const struct kernels *kernels = kernels_get();
    float roots[EXACT_ROWS];
    for (uint32_t first = 0; first < row.n; first += EXACT_ROWS) {
        const uint32_t n = row.n - first < EXACT_ROWS ? row.n - first : EXACT_ROWS;
        const float *confidences = row.confidences + first;
        for (uint32_t k = 0; k < n; k++)
            roots[k] = sqrtf(weight_of(weights, confidences[k]));
        gather_strips(side, row.columns + first, n, roots, a->panel);
        spd_add_panel(a->matrix, side->width, a->panel, EXACT_ROWS * TILE, n);
        for (uint32_t k = 0; k < n; k++)
            if (confidences[k] < 0)
                roots[k] = 0;
        for (size_t k = 0; k < side->width; k += TILE)
            kernels->combine(a->panel + k * EXACT_ROWS, n, TILE, roots, a->b + k);
    }
}

static bool is_finite(const float *x, size_t d)
{
    for (size_t k = 0; k < d; k++)
        if (!isfinite(x[k]))
            return false;
    return true;
}

static double trace(const float *matrix, size_t d)
{
    double sum = 0;
    for (size_t k = 0; k < d; k++)
        sum += (double)matrix[spd_offset(k / TILE, k / TILE) + k % TILE * (TILE + 1)];
    return sum;
}

/* Float32 holds a system whose condition is below about 1e7: less regularisation than that share of
 * the trace, which no sensible setting asks for, is raised to it, and tenfold until A has a factor.
 * x is 0 if it never has. */
double ials_solve_exact(const struct ials_side *side, const struct ials_weights *weights,
                        struct ials_row row, float *scratch, float *x)
{
    memset(x, 0, side->d * sizeof *x);
    const double at_zero = objective_at_zero(weights, row);
    if (at_zero == 0)
        return 0;
    const struct areas a = areas_of(scratch, side->width);
    for (double least = 1e-7; least < 1; least *= 10) {
        gather_system(side, weights, row, &a);
        const double r = regularisation(side, weights, row.n);
        spd_add_diagonal(a.matrix, 0, side->d, (float)fmax(r, least * trace(a.matrix, side->d)));
        memcpy(a.x, a.b, side->width * sizeof *a.x);
        if (!spd_factor(a.matrix, side->width, a.inverses))
            continue;
        spd_solve(a.matrix, side->width, a.inverses, a.x, a.vectors);
        if (!is_finite(a.x, side->d))
            continue;
        memcpy(x, a.x, side->d * sizeof *x);
        return at_zero - (double)kernels_get()->dot(a.b, a.x, side->d);
    }
    return at_zero;
}

/* ---- conjugate gradients ---- */

struct system {
    const struct ials_side *side;
    const struct ials_weights *weights;
    struct ials_row row;
    struct areas areas;
    float r;
    uint32_t rows;     /* of a panel */
    uint32_t gathered; /* first interaction of the part in the panel; UINT32_MAX: none */
};

/* Puts interactions first .. of the row and their weights into the panel. Returns how many. */
static uint32_t fill_panel(struct system *s, uint32_t first)
{
    const uint32_t left = s->row.n - first, n = left < s->rows ? left : s->rows;
    if (s->gathered != first) {
        gather_rows(s->side, s->row.columns + first, n, s->areas.panel);
        for (uint32_t k = 0; k < n; k++)
            s->areas.weights[k] = weight_of(s->weights, s->row.confidences[first + k]);
        s->gathered = first;
    }
    return n;
}

static void apply_system(void *context, const float *x, float *out)
{
    struct system *s = context;
    const struct kernels *kernels = kernels_get();
    const size_t width = s->side->width;
    for (size_t k = 0; k < width; k++)
        out[k] = s->r * x[k];
    kernels->combine(s->side->square, width, width, x, out); /* it is symmetric */
    for (uint32_t first = 0; first < s->row.n; first += s->rows) {
        const uint32_t n = fill_panel(s, first);
        kernels->normal_product(s->areas.panel, n, width, s->areas.weights, x, out);
    }
}

static void right_side(struct system *s)
{
    const size_t width = s->side->width;
    memset(s->areas.b, 0, width * sizeof *s->areas.b);
    for (uint32_t first = 0; first < s->row.n; first += s->rows) {
        const uint32_t n = fill_panel(s, first);
        for (uint32_t k = 0; k < n; k++)
            if (s->row.confidences[first + k] < 0)
                s->areas.weights[k] = 0;
        kernels_get()->combine(s->areas.panel, n, width, s->areas.weights, s->areas.b);
        for (uint32_t k = 0; k < n; k++)
            s->areas.weights[k] = weight_of(s->weights, s->row.confidences[first + k]);
    }
}

double ials_solve_nearly(const struct ials_side *side, const struct ials_weights *weights,
                         struct ials_row row, unsigned steps, float *scratch, float *x)
{
    const double at_zero = objective_at_zero(weights, row);
    if (at_zero == 0) {
        memset(x, 0, side->d * sizeof *x);
        return 0;
    }
    struct system s = {.side = side,
                       .weights = weights,
                       .row = row,
                       .areas = areas_of(scratch, side->width),
                       .r = (float)regularisation(side, weights, row.n),
                       .rows = (uint32_t)panel_rows(side->width),
                       .gathered = UINT32_MAX};
    right_side(&s);
    memset(s.areas.x, 0, side->width * sizeof *x);
    memcpy(s.areas.x, x, side->d * sizeof *x);
    const double change =
        spd_improve(apply_system, &s, side->width, steps, s.areas.b, s.areas.x, s.areas.vectors);
    if (is_finite(s.areas.x, side->d))
        memcpy(x, s.areas.x, side->d * sizeof *x);
    return at_zero + change;
}
