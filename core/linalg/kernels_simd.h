/* The kernels over vectors of WIDTH floats, written once for all x86 sets. The file that includes
 * this (and only once) says with which instructions:
 *
 *     vec, WIDTH            the vector type and its floats
 *     vec_zero() vec_set(x) all 0, all x
 *     vec_load(p) vec_load_part(p, n) vec_store(p, v) vec_store_part(p, v, n)   part: n < WIDTH
 *     vec_fma(a, b, c) vec_fnma(a, b, c)   a b + c and c - a b, rounded once
 *     vec_mul(a, b) vec_add(a, b) vec_sum(v)
 *     vec_sums(a, b, c, d)  the four sums, each in the order of a's, as an __m128
 *     TILE_ROWS             rows of a tile whose sums fit in registers with one row of b
 *     COMBINE_VECS          sums of a combination, enough to hide latency: 4 TILE floats
 *
 * Several independent sums hide the latency of a fused operation, 4 to 5 cycles. */

#ifdef __clang__
#define UNROLLED _Pragma("clang loop unroll(full)")
#else
#define UNROLLED _Pragma("GCC unroll 16")
#endif

static float dot(const float *a, const float *b, size_t d)
{
    vec s0 = vec_zero(), s1 = s0, s2 = s0, s3 = s0;
    size_t k = 0;
    for (; k + 4 * WIDTH <= d; k += 4 * WIDTH) {
        s0 = vec_fma(vec_load(a + k), vec_load(b + k), s0);
        s1 = vec_fma(vec_load(a + k + WIDTH), vec_load(b + k + WIDTH), s1);
        s2 = vec_fma(vec_load(a + k + 2 * WIDTH), vec_load(b + k + 2 * WIDTH), s2);
        s3 = vec_fma(vec_load(a + k + 3 * WIDTH), vec_load(b + k + 3 * WIDTH), s3);
    }
    for (; k + WIDTH <= d; k += WIDTH)
        s0 = vec_fma(vec_load(a + k), vec_load(b + k), s0);
    if (k < d)
        s1 = vec_fma(vec_load_part(a + k, d - k), vec_load_part(b + k, d - k), s1);
    return vec_sum(vec_add(vec_add(s0, s1), vec_add(s2, s3)));
}

static void axpy(float a, const float *x, float *y, size_t d)
{
    const vec av = vec_set(a);
    size_t k = 0;
    for (; k + WIDTH <= d; k += WIDTH)
        vec_store(y + k, vec_fma(av, vec_load(x + k), vec_load(y + k)));
    if (k < d)
        vec_store_part(y + k, vec_fma(av, vec_load_part(x + k, d - k), vec_load_part(y + k, d - k)),
                       d - k);
}

/* Four rows at a time share the loads of the query and the final sums; a row sums in one vector, in
 * the same order wherever it stands. */
static void scan(const float *rows, size_t n, size_t d, const float *query, float *out)
{
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        const float *r0 = rows + i * d, *r1 = r0 + d, *r2 = r1 + d, *r3 = r2 + d;
        vec s0 = vec_zero(), s1 = s0, s2 = s0, s3 = s0;
        size_t k = 0;
        for (; k + WIDTH <= d; k += WIDTH) {
            const vec q = vec_load(query + k);
            s0 = vec_fma(vec_load(r0 + k), q, s0);
            s1 = vec_fma(vec_load(r1 + k), q, s1);
            s2 = vec_fma(vec_load(r2 + k), q, s2);
            s3 = vec_fma(vec_load(r3 + k), q, s3);
        }
        if (k < d) {
            const vec q = vec_load_part(query + k, d - k);
            s0 = vec_fma(vec_load_part(r0 + k, d - k), q, s0);
            s1 = vec_fma(vec_load_part(r1 + k, d - k), q, s1);
            s2 = vec_fma(vec_load_part(r2 + k, d - k), q, s2);
            s3 = vec_fma(vec_load_part(r3 + k, d - k), q, s3);
        }
        _mm_storeu_ps(out + i, vec_sums(s0, s1, s2, s3));
    }
    for (; i < n; i++) {
        const float *row = rows + i * d;
        vec s = vec_zero();
        size_t k = 0;
        for (; k + WIDTH <= d; k += WIDTH)
            s = vec_fma(vec_load(row + k), vec_load(query + k), s);
        if (k < d)
            s = vec_fma(vec_load_part(row + k, d - k), vec_load_part(query + k, d - k), s);
        out[i] = _mm_cvtss_f32(vec_sums(s, s, s, s));
    }
}

/* ---- tiles: TILE_ROWS x TILE sums stay in registers over all n rows ---- */

enum { ROW_VECS = TILE / WIDTH };

static inline void strip_load(vec sums[TILE_ROWS][ROW_VECS], const float *tile)
{
    UNROLLED
    for (size_t i = 0; i < TILE_ROWS; i++) {
        UNROLLED
        for (size_t j = 0; j < ROW_VECS; j++)
            sums[i][j] = vec_load(tile + i * TILE + j * WIDTH);
    }
}

static inline void strip_store(vec sums[TILE_ROWS][ROW_VECS], float *tile)
{
    UNROLLED
    for (size_t i = 0; i < TILE_ROWS; i++) {
        UNROLLED
        for (size_t j = 0; j < ROW_VECS; j++)
            vec_store(tile + i * TILE + j * WIDTH, sums[i][j]);
    }
}

static void strip_add(const float *a, const float *b, size_t n, float *tile)
{
    vec sums[TILE_ROWS][ROW_VECS];
    strip_load(sums, tile);
    for (size_t r = 0; r < n; r++, a += TILE, b += TILE) {
        vec row[ROW_VECS];
        UNROLLED
        for (size_t j = 0; j < ROW_VECS; j++)
            row[j] = vec_load(b + j * WIDTH);
        UNROLLED
        for (size_t i = 0; i < TILE_ROWS; i++) {
            const vec ai = vec_set(a[i]);
            UNROLLED
            for (size_t j = 0; j < ROW_VECS; j++)
                sums[i][j] = vec_fma(ai, row[j], sums[i][j]);
        }
    }
    strip_store(sums, tile);
}

static void strip_subtract(const float *a, const float *b, size_t n, float *tile)
{
    vec sums[TILE_ROWS][ROW_VECS];
    strip_load(sums, tile);
    for (size_t r = 0; r < n; r++, a += TILE, b += TILE) {
        vec row[ROW_VECS];
        UNROLLED
        for (size_t j = 0; j < ROW_VECS; j++)
            row[j] = vec_load(b + j * WIDTH);
        UNROLLED
        for (size_t i = 0; i < TILE_ROWS; i++) {
            const vec ai = vec_set(a[i]);
            UNROLLED
            for (size_t j = 0; j < ROW_VECS; j++)
                sums[i][j] = vec_fnma(ai, row[j], sums[i][j]);
        }
    }
    strip_store(sums, tile);
}

static void tile_product(const float *a, const float *b, size_t n, float sign, float *tile)
{
    for (size_t i = 0; i < TILE; i += TILE_ROWS)
        if (sign > 0)
            strip_add(a + i, b, n, tile + i * TILE);
        else
            strip_subtract(a + i, b, n, tile + i * TILE);
}

/* ---- triangles of one tile ---- */

/* Right-looking: row t is finished, then taken from all rows below, whole: what that leaves below
 * the diagonal is never read. */
static bool tile_factor(float *tile, float *inverses)
{
    for (size_t t = 0; t < TILE; t++) {
        float *row = tile + t * TILE;
        const float pivot = row[t];
        if (!(pivot > 0) || !isfinite(pivot))
            return false;
        inverses[t] = 1 / sqrtf(pivot);
        vec finished[ROW_VECS];
        for (size_t j = 0; j < ROW_VECS; j++) {
            finished[j] = vec_mul(vec_load(row + j * WIDTH), vec_set(inverses[t]));
            vec_store(row + j * WIDTH, finished[j]);
        }
        for (size_t s = t + 1; s < TILE; s++) {
            const vec factor = vec_set(row[s]);
            float *below = tile + s * TILE;
            for (size_t j = 0; j < ROW_VECS; j++)
                vec_store(below + j * WIDTH,
                          vec_fnma(factor, finished[j], vec_load(below + j * WIDTH)));
        }
    }
    return true;
}

/* WIDTH columns at a time, all rows of them in registers. */
static void tile_solve(const float *u, const float *inverses, float *tile)
{
    for (size_t j = 0; j < TILE; j += WIDTH) {
        vec rows[TILE];
        UNROLLED
        for (size_t t = 0; t < TILE; t++)
            rows[t] = vec_load(tile + t * TILE + j);
        UNROLLED
        for (size_t t = 0; t < TILE; t++) {
            rows[t] = vec_mul(rows[t], vec_set(inverses[t]));
            UNROLLED
            for (size_t s = t + 1; s < TILE; s++)
                rows[s] = vec_fnma(vec_set(u[t * TILE + s]), rows[t], rows[s]);
        }
        UNROLLED
        for (size_t t = 0; t < TILE; t++)
            vec_store(tile + t * TILE + j, rows[t]);
    }
}

/* ---- panels ---- */

/* `n_vecs` vectors of columns, whose sums stay in registers over all rows. */
static inline __attribute__((always_inline)) void combine_columns(const float *panel, size_t n,
                                                                  size_t d, const float *weights,
                                                                  float *out, const size_t n_vecs)
{
    vec sums[COMBINE_VECS];
    UNROLLED
    for (size_t j = 0; j < n_vecs; j++)
        sums[j] = vec_load(out + j * WIDTH);
    for (size_t r = 0; r < n; r++, panel += d) {
        const vec w = vec_set(weights[r]);
        UNROLLED
        for (size_t j = 0; j < n_vecs; j++)
            sums[j] = vec_fma(w, vec_load(panel + j * WIDTH), sums[j]);
    }
    UNROLLED
    for (size_t j = 0; j < n_vecs; j++)
        vec_store(out + j * WIDTH, sums[j]);
}

static void combine(const float *panel, size_t n, size_t d, const float *weights, float *out)
{
    size_t k = 0;
    for (; k + COMBINE_VECS * WIDTH <= d; k += COMBINE_VECS * WIDTH)
        combine_columns(panel + k, n, d, weights, out + k, COMBINE_VECS);
    if (k + 2 * TILE <= d) {
        combine_columns(panel + k, n, d, weights, out + k, 2 * ROW_VECS);
        k += 2 * TILE;
    }
    if (k < d)
        combine_columns(panel + k, n, d, weights, out + k, ROW_VECS);
}

/* Some rows at a time, while they are in the first cache: their products with x, then what they
 * add to out. */
static void normal_product(const float *panel, size_t n, size_t d, const float *weights,
                           const float *x, float *out)
{
    enum { ROWS = 16 };
    float products[ROWS];
    for (size_t r = 0; r < n; r += ROWS) {
        const size_t m = n - r < ROWS ? n - r : ROWS;
        scan(panel + r * d, m, d, x, products);
        for (size_t i = 0; i < m; i++)
            products[i] *= weights[r + i];
        combine(panel + r * d, m, d, products, out);
    }
}
