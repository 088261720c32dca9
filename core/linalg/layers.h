#pragma once
/* Layers of a neural network, forward and backward, over flat float32 arrays.
 *
 * Rows are examples. Widths are multiples of TILE; what lies past a layer's true size is 0 in
 * activations, weights and gradients, and stays 0. Arrays are dense: a row follows the one before
 * at its width. The backward function of a layer takes the gradient of the loss with respect to
 * what the forward one wrote. Nothing takes memory; every function is pure but for its outputs, so
 * blocks of rows may go through at the same time.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- y = x w + b ---- */

/* x[n x x_width], w[in x width], b[width], y[n x width]. */
void dense_forward(const float *x, size_t x_width, const float *w, const float *b, float *y,
                   size_t n, size_t in, size_t width);

/* dx = dy w', or added to dx, for the first `dx_width` inputs, rows x_width apart; transposed is
 * w' [out x x_width] (matrix_transpose). */
void dense_backward_input(const float *dy, size_t width, const float *transposed, float *dx,
                          size_t x_width, size_t n, size_t out, size_t dx_width, bool add);

/* dw[in x width] = x' dy, or added to dw; x may point at some column of its matrix, so that a strip
 * of dw is a call. */
void dense_backward_weights(const float *x, size_t x_width, const float *dy, float *dw, size_t n,
                            size_t in, size_t width, bool add);

/* sums[width] of the rows of x[n x width], or added to them: the gradient of a bias. */
void column_sums(const float *x, float *sums, size_t n, size_t width, bool add);

/* out[columns x out_width] = in[rows x in_width]', both multiples of 4 in rows and columns. */
void matrix_transpose(const float *in, size_t in_width, float *out, size_t out_width, size_t rows,
                      size_t columns);

/* ---- ReLU with dropout, in place ---- */

/* Which units fall out: drop with chance `share`, the rest scaled by 1 / (1 - share). share 0:
 * none. The draw of a row hangs on seed and its number only. */
struct dropout {
    float share;
    uint64_t seed;
};

/* y = keep max(x, 0) / (1 - share); first_row is the number of the first row within the batch. */
void relu_forward(float *x, size_t n, size_t width, struct dropout dropout, size_t first_row);

/* dx from dy in place; y is what the forward function wrote: 0 where nothing goes through. */
void relu_backward(const float *y, float *dy, size_t n, size_t width, float share);

/* ---- layer normalisation (Ba et al. 2016) ---- */

/* In place: x becomes (x - mean) / sqrt(var + 1e-5) over its first `size` columns, kept in
 * normal[n x width] with inverses[n] = 1 / sqrt(var + 1e-5); then gain * normal + shift. */
void layer_norm_forward(float *x, float *normal, float *inverses, const float *gain,
                        const float *shift, size_t n, size_t size, size_t width);

/* dx from dy in place. The gradients of shift and gain are the column sums of dy and of
 * dy * normal, which is written to dgain[n x width]. */
void layer_norm_backward(float *dy, const float *normal, const float *inverses, const float *gain,
                         float *dgain, size_t n, size_t size, size_t width);

/* ---- cross layer of DCN-v2 (Wang et al. 2021, eq. 1): y = x0 * (w x + b) + x ---- */

/* The part past u = w x + b (a dense layer): y = x0 * u + x, size numbers each. */
void cross_forward(const float *x0, const float *u, const float *x, float *y, size_t size);

/* du = dy * x0; dx0 += dy * u. What goes to x directly is dy itself. */
void cross_backward(const float *x0, const float *u, const float *dy, float *du, float *dx0,
                    size_t size);

/* ---- embeddings ---- */

/* out[width] = the mean of n vectors of table[. x width], weighted by |values| and with their sign:
 * sum_i v_i e_i / sum_i |v_i|; 0 without any. Row 0 of the table has the number `first`. Width need
 * not be a multiple of TILE. */
void bag_forward(const float *table, size_t width, uint32_t first, const uint32_t *rows,
                 const float *values, size_t n, float *out);

/* gradients[. x width] of the table: row i gets v_i / sum |v| dy added. */
void bag_backward(const float *dy, size_t width, uint32_t first, const uint32_t *rows,
                  const float *values, size_t n, float *gradients);

/* ---- sigmoid cross-entropy ---- */

/* The loss -y log p - (1 - y) log(1 - p) of p = 1 / (1 + exp(-logit)), y in 0..1, in a form that
 * cannot overflow; *ret_delta = p - y is its derivative. */
double cross_entropy(float logit, float label, float *ret_delta);

float sigmoid(float logit);
