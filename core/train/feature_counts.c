#include "train/feature_counts.h"

#include <stdlib.h>

#include "linalg/auc.h"
#include "models/predictor.h"

enum { CHUNK = 1024 };

struct counting {
    const struct examples *examples;
    const struct field *field;
    struct example_batch batch;
    struct value_counts *counts; /* by feature of the field, or by group */
    float *numbers;              /* [n] of a dense field */
    float *labels;               /* [n] likewise, and weights behind them */
};

static void count_label(struct value_counts *counts, double weight, double label)
{
    counts->positive += weight * label;
    counts->negative += weight * (1 - label);
}

/* Entries of the field in example i of the batch: *ret_n from the one returned on. */
static uint32_t find_entries(const struct counting *c, uint32_t i, uint32_t *ret_n)
{
    const struct example_batch *batch = &c->batch;
    uint32_t at = batch->starts[i];
    while (at < batch->starts[i + 1] && batch->features[at] < c->field->first)
        at++;
    uint32_t end = at;
    while (end < batch->starts[i + 1] && batch->features[end] < c->field->first + c->field->size)
        end++;
    *ret_n = end - at;
    return at;
}

static void take_categories(struct counting *c, uint32_t first)
{
    (void)first;
    for (uint32_t i = 0; i < c->batch.n; i++) {
        uint32_t n;
        const uint32_t at = find_entries(c, i, &n);
        const double share = n ? (double)c->batch.weights[i] / n : 0;
        for (uint32_t k = 0; k < n; k++)
            count_label(&c->counts[c->batch.features[at + k] - c->field->first], share,
                        (double)c->batch.labels[i]);
    }
}

static void take_numbers(struct counting *c, uint32_t first)
{
    for (uint32_t i = 0; i < c->batch.n; i++) {
        uint32_t n;
        const uint32_t at = find_entries(c, i, &n);
        float sum = 0;
        for (uint32_t k = 0; k < n; k++)
            sum += c->batch.values[at + k];
        c->numbers[first + i] = sum;
        c->labels[first + i] = c->batch.labels[i];
        c->labels[(size_t)c->examples->n + first + i] = c->batch.weights[i];
    }
}

static void fetch_all(struct counting *c, void (*take)(struct counting *, uint32_t))
{
    uint32_t rows[CHUNK];
    for (uint32_t first = 0, n; first < c->examples->n; first += n) {
        n = c->examples->n - first < CHUNK ? c->examples->n - first : CHUNK;
        for (uint32_t i = 0; i < n; i++)
            rows[i] = first + i;
        c->examples->fetch(c->examples->context, rows, n, &c->batch);
        take(c, first);
    }
}

/* Equal numbers stay together, in the group where the middle of their run lies. */
static void count_groups(struct counting *c, const uint32_t *order)
{
    const uint32_t n = c->examples->n;
    for (uint32_t at = 0, end; at < n; at = end) {
        for (end = at + 1; end < n && c->numbers[order[end]] == c->numbers[order[at]];)
            end++;
        const uint64_t middle = ((uint64_t)at + end) / 2;
        struct value_counts *group = &c->counts[middle * FEATURE_COUNT_GROUPS / n];
        for (uint32_t i = at; i < end; i++)
            count_label(group, (double)c->labels[(size_t)n + order[i]],
                        (double)c->labels[order[i]]);
    }
}

static enum status count_numbers(struct counting *c)
{
    const uint32_t n = c->examples->n;
    uint32_t *order = malloc(sizeof *order * ((size_t)n + 1));
    void *scratch = malloc(scores_order_scratch((size_t)n + 1));
    c->numbers = malloc(sizeof *c->numbers * ((size_t)n + 1));
    c->labels = malloc(2 * sizeof *c->labels * ((size_t)n + 1));
    const bool ok = order && scratch && c->numbers && c->labels;
    if (ok) {
        fetch_all(c, take_numbers);
        scores_order(c->numbers, n, order, scratch);
        count_groups(c, order);
    }
    free(order);
    free(scratch);
    free(c->numbers);
    free(c->labels);
    return ok ? STATUS_OK : STATUS_NO_MEMORY;
}

enum status feature_count(const struct examples *examples, const struct field *field, bool numbers,
                          struct association *ret_association)
{
    struct arena arena = {0};
    struct counting c = {.examples = examples, .field = field};
    const uint32_t n = numbers ? FEATURE_COUNT_GROUPS : field->size;
    enum status status = example_batch_init(examples, CHUNK, &arena, &c.batch);
    c.counts = calloc(n, sizeof *c.counts);
    if (status == STATUS_OK && !c.counts)
        status = STATUS_NO_MEMORY;
    if (status == STATUS_OK && numbers)
        status = count_numbers(&c);
    else if (status == STATUS_OK)
        fetch_all(&c, take_categories);
    if (status == STATUS_OK)
        *ret_association = association_of(c.counts, n);
    free(c.counts);
    arena_free(&arena);
    return status;
}
