#include <stdlib.h>

#include "data/store.h"
#include "models/baskets.h"

enum { LINES_BETWEEN_STOPS = 1 << 14 };

struct line {
    uint32_t user, order, item;
    uint8_t sides; /* a bit for each that it belongs to */
};

struct collecting {
    const struct train_set *data;
    const struct observer *observer;
    const uint8_t *types;
    size_t n_sides;
    struct line *lines;
    size_t n, capacity, n_seen;
};

static uint8_t sides_of(const struct collecting *c, const struct order_line *line)
{
    const struct csr *m = c->data->by_user;
    const uint64_t entry = csr_find(m, line->user, line->item);
    const float signal = entry == CSR_NONE ? 0 : m->values[entry];
    uint8_t sides = 0;
    if (c->data->held && signal == 0)
        return 0;
    for (size_t side = 0; side < c->n_sides; side++)
        if (c->types[side] ? line->type == c->types[side] : signal > 0)
            sides |= (uint8_t)(1u << side);
    return sides;
}

static enum status collect(void *context, const struct order_line *line)
{
    struct collecting *c = context;
    const struct csr *m = c->data->by_user;
    if (c->n_seen++ % LINES_BETWEEN_STOPS == 0 && observer_stops(c->observer))
        return STATUS_CANCELLED;
    if (line->user >= m->n_rows || line->item >= m->n_columns)
        return STATUS_OK;
    const uint8_t sides = sides_of(c, line);
    if (!sides)
        return STATUS_OK;
    if (c->n == c->capacity) {
        const size_t capacity = c->capacity ? 2 * c->capacity : 1024;
        struct line *lines = realloc(c->lines, capacity * sizeof *lines);
        if (!lines)
            return STATUS_NO_MEMORY;
        c->lines = lines;
        c->capacity = capacity;
    }
    c->lines[c->n++] = (struct line){line->user, line->order, line->item, sides};
    return STATUS_OK;
}

static int compare_lines(const void *a, const void *b)
{
    const struct line *x = a, *y = b;
    if (x->user != y->user)
        return x->user < y->user ? -1 : 1;
    if (x->order != y->order)
        return x->order < y->order ? -1 : 1;
    return x->item < y->item ? -1 : x->item > y->item;
}

static bool is_same_order(const struct line *a, const struct line *b)
{
    return a->user == b->user && a->order == b->order;
}

/* One line an item of an order. Returns how many orders there are. */
static uint32_t merge_lines(struct collecting *c)
{
    size_t n = 0;
    uint32_t n_orders = 0;
    if (c->n)
        qsort(c->lines, c->n, sizeof *c->lines, compare_lines);
    for (size_t i = 0; i < c->n; i++) {
        const struct line line = c->lines[i];
        const bool goes_on = n > 0 && is_same_order(&c->lines[n - 1], &line);
        if (goes_on && c->lines[n - 1].item == line.item) {
            c->lines[n - 1].sides |= line.sides;
            continue;
        }
        n_orders += !goes_on;
        c->lines[n++] = line;
    }
    c->n = n;
    return n_orders;
}

static enum status fill_side(const struct collecting *c, size_t side, uint32_t n_orders,
                             struct csr *ret_matrix)
{
    uint64_t size = 0;
    for (size_t i = 0; i < c->n; i++)
        size += c->lines[i].sides >> side & 1;
    const enum status status = csr_alloc(n_orders, c->data->by_user->n_columns, size, ret_matrix);
    if (status != STATUS_OK)
        return status;
    uint64_t at = 0;
    uint32_t order = 0;
    for (size_t i = 0; i < c->n; i++) {
        order += i > 0 && !is_same_order(&c->lines[i - 1], &c->lines[i]);
        if (c->lines[i].sides >> side & 1) {
            ret_matrix->columns[at] = c->lines[i].item;
            ret_matrix->values[at++] = 1;
        }
        ret_matrix->starts[order + 1] = at;
    }
    return STATUS_OK;
}

enum status baskets_of_orders(const struct train_set *data, const uint8_t types[2], size_t n_sides,
                              const struct observer *observer, struct baskets *ret_baskets,
                              struct error *reterr)
{
    struct collecting c = {.data = data, .observer = observer, .types = types, .n_sides = n_sides};
    struct baskets baskets = {.one = n_sides == 1};
    if (!data->orders)
        return error_set(reterr, STATUS_UNSUPPORTED,
                         "no order_id is known here; baskets can be sessions, days or users");
    enum status status = data->orders->read(data->orders->context, collect, &c, reterr);
    const uint32_t n_orders = status == STATUS_OK ? merge_lines(&c) : 0;
    if (status == STATUS_OK)
        status = fill_side(&c, 0, n_orders, &baskets.leads);
    if (status == STATUS_OK && n_sides == 2)
        status = fill_side(&c, 1, n_orders, &baskets.led);
    free(c.lines);
    if (status == STATUS_OK)
        *ret_baskets = baskets;
    else
        baskets_free(&baskets);
    return status;
}
