#include "models/content_fit.h"

#include <stdlib.h>
#include <string.h>

#include "models/content_model.h"
#include "models/gram.h"

enum {
    ITEMS_BETWEEN_STOPS = 256,
    /* For the estimate: terms that an item has as a rule. */
    USUAL_TERMS = 24,
};

#define FIELD(NAME, INITIAL, HELP)                                                                 \
    {                                                                                              \
        .name = #NAME, .type = OPTION_REAL, .offset = offsetof(struct content_settings, NAME),     \
        .initial = INITIAL, .min = 0, .max = 1000, .help = HELP                                    \
    }

const struct option content_options[CONTENT_OPTIONS] = {
    FIELD(title, "0.3", "how much the words of the title count"),
    FIELD(categories, "1", "how much categories count"),
    FIELD(attributes, "1", "how much attributes count"),
    FIELD(vector, "1", "how much the items' own vectors count"),
};

/* ---- reading: terms of all items one after the other, then in place by item ---- */

struct reading {
    const struct observer *observer;
    uint32_t n_items;
    struct content_terms terms;
    struct content_term *all; /* [n] in the order of reading */
    size_t n, capacity;
    uint64_t *firsts; /* [n_items] into all; the last record of an item counts */
    uint32_t *sizes;  /* [n_items] */
    float **vectors;  /* [n_items] copies; NULL: none */
    uint32_t *dimensions;
    uint32_t n_read;
};

static enum status make_room(struct reading *r)
{
    if (r->n + CONTENT_TERMS_MAX <= r->capacity)
        return STATUS_OK;
    const size_t capacity = 2 * r->capacity + 64 * CONTENT_TERMS_MAX;
    struct content_term *all = realloc(r->all, capacity * sizeof *all);
    if (!all)
        return STATUS_NO_MEMORY;
    r->all = all;
    r->capacity = capacity;
    return STATUS_OK;
}

static enum status keep_vector(struct reading *r, uint32_t item, const struct item_record *record)
{
    free(r->vectors[item]);
    r->vectors[item] = NULL;
    r->dimensions[item] = record->n_vector;
    if (!record->n_vector)
        return STATUS_OK;
    r->vectors[item] = malloc(record->n_vector * sizeof **r->vectors);
    if (!r->vectors[item])
        return STATUS_NO_MEMORY;
    memcpy(r->vectors[item], record->vector, record->n_vector * sizeof **r->vectors);
    return STATUS_OK;
}

static enum status read_record(void *context, uint32_t item, const struct item_record *record)
{
    struct reading *r = context;
    if (r->n_read++ % ITEMS_BETWEEN_STOPS == 0 && observer_stops(r->observer))
        return STATUS_CANCELLED;
    if (item >= r->n_items)
        return STATUS_OK;
    enum status status = make_room(r);
    if (status == STATUS_OK)
        status = content_terms_read(record, &r->terms);
    if (status == STATUS_OK)
        status = keep_vector(r, item, record);
    if (status != STATUS_OK)
        return status;
    r->firsts[item] = r->n;
    r->sizes[item] = (uint32_t)r->terms.n;
    memcpy(r->all + r->n, r->terms.terms, r->terms.n * sizeof *r->all);
    r->n += r->terms.n;
    return STATUS_OK;
}

static void reading_free(struct reading *r)
{
    for (uint32_t i = 0; r->vectors && i < r->n_items; i++)
        free(r->vectors[i]);
    free(r->vectors);
    free(r->dimensions);
    free(r->firsts);
    free(r->sizes);
    free(r->all);
}

static enum status reading_new(uint32_t n_items, const struct observer *observer,
                               struct reading *ret_reading)
{
    const size_t room = (size_t)n_items + 1;
    *ret_reading = (struct reading){.observer = observer,
                                    .n_items = n_items,
                                    .firsts = calloc(room, sizeof *ret_reading->firsts),
                                    .sizes = calloc(room, sizeof *ret_reading->sizes),
                                    .vectors = calloc(room, sizeof *ret_reading->vectors),
                                    .dimensions = calloc(room, sizeof *ret_reading->dimensions)};
    const struct reading *r = ret_reading;
    return r->firsts && r->sizes && r->vectors && r->dimensions ? STATUS_OK : STATUS_NO_MEMORY;
}

/* The length that most items' vectors have, the shorter one of two; 0: there are none. */
static uint32_t usual_dimensions(const struct reading *r)
{
    uint32_t counts[VECTOR_DIMENSIONS_MAX + 1] = {0}, best = 0;
    for (uint32_t i = 0; i < r->n_items; i++)
        counts[r->dimensions[i]]++;
    counts[0] = 0;
    for (uint32_t d = 1; d <= VECTOR_DIMENSIONS_MAX; d++)
        if (counts[d] > counts[best])
            best = d;
    return best;
}

/* ---- the table of terms ---- */

static int compare_hashes(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Every hash once, rising, with how many items have it. */
static enum status make_table(const struct reading *r, uint64_t **ret_hashes, uint32_t **ret_counts,
                              uint32_t *ret_n)
{
    uint64_t *hashes = malloc((r->n + 1) * sizeof *hashes);
    uint32_t *counts = calloc(r->n + 1, sizeof *counts);
    *ret_hashes = hashes;
    *ret_counts = counts;
    *ret_n = 0;
    if (!hashes || !counts)
        return STATUS_NO_MEMORY;
    size_t size = 0, n = 0;
    for (uint32_t i = 0; i < r->n_items; i++)
        for (uint32_t k = 0; k < r->sizes[i]; k++)
            hashes[size++] = r->all[r->firsts[i] + k].hash;
    qsort(hashes, size, sizeof *hashes, compare_hashes);
    for (size_t i = 0; i < size; i++) {
        if (n == 0 || hashes[n - 1] != hashes[i])
            hashes[n++] = hashes[i];
        counts[n - 1]++;
    }
    *ret_n = (uint32_t)n;
    return n < UINT32_MAX ? STATUS_OK : STATUS_NO_MEMORY;
}

/* ---- the rows ---- */

struct arrays {
    float *fields;
    uint64_t *hashes;
    uint32_t *counts;
    uint64_t *starts;
    uint32_t *terms;
    float *weights;
    uint32_t *likes;
    float *vectors;
};

/* The model's arrays without their const, in the order of `owned`. */
static void take_arrays(struct content *m, const struct arrays *a)
{
    void *const all[] = {a->fields, a->hashes,  a->counts, a->starts,
                         a->terms,  a->weights, a->likes,  a->vectors};
    memcpy(m->owned, all, sizeof all);
    m->fields = a->fields;
    m->hashes = a->hashes;
    m->counts = a->counts;
    m->starts = a->starts;
    m->terms = a->terms;
    m->weights = a->weights;
    m->likes = a->likes;
    m->vectors = a->vectors;
}

static enum status alloc_rows(const struct reading *r, struct content *m, struct arrays *a)
{
    uint64_t size = 0;
    for (uint32_t i = 0; i < r->n_items; i++)
        size += r->sizes[i];
    const size_t rows = (size_t)r->n_items + 1;
    a->fields = calloc(CONTENT_FIELDS, sizeof *a->fields);
    a->starts = calloc(rows, sizeof *a->starts);
    a->terms = malloc((size + 1) * sizeof *a->terms);
    a->weights = malloc((size + 1) * sizeof *a->weights);
    a->likes = calloc(rows, sizeof *a->likes);
    a->vectors = calloc(rows * m->d + 1, sizeof *a->vectors);
    return a->fields && a->starts && a->terms && a->weights && a->likes && a->vectors
               ? STATUS_OK
               : STATUS_NO_MEMORY;
}

static void fill_row(struct reading *r, const struct content *m, struct arrays *a, uint32_t item)
{
    struct content_terms *terms = &r->terms;
    double idfs[CONTENT_TERMS_MAX];
    float vector, *row = a->vectors + (size_t)item * m->d;
    const uint64_t start = a->starts[item];
    terms->n = r->sizes[item];
    if (terms->n)
        memcpy(terms->terms, r->all + r->firsts[item], terms->n * sizeof *terms->terms);
    for (size_t k = 0; k < terms->n; k++) {
        const size_t at = content_find(a->hashes, m->n_terms, terms->terms[k].hash);
        a->terms[start + k] = (uint32_t)at;
        idfs[k] = content_idf(a->counts[at], m->n_records);
    }
    const bool has_vector =
        m->d && r->dimensions[item] == m->d && content_scale(r->vectors[item], m->d, 1, row);
    content_weigh(terms, idfs, a->fields, has_vector, a->weights + start, &vector);
    if (has_vector)
        content_scale(r->vectors[item], m->d, vector, row);
    a->starts[item + 1] = start + terms->n;
}

static enum status fill_rows(struct reading *r, const struct content *m, struct arrays *a)
{
    for (uint32_t i = 0; i < r->n_items; i++) {
        if (i % ITEMS_BETWEEN_STOPS == 0 && observer_stops(r->observer))
            return STATUS_CANCELLED;
        fill_row(r, m, a, i);
        observe_progress(i % ITEMS_BETWEEN_STOPS == 0 ? r->observer : NULL, "fitting content",
                         (double)i / r->n_items);
    }
    return STATUS_OK;
}

static enum status make_model(struct reading *r, const struct train_set *data,
                              const struct content_settings *s, struct content *m)
{
    struct arrays a = {0};
    m->d = usual_dimensions(r);
    for (uint32_t i = 0; i < r->n_items; i++)
        m->n_records += r->sizes[i] > 0;
    enum status status = make_table(r, &a.hashes, &a.counts, &m->n_terms);
    if (status == STATUS_OK)
        status = alloc_rows(r, m, &a);
    if (status == STATUS_OK) {
        const double fields[] = {s->title, s->categories, s->attributes, s->vector};
        for (size_t f = 0; f < CONTENT_FIELDS; f++)
            a.fields[f] = (float)fields[f];
        gram_count_likes(data->by_item, a.likes);
        status = fill_rows(r, m, &a);
    }
    take_arrays(m, &a);
    return status;
}

enum status content_fit(const struct train_set *data, const void *settings, struct parallel *pool,
                        const struct observer *observer, struct model **ret_model,
                        struct error *reterr)
{
    (void)pool;
    const uint32_t n_users = data->by_user->n_rows, n_items = data->by_user->n_columns;
    struct error err = {0};
    struct reading reading;
    struct content *model = calloc(1, sizeof *model);
    enum status status = reading_new(n_items, observer, &reading);
    if (!model)
        status = STATUS_NO_MEMORY;
    else
        model->base =
            (struct model){.class = &content_class, .n_users = n_users, .n_items = n_items};
    if (status == STATUS_OK && observer_stops(observer))
        status = STATUS_CANCELLED;
    if (status == STATUS_OK && data->items)
        status = data->items->read(data->items->context, read_record, &reading, &err);
    if (status == STATUS_OK)
        status = make_model(&reading, data, settings, model);
    reading_free(&reading);
    if (status != STATUS_OK) {
        if (model)
            content_class.free(&model->base);
        return error_set(reterr, status, "content: %s", *err.text ? err.text : status_name(status));
    }
    observe_scalar(observer, "fit/terms", 1, model->n_terms);
    *ret_model = &model->base;
    return STATUS_OK;
}

uint64_t content_estimate(const void *settings, uint32_t n_users, uint32_t n_items, uint64_t size)
{
    (void)settings;
    (void)n_users;
    (void)size;
    const uint64_t term = 2 * sizeof(struct content_term) + sizeof(uint64_t) + sizeof(uint32_t) +
                          sizeof(uint32_t) + sizeof(float);
    return (uint64_t)n_items * (USUAL_TERMS * term + 2 * sizeof(uint64_t) + 4 * sizeof(uint32_t));
}
