#include "linalg/layers.h"

#include <math.h>
#include <string.h>

#include "linalg/kernels.h"

/* ---- dense ---- */

void dense_forward(const float *x, size_t x_width, const float *w, const float *b, float *y,
                   size_t n, size_t in, size_t width)
{
    for (size_t r = 0; r < n; r++)
        memcpy(y + r * width, b, width * sizeof *y);
    const struct gemm g = {.a = x,
                           .a_row = x_width,
                           .a_step = 1,
                           .b = w,
                           .b_row = width,
                           .c = y,
                           .c_row = width,
                           .m = n,
                           .n = width,
                           .k = in};
    kernels_get()->gemm(&g, true);
}

void dense_backward_input(const float *dy, size_t width, const float *transposed, float *dx,
                          size_t x_width, size_t n, size_t out, size_t dx_width, bool add)
{
    const struct gemm g = {.a = dy,
                           .a_row = width,
                           .a_step = 1,
                           .b = transposed,
                           .b_row = x_width,
                           .c = dx,
                           .c_row = x_width,
                           .m = n,
                           .n = dx_width,
                           .k = out};
    kernels_get()->gemm(&g, add);
}

void dense_backward_weights(const float *x, size_t x_width, const float *dy, float *dw, size_t n,
                            size_t in, size_t width, bool add)
{
    const struct gemm g = {.a = x,
                           .a_row = 1,
                           .a_step = x_width,
                           .b = dy,
                           .b_row = width,
                           .c = dw,
                           .c_row = width,
                           .m = in,
                           .n = width,
                           .k = n};
    kernels_get()->gemm(&g, add);
}

void column_sums(const float *x, float *sums, size_t n, size_t width, bool add)
{
    const float one = 1;
    const struct gemm g = {
        .a = &one, .b = x, .b_row = width, .c = sums, .c_row = width, .m = 1, .n = width, .k = n};
    kernels_get()->gemm(&g, add);
}

typedef float four __attribute__((vector_size(16)));
typedef int four_places __attribute__((vector_size(16)));

#ifdef __clang__
#define SHUFFLE(a, b, i, j, k, l) __builtin_shufflevector(a, b, i, j, k, l)
#else
#define SHUFFLE(a, b, i, j, k, l) __builtin_shuffle(a, b, (four_places){i, j, k, l})
#endif

static four load_four(const float *p)
{
    four v;
    memcpy(&v, p, sizeof v);
    return v;
}

static void transpose_four(const float *in, size_t in_width, float *out, size_t out_width)
{
    const four a = load_four(in), b = load_four(in + in_width), c = load_four(in + 2 * in_width),
               d = load_four(in + 3 * in_width);
    const four ab = SHUFFLE(a, b, 0, 4, 1, 5), cd = SHUFFLE(c, d, 0, 4, 1, 5);
    const four ab_high = SHUFFLE(a, b, 2, 6, 3, 7), cd_high = SHUFFLE(c, d, 2, 6, 3, 7);
    const four rows[] = {SHUFFLE(ab, cd, 0, 1, 4, 5), SHUFFLE(ab, cd, 2, 3, 6, 7),
                         SHUFFLE(ab_high, cd_high, 0, 1, 4, 5),
                         SHUFFLE(ab_high, cd_high, 2, 3, 6, 7)};
    for (size_t i = 0; i < 4; i++)
        memcpy(out + i * out_width, &rows[i], sizeof rows[i]);
}

void matrix_transpose(const float *in, size_t in_width, float *out, size_t out_width, size_t rows,
                      size_t columns)
{
    for (size_t j = 0; j < columns; j += 4)
        for (size_t i = 0; i < rows; i += 4)
            transpose_four(in + i * in_width + j, in_width, out + j * out_width + i, out_width);
}

/* ---- ReLU with dropout ---- */

/* splitmix64's finaliser. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

/* Four draws of 16 bits from each mixed number. */
static void drop_row(float *x, size_t width, struct dropout dropout, size_t row)
{
    const uint64_t bound = (uint64_t)((double)dropout.share * 65536);
    const float scale = 1 / (1 - dropout.share);
    uint64_t state = mix(dropout.seed + (row + 1) * UINT64_C(0x9e3779b97f4a7c15));
    for (size_t k = 0; k < width; k += 4) {
        const uint64_t draw = mix(state += UINT64_C(0x9e3779b97f4a7c15));
        for (size_t i = 0; i < 4; i++)
            x[k + i] = (draw >> (16 * i) & 0xffff) < bound ? 0 : x[k + i] * scale;
    }
}

void relu_forward(float *x, size_t n, size_t width, struct dropout dropout, size_t first_row)
{
    for (size_t i = 0; i < n * width; i++)
        x[i] = x[i] > 0 ? x[i] : 0;
    for (size_t r = 0; r < n && dropout.share > 0; r++)
        drop_row(x + r * width, width, dropout, first_row + r);
}

void relu_backward(const float *y, float *dy, size_t n, size_t width, float share)
{
    const float scale = 1 / (1 - share);
    for (size_t i = 0; i < n * width; i++)
        dy[i] = y[i] > 0 ? dy[i] * scale : 0;
}

/* ---- layer normalisation ---- */

static const float norm_epsilon = 1e-5f;

void layer_norm_forward(float *x, float *normal, float *inverses, const float *gain,
                        const float *shift, size_t n, size_t size, size_t width)
{
    for (size_t r = 0; r < n; r++, x += width, normal += width) {
        float sum = 0, squares = 0;
        for (size_t k = 0; k < size; k++)
            sum += x[k];
        const float mean = sum / (float)size;
        for (size_t k = 0; k < size; k++)
            squares += (x[k] - mean) * (x[k] - mean);
        inverses[r] = 1 / sqrtf(squares / (float)size + norm_epsilon);
        for (size_t k = 0; k < size; k++) {
            normal[k] = (x[k] - mean) * inverses[r];
            x[k] = gain[k] * normal[k] + shift[k];
        }
        for (size_t k = size; k < width; k++)
            normal[k] = 0;
    }
}

/* With h = gain * dy and means over the row: dx = (h - mean(h) - normal mean(h normal)) / sd. */
void layer_norm_backward(float *dy, const float *normal, const float *inverses, const float *gain,
                         float *dgain, size_t n, size_t size, size_t width)
{
    for (size_t r = 0; r < n; r++, dy += width, normal += width, dgain += width) {
        float sum = 0, product = 0;
        for (size_t k = 0; k < size; k++) {
            dgain[k] = dy[k] * normal[k];
            sum += gain[k] * dy[k];
            product += gain[k] * dgain[k];
        }
        const float mean = sum / (float)size, along = product / (float)size;
        for (size_t k = 0; k < size; k++)
            dy[k] = inverses[r] * (gain[k] * dy[k] - mean - normal[k] * along);
        for (size_t k = size; k < width; k++)
            dgain[k] = 0;
    }
}

/* ---- cross layer ---- */

void cross_forward(const float *x0, const float *u, const float *x, float *y, size_t size)
{
    for (size_t i = 0; i < size; i++)
        y[i] = x0[i] * u[i] + x[i];
}

void cross_backward(const float *x0, const float *u, const float *dy, float *du, float *dx0,
                    size_t size)
{
    for (size_t i = 0; i < size; i++) {
        du[i] = dy[i] * x0[i];
        dx0[i] += dy[i] * u[i];
    }
}

/* ---- embeddings ---- */

enum { BAG_COLUMNS = 8 };

static float bag_scale(const float *values, size_t n)
{
    float sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += fabsf(values[i]);
    return sum > 0 ? 1 / sum : 0;
}

/* The same columns of all n vectors, whose sum stays in registers. */
static inline void bag_columns(const float *table, size_t width, uint32_t first,
                               const uint32_t *rows, const float *values, size_t n, float scale,
                               float *out, size_t columns)
{
    float sums[BAG_COLUMNS] = {0};
    for (size_t i = 0; i < n; i++) {
        const float *vector = table + (size_t)(rows[i] - first) * width, share = values[i] * scale;
        for (size_t k = 0; k < columns; k++)
            sums[k] += share * vector[k];
    }
    for (size_t k = 0; k < columns; k++)
        out[k] = sums[k];
}

void bag_forward(const float *table, size_t width, uint32_t first, const uint32_t *rows,
                 const float *values, size_t n, float *out)
{
    const float scale = bag_scale(values, n);
    size_t k = 0;
    for (; k + BAG_COLUMNS <= width; k += BAG_COLUMNS)
        bag_columns(table + k, width, first, rows, values, n, scale, out + k, BAG_COLUMNS);
    if (k < width)
        bag_columns(table + k, width, first, rows, values, n, scale, out + k, width - k);
}

void bag_backward(const float *dy, size_t width, uint32_t first, const uint32_t *rows,
                  const float *values, size_t n, float *gradients)
{
    const float scale = bag_scale(values, n);
    for (size_t i = 0; i < n; i++) {
        float *gradient = gradients + (size_t)(rows[i] - first) * width;
        const float share = values[i] * scale;
        for (size_t k = 0; k < width; k++)
            gradient[k] += share * dy[k];
    }
}

/* ---- loss ---- */

float sigmoid(float logit)
{
    const float e = expf(-fabsf(logit));
    return (logit >= 0 ? 1 : e) / (1 + e);
}

/* max(s, 0) - s y + log(1 + exp(-|s|)) */
double cross_entropy(float logit, float label, float *ret_delta)
{
    const double s = (double)logit, e = exp(-fabs(s));
    *ret_delta = (float)((s >= 0 ? 1 : e) / (1 + e) - (double)label);
    return (s > 0 ? s : 0) - s * (double)label + log1p(e);
}
