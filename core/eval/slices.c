#include "eval/slices.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct counted_item {
    uint32_t item, users;
};

static int compare_most_first(const void *a, const void *b)
{
    const struct counted_item *x = a, *y = b;
    if (x->users != y->users)
        return x->users > y->users ? -1 : 1;
    return (x->item > y->item) - (x->item < y->item);
}

/* An item belongs to where the interactions before it, most popular first, end: within the first
 * fifth it is head, from the last fifth on it is tail. */
static enum item_part part_at(uint64_t before, uint64_t total, uint32_t users)
{
    if (users == 0)
        return ITEMS_COLD;
    if (before * 5 < total)
        return ITEMS_HEAD;
    return before * 5 < total * 4 ? ITEMS_MIDDLE : ITEMS_TAIL;
}

enum status item_parts_of(const uint32_t *users_of, uint32_t n_items, unsigned char *ret_parts)
{
    struct counted_item *items = calloc(n_items ? n_items : 1, sizeof *items);
    if (!items)
        return STATUS_NO_MEMORY;
    uint64_t total = 0, before = 0;
    for (uint32_t i = 0; i < n_items; i++) {
        items[i] = (struct counted_item){i, users_of[i]};
        total += users_of[i];
    }
    qsort(items, n_items, sizeof *items, compare_most_first);
    for (uint32_t i = 0; i < n_items; i++) {
        ret_parts[items[i].item] = (unsigned char)part_at(before, total, items[i].users);
        before += items[i].users;
    }
    free(items);
    return STATUS_OK;
}

void part_sums_add(struct part_sums *sums, const unsigned char *parts,
                   const struct recommended *items, const unsigned char *hits, size_t k,
                   const uint32_t *test, size_t n_test)
{
    size_t n_of[ITEM_PARTS] = {0};
    for (size_t i = 0; i < n_test; i++)
        n_of[parts[test[i]]]++;
    unsigned char own[RECOMMEND_N_MAX];
    for (int p = 0; p < ITEM_PARTS; p++) {
        if (n_of[p] == 0)
            continue;
        for (size_t i = 0; i < k; i++)
            own[i] = hits[i] && parts[items[i].item] == p;
        for (int c = 0; c < COMPARED_COUNT; c++)
            sums->sums[p][c] += metrics[compared_metrics[c]].of_list(own, k, n_of[p]);
        sums->n_users[p]++;
    }
}

/* ---- by history length ---- */

static int compare_lengths(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void add_length_slice(struct report *report, uint32_t low, uint32_t high)
{
    struct slice *slice = &report->slices[report->n_slices];
    for (size_t m = 0; m < report->n_models; m++)
        for (int c = 0; c < COMPARED_COUNT; c++) {
            const double *values = report->models[m].per_user[compared_metrics[c]][0];
            double sum = 0;
            slice->n_users = 0;
            for (uint32_t i = 0; i < report->n_users; i++) {
                const uint32_t length = report->history_lengths[i];
                if (length < low || length > high)
                    continue;
                sum += values[i];
                slice->n_users++;
            }
            report->models[m].slices[report->n_slices][c] = sum / slice->n_users;
        }
    snprintf(slice->name, sizeof slice->name, "history %u-%u", low, high);
    report->n_slices++;
}

/* Quarters of the users; those of one length stay together, so that there may be fewer. */
static enum status add_length_slices(struct report *report)
{
    const uint32_t n = report->n_users;
    uint32_t *lengths = malloc(n * sizeof *lengths);
    if (!lengths)
        return STATUS_NO_MEMORY;
    memcpy(lengths, report->history_lengths, n * sizeof *lengths);
    qsort(lengths, n, sizeof *lengths, compare_lengths);
    uint32_t low = 0; /* place of the first user of the quarter */
    for (uint64_t quarter = 1; quarter <= 4 && low < n; quarter++) {
        const uint32_t end = (uint32_t)(quarter * n / 4);
        if (end <= low)
            continue;
        const uint32_t high_length = lengths[end - 1], low_length = lengths[low];
        add_length_slice(report, low_length, high_length);
        while (low < n && lengths[low] <= high_length)
            low++;
    }
    free(lengths);
    return STATUS_OK;
}

/* ---- by popularity ---- */

enum status report_slices(struct report *report, const struct part_sums *sums)
{
    static const char *const names[ITEM_PARTS] = {"items head", "items middle", "items tail",
                                                  "items cold"};
    const enum status status = add_length_slices(report);
    if (status != STATUS_OK)
        return status;
    for (int p = 0; p < ITEM_PARTS; p++) {
        const uint32_t n = sums[0].n_users[p]; /* the same for every model */
        if (n == 0)
            continue;
        struct slice *slice = &report->slices[report->n_slices];
        snprintf(slice->name, sizeof slice->name, "%s", names[p]);
        slice->n_users = n;
        for (size_t m = 0; m < report->n_models; m++)
            for (int c = 0; c < COMPARED_COUNT; c++)
                report->models[m].slices[report->n_slices][c] = sums[m].sums[p][c] / n;
        report->n_slices++;
    }
    return STATUS_OK;
}
