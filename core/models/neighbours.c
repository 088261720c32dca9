#include "models/neighbours.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- lists ---- */

enum status neighbour_lists_alloc(uint32_t n_items, uint32_t k, struct neighbour_lists *ret_lists)
{
    const uint32_t room = k < n_items ? k : n_items;
    struct neighbour_lists lists = {.n_items = n_items, .k = room};
    lists.entries = malloc(((size_t)n_items * room + 1) * sizeof *lists.entries);
    lists.lengths = calloc((size_t)n_items + 1, sizeof *lists.lengths);
    if (!lists.entries || !lists.lengths) {
        neighbour_lists_free(&lists);
        return STATUS_NO_MEMORY;
    }
    *ret_lists = lists;
    return STATUS_OK;
}

void neighbour_lists_free(struct neighbour_lists *lists)
{
    free(lists->entries);
    free(lists->lengths);
    *lists = (struct neighbour_lists){0};
}

void neighbour_lists_put(struct neighbour_lists *lists, uint32_t item, const uint32_t *others,
                         float *weights, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (others[i] == item)
            weights[i] = -1;
    struct ranked *list = lists->entries + (size_t)item * lists->k;
    size_t length = topk_of_list(others, weights, n, lists->k, list);
    if (length > 0 && !(list[length - 1].score > 0))
        length--;
    lists->lengths[item] = (uint32_t)length;
}

/* ---- life cycle ---- */

static struct neighbours *model_new(const struct model_class *class, enum neighbours_kind kind,
                                    uint32_t n_users, uint32_t n_items)
{
    struct neighbours *model = calloc(1, sizeof *model);
    if (!model)
        return NULL;
    model->base = (struct model){.class = class, .n_users = n_users, .n_items = n_items};
    model->kind = kind;
    return model;
}

void neighbours_free(struct model *model)
{
    struct neighbours *neighbours = (struct neighbours *)model;
    if (!neighbours)
        return;
    csr_free(&neighbours->owned);
    free(neighbours->owned_scales);
    free(neighbours);
}

static uint64_t lists_size(const struct neighbour_lists *lists, uint32_t *ret_filled)
{
    uint64_t size = 0;
    *ret_filled = 0;
    for (uint32_t j = 0; j < lists->n_items; j++) {
        size += lists->lengths[j];
        *ret_filled += lists->lengths[j] > 0;
    }
    return size;
}

/* The items that each item is listed by: counts, then where the next goes, as in csr_transpose.
 * Lists come in order, so that those of a row rise. */
static void invert_lists(const struct neighbour_lists *lists, struct csr *rows)
{
    for (uint32_t j = 0; j < lists->n_items; j++)
        for (uint32_t e = 0; e < lists->lengths[j]; e++) {
            const uint32_t row = lists->entries[(size_t)j * lists->k + e].item;
            if (row + 1 < rows->n_rows)
                rows->starts[row + 2]++;
        }
    for (uint32_t i = 2; i <= rows->n_rows; i++)
        rows->starts[i] += rows->starts[i - 1];
    for (uint32_t j = 0; j < lists->n_items; j++)
        for (uint32_t e = 0; e < lists->lengths[j]; e++) {
            const struct ranked entry = lists->entries[(size_t)j * lists->k + e];
            const uint64_t place = rows->starts[entry.item + 1]++;
            rows->columns[place] = j;
            rows->values[place] = entry.score;
        }
}

static enum status collect(const struct neighbour_lists *lists, uint64_t size, struct csr *ret_rows)
{
    struct csr rows;
    enum status status = csr_alloc(lists->n_items, lists->n_items, size, &rows);
    if (status != STATUS_OK)
        return status;
    invert_lists(lists, &rows);
    if (!lists->of_rows) {
        *ret_rows = rows;
        return STATUS_OK;
    }
    status = csr_transpose(&rows, ret_rows);
    csr_free(&rows);
    return status;
}

enum status neighbours_new(const struct model_class *class, enum neighbours_kind kind,
                           uint32_t n_users, const struct neighbour_lists *lists, float *scales,
                           const struct observer *observer, struct model **ret_model)
{
    uint32_t filled;
    const uint64_t size = lists_size(lists, &filled);
    struct neighbours *model = model_new(class, kind, n_users, lists->n_items);
    if (!model || collect(lists, size, &model->owned) != STATUS_OK) {
        neighbours_free((struct model *)model);
        return STATUS_NO_MEMORY;
    }
    model->starts = model->owned.starts;
    model->targets = model->owned.columns;
    model->weights = model->owned.values;
    model->scales = model->owned_scales = scales;
    observe_scalar(observer, "fit/neighbours", 1, filled ? (double)size / filled : 0);
    *ret_model = &model->base;
    return STATUS_OK;
}

uint64_t neighbours_estimate(uint32_t n_items, uint64_t k)
{
    const uint64_t size = (uint64_t)n_items * (k < n_items ? k : n_items);
    const uint64_t entry = sizeof(uint32_t) + sizeof(float);
    return size * (sizeof(struct ranked) + entry) +
           (uint64_t)n_items * (sizeof(uint32_t) + sizeof(uint64_t));
}

/* ---- use ---- */

/* Memory is asked for this many entries before it is read: a page's end stops what the processor
 * asks for by itself. */
enum { ENTRIES_AHEAD = 256, ENTRIES_A_LINE = 16 };

static void add_row(const struct neighbours *model, uint32_t item, float *totals)
{
    const uint32_t *targets = model->targets;
    const float *weights = model->weights;
    uint64_t k = model->starts[item];
    const uint64_t end = model->starts[item + 1];
    for (; k + ENTRIES_A_LINE <= end; k += ENTRIES_A_LINE) {
        __builtin_prefetch(targets + k + ENTRIES_AHEAD);
        __builtin_prefetch(weights + k + ENTRIES_AHEAD);
        for (uint64_t i = k; i < k + ENTRIES_A_LINE; i++)
            totals[targets[i]] += weights[i];
    }
    for (; k < end; k++)
        totals[targets[k]] += weights[k];
}

/* totals[n_items] of one history. */
static void score_history(const struct neighbours *model, const struct query *query, float *totals)
{
    memset(totals, 0, model->base.n_items * sizeof *totals);
    for (uint32_t h = 0; h < query->n; h++) {
        const struct signal signal = query->history[h];
        if (signal.item >= model->base.n_items || !(signal.confidence > 0))
            continue;
        add_row(model, signal.item, totals);
    }
}

enum status neighbours_score(const struct model *model, const struct query *queries,
                             size_t n_queries, const uint32_t *items, size_t n_items, float *out,
                             struct arena *scratch)
{
    const struct neighbours *neighbours = (const struct neighbours *)model;
    float *totals = arena_alloc(scratch, model->n_items * sizeof *totals);
    if (!totals)
        return STATUS_NO_MEMORY;
    for (size_t q = 0; q < n_queries; q++) {
        score_history(neighbours, &queries[q], totals);
        for (size_t i = 0; i < n_items; i++) {
            const size_t item = items ? items[i] : i;
            out[q * n_items + i] = item < model->n_items ? totals[item] : -INFINITY;
        }
    }
    return STATUS_OK;
}

/* The weight of column `item` in row `row`; 0 when it is not kept. */
static float find_weight(const struct neighbours *model, uint32_t row, uint32_t item)
{
    uint64_t low = model->starts[row], high = model->starts[row + 1];
    const uint64_t end = high;
    while (low < high) {
        const uint64_t middle = low + (high - low) / 2;
        if (model->targets[middle] < item)
            low = middle + 1;
        else
            high = middle;
    }
    return low < end && model->targets[low] == item ? model->weights[low] : 0;
}

enum status neighbours_similar(const struct model *model, uint32_t item, float *out,
                               struct arena *scratch)
{
    (void)scratch;
    const struct neighbours *neighbours = (const struct neighbours *)model;
    const float *scales = neighbours->scales;
    for (uint32_t i = 0; i < model->n_items; i++)
        out[i] = -INFINITY;
    if (item >= model->n_items)
        return STATUS_OK;
    for (uint32_t i = 0; neighbours->kind != NEIGHBOURS_DIRECTED && i < model->n_items; i++) {
        const float weight = find_weight(neighbours, i, item);
        if (weight > 0)
            out[i] = weight * (scales ? scales[item] / scales[i] : 1);
    }
    for (uint64_t k = neighbours->starts[item]; k < neighbours->starts[item + 1]; k++) {
        const uint32_t target = neighbours->targets[k];
        if (neighbours->weights[k] > 0)
            out[target] = neighbours->weights[k] * (scales ? scales[target] / scales[item] : 1);
    }
    return STATUS_OK;
}

/* ---- files ---- */

static const char *section_name(const struct model_class *class, const char *part,
                                char name[SECTION_NAME_MAX + 1])
{
    snprintf(name, SECTION_NAME_MAX + 1, "%s/%s", class->name, part);
    return name;
}

void neighbours_save(const struct model *model, struct sections_writer *writer)
{
    const struct neighbours *n = (const struct neighbours *)model;
    const uint32_t shape[] = {model->n_users, model->n_items};
    const uint64_t size = n->starts[model->n_items];
    char name[SECTION_NAME_MAX + 1];
    sections_add(writer, section_name(model->class, "shape", name), SECTION_U32, 2, 1, shape);
    sections_add(writer, section_name(model->class, "starts", name), SECTION_U64,
                 (uint64_t)model->n_items + 1, 1, n->starts);
    sections_add(writer, section_name(model->class, "targets", name), SECTION_U32, size, 1,
                 n->targets);
    sections_add(writer, section_name(model->class, "weights", name), SECTION_F32, size, 1,
                 n->weights);
    if (n->scales)
        sections_add(writer, section_name(model->class, "scales", name), SECTION_F32,
                     model->n_items, 1, n->scales);
}

struct parts {
    const struct section *shape, *starts, *targets, *weights, *scales;
};

static enum status need(const struct sections *sections, const struct model_class *class,
                        const char *part, enum section_type type, uint64_t rows,
                        const struct section **ret_section, struct error *reterr)
{
    char name[SECTION_NAME_MAX + 1];
    return sections_need(sections, section_name(class, part, name), type, rows, 1, ret_section,
                         reterr);
}

/* What scoring walks without looking: starts that rise, targets that rise below n_items. */
static bool is_sound(const uint64_t *starts, const uint32_t *targets, uint32_t n_items)
{
    for (uint32_t i = 0; i < n_items; i++)
        for (uint64_t k = starts[i]; k < starts[i + 1]; k++)
            if (targets[k] >= n_items || (k > starts[i] && targets[k] <= targets[k - 1]))
                return false;
    return true;
}

static bool rises(const uint64_t *starts, uint32_t n_items)
{
    for (uint32_t i = 0; i < n_items; i++)
        if (starts[i] > starts[i + 1])
            return false;
    return starts[0] == 0;
}

static enum status find_parts(const struct sections *sections, const struct model_class *class,
                              enum neighbours_kind kind, struct parts *p, struct error *reterr)
{
    enum status status = need(sections, class, "shape", SECTION_U32, 2, &p->shape, reterr);
    if (status != STATUS_OK)
        return status;
    const uint32_t n_items = ((const uint32_t *)p->shape->data)[1];
    status =
        need(sections, class, "starts", SECTION_U64, (uint64_t)n_items + 1, &p->starts, reterr);
    if (status != STATUS_OK)
        return status;
    const uint64_t *starts = p->starts->data;
    if (!rises(starts, n_items))
        return error_set(reterr, STATUS_CORRUPT, "section %s/starts does not rise", class->name);
    status = need(sections, class, "targets", SECTION_U32, starts[n_items], &p->targets, reterr);
    if (status == STATUS_OK)
        status =
            need(sections, class, "weights", SECTION_F32, starts[n_items], &p->weights, reterr);
    if (status == STATUS_OK && kind == NEIGHBOURS_SCALED)
        status = need(sections, class, "scales", SECTION_F32, n_items, &p->scales, reterr);
    if (status == STATUS_OK && !is_sound(starts, p->targets->data, n_items))
        return error_set(reterr, STATUS_CORRUPT, "section %s/targets names items out of order",
                         class->name);
    return status;
}

enum status neighbours_load(const struct model_class *class, enum neighbours_kind kind,
                            const struct sections *sections, struct model **ret_model,
                            struct error *reterr)
{
    struct parts p = {0};
    const enum status status = find_parts(sections, class, kind, &p, reterr);
    if (status != STATUS_OK)
        return status;
    const uint32_t *shape = p.shape->data;
    struct neighbours *model = model_new(class, kind, shape[0], shape[1]);
    if (!model)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for %s", class->name);
    model->starts = p.starts->data;
    model->targets = p.targets->data;
    model->weights = p.weights->data;
    model->scales = p.scales ? p.scales->data : NULL;
    *ret_model = &model->base;
    return STATUS_OK;
}
