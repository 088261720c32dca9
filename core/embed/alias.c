#include "embed/alias.h"

#include <assert.h>
#include <stdlib.h>

struct filling {
    const double *weights;
    double *shares; /* [n] of a column, 1 on average */
    uint32_t
        *order; /* [n] columns that lack something from the left, that have more from the right */
    uint32_t few, many;
};

/* The first column with a weight: what a rounded rest falls to. */
static uint32_t first_possible(const double *weights)
{
    uint32_t i = 0;
    while (!(weights[i] > 0))
        i++;
    return i;
}

/* A column keeps what it has, and a rich one gives the rest, which may then lack something itself.
 */
static void fill(struct alias *alias, struct filling *f)
{
    while (f->few > 0 && f->many < alias->n) {
        const uint32_t poor = f->order[--f->few], rich = f->order[f->many];
        alias->cuts[poor] = (uint32_t)(f->shares[poor] * 0x1p32);
        alias->others[poor] = rich;
        f->shares[rich] -= 1 - f->shares[poor];
        if (f->shares[rich] < 1) {
            f->many++;
            f->order[f->few++] = rich;
        }
    }
    const uint32_t possible = first_possible(f->weights);
    for (uint32_t i = 0; i < f->few; i++) {
        const uint32_t left = f->order[i]; /* 1 but for rounding */
        alias->others[left] = f->weights[left] > 0 ? left : possible;
    }
    for (uint32_t i = f->many; i < alias->n; i++)
        alias->others[f->order[i]] = f->order[i];
}

enum status alias_new(const double *weights, uint32_t n, struct alias *ret_alias)
{
    double sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += weights[i];
    assert(sum > 0);
    struct alias alias = {
        .n = n, .cuts = calloc(n, sizeof *alias.cuts), .others = calloc(n, sizeof *alias.others)};
    struct filling f = {.weights = weights,
                        .shares = calloc(n, sizeof *f.shares),
                        .order = calloc(n, sizeof *f.order),
                        .many = n};
    const bool enough = alias.cuts && alias.others && f.shares && f.order;
    for (uint32_t i = 0; enough && i < n; i++) {
        f.shares[i] = weights[i] / sum * n;
        if (f.shares[i] < 1)
            f.order[f.few++] = i;
        else
            f.order[--f.many] = i;
    }
    if (enough)
        fill(&alias, &f);
    free(f.shares);
    free(f.order);
    if (!enough) {
        alias_free(&alias);
        return STATUS_NO_MEMORY;
    }
    *ret_alias = alias;
    return STATUS_OK;
}

void alias_free(struct alias *alias)
{
    free(alias->cuts);
    free(alias->others);
    *alias = (struct alias){0};
}
