#include "eval/test_set.h"

#include <stdlib.h>

#include "data/signal.h"
#include "eval/dataset_view.h"

void test_set_free(struct test_set *test)
{
    csr_free(&test->items);
    *test = (struct test_set){0};
}

/* Ends row `user` of the matrix after `size` entries in all. */
static void end_row(struct test_set *test, uint32_t user, uint64_t size)
{
    test->items.starts[user + 1] = size;
    test->n_users += size > test->items.starts[user];
}

struct rows {
    struct touch *all, *train; /* room for the user with most events */
    struct signal *signals;
};

static bool rows_alloc(struct rows *rows, const struct dataset *dataset)
{
    uint64_t most = 1;
    for (uint32_t u = 0; u < dataset->n_users; u++)
        if (dataset->starts[u + 1] - dataset->starts[u] > most)
            most = dataset->starts[u + 1] - dataset->starts[u];
    rows->all = calloc(most, sizeof *rows->all);
    rows->train = calloc(most, sizeof *rows->train);
    rows->signals = calloc(most, sizeof *rows->signals);
    return rows->all && rows->train && rows->signals;
}

static void rows_free(struct rows *rows)
{
    free(rows->all);
    free(rows->train);
    free(rows->signals);
}

/* Appends the user's test items at `size` and returns the new size. */
static uint64_t add_user(struct csr *items, uint64_t size, const struct dataset *dataset,
                         const struct bitmap *held, uint32_t user, const struct rows *rows)
{
    const size_t n_train = dataset_touches(dataset, user, held, rows->train);
    const size_t n_all = dataset_touches(dataset, user, NULL, rows->all);
    const size_t n =
        signals_of_touches(rows->all, n_all, &dataset->types, &dataset->frame, rows->signals);
    for (size_t i = 0, t = 0; i < n; i++) {
        const struct signal *signal = &rows->signals[i];
        while (t < n_train && rows->train[t].item < signal->item)
            t++;
        const bool trained = t < n_train && rows->train[t].item == signal->item;
        if (trained || signal->confidence <= 0 || !dataset_has_item(dataset, signal->item))
            continue;
        items->columns[size] = signal->item;
        items->values[size++] = signal->confidence;
    }
    return size;
}

enum status test_set_of_split(const struct dataset *dataset, const struct bitmap *held,
                              struct test_set *ret_test)
{
    struct test_set test = {0};
    struct rows rows = {0};
    enum status status =
        csr_alloc(dataset->n_users, dataset->n_items, bitmap_population(held), &test.items);
    if (status == STATUS_OK && !rows_alloc(&rows, dataset))
        status = STATUS_NO_MEMORY;
    uint64_t size = 0;
    for (uint32_t u = 0; status == STATUS_OK && u < dataset->n_users; u++) {
        if (bitmap_next(held, (uint32_t)dataset->starts[u]) < dataset->starts[u + 1])
            size = add_user(&test.items, size, dataset, held, u, &rows);
        end_row(&test, u, size);
    }
    rows_free(&rows);
    if (status == STATUS_OK)
        *ret_test = test;
    else
        test_set_free(&test);
    return status;
}

static bool touched(const struct touch *touches, uint64_t from, uint64_t to, uint32_t item)
{
    while (from < to) {
        const uint64_t middle = from + (to - from) / 2;
        if (touches[middle].item == item)
            return touches[middle].type != 0;
        if (touches[middle].item < item)
            from = middle + 1;
        else
            to = middle;
    }
    return false;
}

enum status test_set_divide(const struct test_set *test, uint32_t n_users, const uint64_t *starts,
                            const struct touch *touches, struct test_set *ret_new,
                            struct test_set *ret_known)
{
    const struct csr *m = &test->items;
    struct test_set parts[2] = {0};
    for (int p = 0; p < 2; p++)
        if (csr_alloc(m->n_rows, m->n_columns, csr_size(m), &parts[p].items) != STATUS_OK) {
            test_set_free(&parts[0]);
            test_set_free(&parts[1]);
            return STATUS_NO_MEMORY;
        }
    uint64_t sizes[2] = {0, 0};
    for (uint32_t u = 0; u < m->n_rows; u++) {
        for (uint64_t i = m->starts[u]; i < m->starts[u + 1]; i++) {
            const bool known =
                u < n_users && touched(touches, starts[u], starts[u + 1], m->columns[i]);
            parts[known].items.columns[sizes[known]] = m->columns[i];
            parts[known].items.values[sizes[known]++] = m->values[i];
        }
        end_row(&parts[0], u, sizes[0]);
        end_row(&parts[1], u, sizes[1]);
    }
    *ret_new = parts[0];
    *ret_known = parts[1];
    return STATUS_OK;
}
