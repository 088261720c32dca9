/* The kernels of learning, written once for all x86 sets, after kernels_simd.h and with the same
 * words; besides
 *
 *     vec_sub(a, b) vec_div(a, b) vec_sqrt(a)
 *     GEMM_ROWS, GEMM_VECS  rows and vectors of c whose sums fit in registers with one row of b
 */

/* Each element of c is one chain of fused operations, p rising: its bits do not depend on which
 * block it falls into. */
static inline __attribute__((always_inline)) void
gemm_block(const struct gemm *g, size_t i, size_t j, bool add, const size_t rows, const size_t vecs)
{
    vec sums[GEMM_ROWS][GEMM_VECS];
    float *c = g->c + i * g->c_row + j;
    UNROLLED
    for (size_t r = 0; r < rows; r++) {
        UNROLLED
        for (size_t v = 0; v < vecs; v++)
            sums[r][v] = add ? vec_load(c + r * g->c_row + v * WIDTH) : vec_zero();
    }
    const float *a = g->a + i * g->a_row, *b = g->b + j;
    const size_t a_row = g->a_row, a_step = g->a_step, b_row = g->b_row;
    for (size_t p = g->k; p > 0; p--, a += a_step, b += b_row) {
        vec row[GEMM_VECS];
        UNROLLED
        for (size_t v = 0; v < vecs; v++)
            row[v] = vec_load(b + v * WIDTH);
        UNROLLED
        for (size_t r = 0; r < rows; r++) {
            const vec ar = vec_set(a[r * a_row]);
            UNROLLED
            for (size_t v = 0; v < vecs; v++)
                sums[r][v] = vec_fma(ar, row[v], sums[r][v]);
        }
    }
    UNROLLED
    for (size_t r = 0; r < rows; r++) {
        UNROLLED
        for (size_t v = 0; v < vecs; v++)
            vec_store(c + r * g->c_row + v * WIDTH, sums[r][v]);
    }
}

/* One panel of columns, all rows: its part of b stays in the first cache. */
static inline __attribute__((always_inline)) void gemm_panel(const struct gemm *g, size_t j,
                                                             bool add, const size_t vecs)
{
    size_t i = 0;
    for (; i + GEMM_ROWS <= g->m; i += GEMM_ROWS)
        gemm_block(g, i, j, add, GEMM_ROWS, vecs);
    if (i + 4 <= g->m) {
        gemm_block(g, i, j, add, 4, vecs);
        i += 4;
    }
    if (i + 2 <= g->m) {
        gemm_block(g, i, j, add, 2, vecs);
        i += 2;
    }
    if (i < g->m)
        gemm_block(g, i, j, add, 1, vecs);
}

/* Panels as wide as they can be, without a narrow one at the end where two middling ones do. */
static void gemm(const struct gemm *g, bool add)
{
    for (size_t j = 0; j < g->n;) {
        const size_t left = (g->n - j) / WIDTH;
        if (left >= GEMM_VECS && left != GEMM_VECS + 1) {
            gemm_panel(g, j, add, GEMM_VECS);
            j += GEMM_VECS * WIDTH;
        } else if (left >= 2) {
            gemm_panel(g, j, add, 2);
            j += 2 * WIDTH;
        } else {
            gemm_panel(g, j, add, 1);
            j += WIDTH;
        }
    }
}

static void adagrad(float *w, float *sums, const float *g, size_t n, float rate, float keep)
{
    const vec rates = vec_set(rate), keeps = vec_set(keep);
    size_t k = 0;
    for (; k + WIDTH <= n; k += WIDTH) {
        const vec gk = vec_load(g + k), sum = vec_fma(gk, gk, vec_load(sums + k));
        vec_store(sums + k, sum);
        const vec step = vec_div(vec_mul(rates, gk), vec_sqrt(sum));
        vec_store(w + k, vec_sub(vec_mul(keeps, vec_load(w + k)), step));
    }
    if (k < n) {
        const vec gk = vec_load_part(g + k, n - k),
                  sum = vec_fma(gk, gk, vec_load_part(sums + k, n - k));
        vec_store_part(sums + k, sum, n - k);
        const vec step = vec_div(vec_mul(rates, gk), vec_sqrt(sum));
        vec_store_part(w + k, vec_sub(vec_mul(keeps, vec_load_part(w + k, n - k)), step), n - k);
    }
}

struct adam_vecs {
    vec w, m, v;
};

static inline struct adam_vecs adam_vecs(struct adam_vecs x, vec g, const struct adam_step *s)
{
    g = vec_fma(vec_set(s->l2), x.w, g);
    x.m = vec_fma(vec_set(1 - s->beta1), vec_sub(g, x.m), x.m);
    x.v = vec_fma(vec_set(1 - s->beta2), vec_sub(vec_mul(g, g), x.v), x.v);
    const vec scale = vec_fma(vec_sqrt(x.v), vec_set(s->v_scale), vec_set(s->epsilon));
    const vec step = vec_div(vec_mul(vec_set(s->rate), x.m), scale);
    x.w = vec_sub(vec_mul(vec_set(s->keep), x.w), step);
    return x;
}

static void adam(float *w, float *m, float *v, const float *g, size_t n, const struct adam_step *s)
{
    size_t k = 0;
    for (; k + WIDTH <= n; k += WIDTH) {
        struct adam_vecs x = {vec_load(w + k), vec_load(m + k), vec_load(v + k)};
        x = adam_vecs(x, vec_load(g + k), s);
        vec_store(w + k, x.w);
        vec_store(m + k, x.m);
        vec_store(v + k, x.v);
    }
    if (k < n) {
        const size_t left = n - k;
        struct adam_vecs x = {vec_load_part(w + k, left), vec_load_part(m + k, left),
                              vec_load_part(v + k, left)};
        x = adam_vecs(x, vec_load_part(g + k, left), s);
        vec_store_part(w + k, x.w, left);
        vec_store_part(m + k, x.m, left);
        vec_store_part(v + k, x.v, left);
    }
}
