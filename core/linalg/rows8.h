#pragma once
/* A matrix of float32 rows again in 8 bits, to find out fast which rows cannot be among the best.
 *
 * Row x is kept as s q, with q whole numbers from -127 to 127 and s = max|x| / 127; a query y is
 * taken as t p in the same way. Then, by Cauchy and Schwarz,
 *
 *     |<x, y> - s t <q, p>|  <=  |x - s q| |y|  +  |s q| |y - t p|
 *
 * where <q, p> is exact in integers and the lengths |x - s q| and |s q| are known when the copy is
 * made. To these bounds comes what float arithmetic may lose, so that they hold for the score that
 * the kernel `scan` computes. A row whose upper bound lies below the lower bounds of k others is
 * not among the k best: what is left, a few more than k, is scored in full. The answer is therefore
 * the same as without the copy, to the bit; only a quarter of the memory is read for it.
 *
 * Const once made: any number of threads. About d + 12 bytes a row.
 */
#include "base/arena.h"
#include "base/bitmap.h"

struct rows8;

enum { ROWS8_D_MAX = 8192 };

/* Of rows[n x d], which are not looked at again. UNSUPPORTED for d = 0 and d > ROWS8_D_MAX, for
 * numbers that are not finite, and for a row whose largest number is beyond 1e15 or below 1e-15
 * (but 0 is fine): bounds hold no longer where floats over- or underflow; NO_MEMORY. */
enum status rows8_new(const float *rows, uint32_t n, uint32_t d, struct rows8 **ret_rows);
void rows8_free(struct rows8 *rows);
uint64_t rows8_bytes(const struct rows8 *rows);

/* Rows among which are the k best of `allowed` for the query[d], ties broken in any way, in rising
 * order: *ret_items[*ret_n] from the arena. All allowed rows for a query with such numbers.
 * NO_MEMORY. */
enum status rows8_candidates(const struct rows8 *rows, const float *query,
                             const struct bitmap *allowed, size_t k, struct arena *arena,
                             uint32_t **ret_items, size_t *ret_n);
