#include "models/rating_means.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Ratings that are added to each mean, all at the value of nothing special. */
static const double damping = 5;

enum { SWEEPS = 10, HEAD = 3 /* mean, low, high stand before the offsets */ };

/* ---- fit ---- */

static void find_scale(const struct csr *ratings, float head[HEAD])
{
    double sum = 0;
    float low = INFINITY, high = -INFINITY;
    const uint64_t n = csr_size(ratings);
    for (uint64_t k = 0; k < n; k++) {
        sum += (double)ratings->values[k];
        low = fminf(low, ratings->values[k]);
        high = fmaxf(high, ratings->values[k]);
    }
    head[0] = n ? (float)(sum / (double)n) : 0;
    head[1] = n ? low : 1;
    head[2] = n ? high : 0;
}

/* Damped mean of what a row's ratings are above the mean and the other side's offsets. */
static void sweep(const struct csr *rows, double mean, const double *others, double *out)
{
    for (uint32_t r = 0; r < rows->n_rows; r++) {
        double sum = 0;
        for (uint64_t k = rows->starts[r]; k < rows->starts[r + 1]; k++)
            sum += (double)rows->values[k] - mean - others[rows->columns[k]];
        out[r] = sum / ((double)(rows->starts[r + 1] - rows->starts[r]) + damping);
    }
}

static struct rating_means means_in(const float *memory, uint32_t n_items)
{
    return (struct rating_means){.n_items = n_items,
                                 .mean = memory[0],
                                 .low = memory[1],
                                 .high = memory[2],
                                 .offsets = memory + HEAD};
}

enum status rating_means_fit(const struct csr *by_user, const struct csr *by_item,
                             struct rating_means *ret_means)
{
    const uint32_t n_users = by_user->n_rows, n_items = by_item->n_rows;
    double *users = calloc((size_t)n_users + 1, sizeof *users);
    double *items = calloc((size_t)n_items + 1, sizeof *items);
    float *memory = calloc((size_t)n_items + HEAD, sizeof *memory);
    const bool has_memory = users && items && memory;
    if (has_memory) {
        find_scale(by_user, memory);
        for (int i = 0; i < SWEEPS; i++) {
            sweep(by_item, (double)memory[0], users, items);
            sweep(by_user, (double)memory[0], items, users);
        }
        for (uint32_t i = 0; i < n_items; i++)
            memory[HEAD + i] = (float)items[i];
        *ret_means = means_in(memory, n_items);
        ret_means->owned = memory;
    } else {
        free(memory);
    }
    free(users);
    free(items);
    return has_memory ? STATUS_OK : STATUS_NO_MEMORY;
}

void rating_means_free(struct rating_means *means)
{
    free(means->owned);
    *means = (struct rating_means){.low = 1};
}

/* ---- use ---- */

bool rating_means_any(const struct rating_means *means)
{
    return means->low <= means->high;
}

float rating_means_item(const struct rating_means *means, uint32_t item)
{
    return item < means->n_items ? means->offsets[item] : 0;
}

float rating_means_user(const struct rating_means *means, const struct rating *ratings, uint32_t n)
{
    double sum = 0;
    uint32_t known = 0;
    for (uint32_t k = 0; k < n; k++) {
        if (ratings[k].item >= means->n_items)
            continue;
        sum += (double)ratings[k].value - (double)means->mean -
               (double)means->offsets[ratings[k].item];
        known++;
    }
    return (float)(sum / (known + damping));
}

float rating_means_clip(const struct rating_means *means, float rating)
{
    return fminf(means->high, fmaxf(means->low, rating));
}

/* ---- files ---- */

void rating_means_save(const struct rating_means *means, const char *section,
                       struct sections_writer *writer)
{
    sections_add(writer, section, SECTION_F32, (uint64_t)means->n_items + HEAD, 1,
                 means->offsets - HEAD);
}

enum status rating_means_load(const struct sections *sections, const char *name, uint32_t n_items,
                              struct rating_means *ret_means, struct error *reterr)
{
    const struct section *section;
    const enum status status =
        sections_need(sections, name, SECTION_F32, (uint64_t)n_items + HEAD, 1, &section, reterr);
    if (status != STATUS_OK)
        return status;
    const float *memory = section->data;
    for (uint64_t i = 0; i < (uint64_t)n_items + HEAD; i++)
        if (!isfinite(memory[i]))
            return error_set(reterr, STATUS_CORRUPT, "the section '%s' holds what is not a number",
                             name);
    *ret_means = means_in(memory, n_items);
    return STATUS_OK;
}
