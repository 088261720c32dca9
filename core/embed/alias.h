#pragma once
/* Draws from a fixed discrete distribution in constant time: the alias method (Walker 1977, tables
 * as Vose 1991). Const once made: any number of threads, each with its own rng. */
#include <stdint.h>

#include "base/rng.h"
#include "base/status.h"

struct alias {
    uint32_t n;
    uint32_t *cuts;   /* [n] below this of 2^32 a draw of column i stays i */
    uint32_t *others; /* [n] what it is otherwise */
};

/* Of weights[n] >= 0, at least one above 0 and their sum finite; what has weight 0 is never drawn.
 * NO_MEMORY. Owned arrays (alias_free). */
enum status alias_new(const double *weights, uint32_t n, struct alias *ret_alias);
void alias_free(struct alias *alias);

static inline uint32_t alias_draw(const struct alias *alias, struct rng *rng)
{
    const uint64_t bits = rng_next(rng);
    const uint32_t column = (uint32_t)((bits >> 32) * alias->n >> 32);
    return (uint32_t)bits < alias->cuts[column] ? column : alias->others[column];
}
