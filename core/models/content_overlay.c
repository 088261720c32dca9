#include <stdlib.h>
#include <string.h>

#include "models/content_model.h"

/* Items in rising order: new ones come last, so that they are appended. */
struct overlay {
    const struct content *model;
    struct content_entry *entries;
    size_t n, capacity;
    uint64_t bytes;
    struct content_terms terms; /* scratch of the writer */
};

enum status content_overlay_new(const struct model *model, struct overlay **ret_overlay)
{
    struct overlay *overlay = calloc(1, sizeof *overlay);
    if (!overlay)
        return STATUS_NO_MEMORY;
    overlay->model = (const struct content *)model;
    *ret_overlay = overlay;
    return STATUS_OK;
}

void content_overlay_free(struct overlay *overlay)
{
    if (!overlay)
        return;
    for (size_t i = 0; i < overlay->n; i++)
        free(overlay->entries[i].hashes);
    free(overlay->entries);
    free(overlay);
}

uint64_t content_overlay_bytes(const struct overlay *overlay)
{
    return sizeof *overlay + overlay->capacity * sizeof *overlay->entries + overlay->bytes;
}

/* The first entry that is not below the item. */
static size_t place_of(const struct overlay *overlay, uint32_t item)
{
    size_t low = 0, high = overlay->n;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (overlay->entries[middle].item < item)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct content_entry *content_overlay_find(const struct overlay *overlay, uint32_t item)
{
    const size_t at = overlay ? place_of(overlay, item) : 0;
    return overlay && at < overlay->n && overlay->entries[at].item == item ? &overlay->entries[at]
                                                                           : NULL;
}

static size_t entry_bytes(const struct content *model, const struct content_entry *entry)
{
    return entry->n * (sizeof *entry->hashes + sizeof *entry->weights) +
           (entry->vector ? model->d * sizeof *entry->vector : 0);
}

static void fill_entry(const struct content *model, const struct content_terms *terms,
                       const struct item_record *record, struct content_entry *entry)
{
    double idfs[CONTENT_TERMS_MAX];
    float vector;
    for (size_t i = 0; i < terms->n; i++) {
        const size_t at = content_find(model->hashes, model->n_terms, terms->terms[i].hash);
        entry->hashes[i] = terms->terms[i].hash;
        idfs[i] = content_idf(at < model->n_terms ? model->counts[at] : 0, model->n_records);
    }
    const bool has_vector =
        entry->vector && content_scale(record->vector, model->d, 1, entry->vector);
    content_weigh(terms, idfs, model->fields, has_vector, entry->weights, &vector);
    if (has_vector)
        content_scale(record->vector, model->d, vector, entry->vector);
}

/* One block: hashes, weights, vector. */
static enum status make_entry(struct overlay *overlay, uint32_t item,
                              const struct item_record *record, struct content_entry *ret_entry)
{
    const struct content *model = overlay->model;
    struct content_entry entry = {.item = item};
    overlay->terms.n = 0;
    const enum status status = record ? content_terms_read(record, &overlay->terms) : STATUS_OK;
    if (status != STATUS_OK)
        return status;
    const bool has_vector = record && model->d && record->n_vector == model->d;
    entry.n = (uint32_t)overlay->terms.n;
    const size_t bytes = entry.n * (sizeof *entry.hashes + sizeof *entry.weights) +
                         (has_vector ? model->d * sizeof *entry.vector : 0);
    entry.hashes = malloc(bytes + 1);
    if (!entry.hashes)
        return STATUS_NO_MEMORY;
    entry.weights = (float *)(entry.hashes + entry.n);
    entry.vector = has_vector ? entry.weights + entry.n : NULL;
    if (record)
        fill_entry(model, &overlay->terms, record, &entry);
    *ret_entry = entry;
    return STATUS_OK;
}

static enum status make_room(struct overlay *overlay)
{
    if (overlay->n < overlay->capacity)
        return STATUS_OK;
    const size_t capacity = overlay->capacity ? 2 * overlay->capacity : 64;
    struct content_entry *entries = realloc(overlay->entries, capacity * sizeof *entries);
    if (!entries)
        return STATUS_NO_MEMORY;
    overlay->entries = entries;
    overlay->capacity = capacity;
    return STATUS_OK;
}

enum status content_overlay_item(struct overlay *overlay, uint32_t item,
                                 const struct item_record *record)
{
    struct content_entry entry;
    enum status status = make_room(overlay);
    if (status == STATUS_OK)
        status = make_entry(overlay, item, record, &entry);
    if (status != STATUS_OK)
        return status;
    const size_t at = place_of(overlay, item);
    if (at < overlay->n && overlay->entries[at].item == item) {
        overlay->bytes -= entry_bytes(overlay->model, &overlay->entries[at]);
        free(overlay->entries[at].hashes);
    } else {
        memmove(overlay->entries + at + 1, overlay->entries + at,
                (overlay->n - at) * sizeof *overlay->entries);
        overlay->n++;
    }
    overlay->entries[at] = entry;
    overlay->bytes += entry_bytes(overlay->model, &entry);
    return STATUS_OK;
}
