#include "recommend/catalogue.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recommend/categories.h"
#include "recommend/idtable.h"
#include "recommend/item_bytes.h"
#include "recommend/record_pool.h"

#define NO_NUMBER UINT32_MAX

enum { ENTRIES_MIN = 64 };

/* What is asked of many items at once; the rest of an item lies in the record pool. */
struct entry {
    const char *id; /* the table's; NULL: nothing is here */
    int64_t created_ms;
    uint32_t group;
    bool ghost;
};

struct catalogue {
    struct entry *entries; /* [count] */
    uint32_t count, capacity;
    struct catalogue_size size;
    struct idtable ids, groups;
    uint32_t n_groups;
    struct bitmap grouped;
    struct categories categories;
    struct shown shown;
    struct record_pool records;
    struct buffer packing; /* the record being put */
};

enum status catalogue_new(struct catalogue **ret_catalogue)
{
    struct catalogue *catalogue = calloc(1, sizeof *catalogue);
    if (!catalogue)
        return STATUS_NO_MEMORY;
    shown_advance(&catalogue->shown, clock_now_ms());
    *ret_catalogue = catalogue;
    return STATUS_OK;
}

void catalogue_free(struct catalogue *catalogue)
{
    if (!catalogue)
        return;
    free(catalogue->entries);
    idtable_free(&catalogue->ids);
    idtable_free(&catalogue->groups);
    bitmap_free(&catalogue->grouped);
    categories_free(&catalogue->categories);
    shown_free(&catalogue->shown);
    record_pool_free(&catalogue->records);
    buffer_free(&catalogue->packing);
    free(catalogue);
}

uint32_t catalogue_count(const struct catalogue *catalogue)
{
    return catalogue->count;
}

struct catalogue_size catalogue_size(const struct catalogue *catalogue)
{
    struct catalogue_size size = catalogue->size;
    size.bytes = (uint64_t)catalogue->capacity * sizeof *catalogue->entries +
                 idtable_bytes(&catalogue->ids) + idtable_bytes(&catalogue->groups) +
                 bitmap_words(catalogue->grouped.count) * 8 +
                 categories_bytes(&catalogue->categories) + shown_bytes(&catalogue->shown) +
                 record_pool_bytes(&catalogue->records) + catalogue->packing.capacity;
    return size;
}

/* ---- changing ---- */

static enum status grow(struct catalogue *catalogue, uint32_t number)
{
    if (number < catalogue->count)
        return STATUS_OK;
    if (number >= catalogue->capacity) {
        uint64_t capacity = (uint64_t)number + number / 2 + ENTRIES_MIN;
        if (capacity > UINT32_MAX)
            capacity = UINT32_MAX;
        struct entry *entries = realloc(catalogue->entries, sizeof *entries * capacity);
        if (!entries)
            return STATUS_NO_MEMORY;
        catalogue->entries = entries;
        catalogue->capacity = (uint32_t)capacity;
    }
    if (bitmap_resize(&catalogue->grouped, number + 1) != STATUS_OK ||
        shown_set(&catalogue->shown, number, SHOWN_NEVER) != STATUS_OK)
        return STATUS_NO_MEMORY;
    for (uint32_t i = catalogue->count; i <= number; i++)
        catalogue->entries[i] = (struct entry){.group = NO_NUMBER};
    catalogue->count = number + 1;
    return STATUS_OK;
}

static const struct entry *find_entry(const struct catalogue *catalogue, uint32_t number)
{
    if (number >= catalogue->count || !catalogue->entries[number].id)
        return NULL;
    return &catalogue->entries[number];
}

bool catalogue_record(const struct catalogue *catalogue, uint32_t number,
                      const char *categories[CATEGORIES_MAX], struct item_record *ret_item)
{
    uint32_t size;
    const unsigned char *bytes = record_pool_get(&catalogue->records, number, &size);
    return bytes && item_bytes_read(bytes, size, categories, ret_item) == STATUS_OK;
}

/* Takes out all that catalogue_put has put in, or a first part of it; the id stays. */
static void take_out(struct catalogue *catalogue, uint32_t number)
{
    struct entry *entry = &catalogue->entries[number];
    const char *categories[CATEGORIES_MAX];
    struct item_record item;
    if (catalogue_record(catalogue, number, categories, &item)) {
        for (uint32_t i = 0; i < item.n_categories; i++)
            categories_remove(&catalogue->categories, item.categories[i], number);
        catalogue->size.items--;
        catalogue->size.ghosts -= entry->ghost;
    }
    shown_set(&catalogue->shown, number, SHOWN_NEVER);
    bitmap_clear(&catalogue->grouped, number);
    record_pool_clear(&catalogue->records, number);
    *entry = (struct entry){.id = entry->id, .group = NO_NUMBER};
}

static enum status put_group(struct catalogue *catalogue, uint32_t number, const char *group_id)
{
    uint32_t group = idtable_find(&catalogue->groups, group_id);
    if (group == NO_NUMBER) {
        group = catalogue->n_groups;
        if (idtable_put(&catalogue->groups, group_id, group, NULL) != STATUS_OK)
            return STATUS_NO_MEMORY;
        catalogue->n_groups++;
    }
    catalogue->entries[number].group = group;
    bitmap_set(&catalogue->grouped, number);
    return STATUS_OK;
}

static struct shown_window window_of(const struct item_record *item)
{
    if (!item->listed || item->hidden || !item->available)
        return SHOWN_NEVER;
    struct shown_window window = SHOWN_ALWAYS;
    if (item->published_ms != TIME_UNKNOWN)
        window.from_ms = item->published_ms;
    if (item->expires_ms != TIME_UNKNOWN)
        window.until_ms = item->expires_ms;
    return window;
}

/* The entry is there and empty but for its id. */
static enum status put_in(struct catalogue *catalogue, uint32_t number,
                          const struct item_record *item)
{
    buffer_clear(&catalogue->packing);
    item_bytes_append(item, &catalogue->packing);
    if (catalogue->packing.failed)
        return STATUS_NO_MEMORY;
    enum status status = record_pool_set(&catalogue->records, number, catalogue->packing.data,
                                         (uint32_t)catalogue->packing.size);
    if (status != STATUS_OK)
        return status;
    struct entry *entry = &catalogue->entries[number];
    entry->created_ms = item->created_ms;
    entry->ghost = !item->listed;
    catalogue->size.items++;
    catalogue->size.ghosts += entry->ghost;
    for (uint32_t i = 0; i < item->n_categories && status == STATUS_OK; i++)
        status = categories_add(&catalogue->categories, item->categories[i], number);
    if (status == STATUS_OK && item->group_id)
        status = put_group(catalogue, number, item->group_id);
    if (status == STATUS_OK)
        status = shown_set(&catalogue->shown, number, window_of(item));
    return status;
}

enum status catalogue_put(struct catalogue *catalogue, uint32_t number,
                          const struct item_record *item)
{
    assert(number != NO_NUMBER);
    if (grow(catalogue, number) != STATUS_OK)
        return STATUS_NO_MEMORY;
    struct entry *entry = &catalogue->entries[number];
    if (entry->id && strcmp(entry->id, item->id) == 0) {
        take_out(catalogue, number);
    } else {
        catalogue_remove(catalogue, number);
        catalogue_remove(catalogue, catalogue_find(catalogue, item->id));
        if (idtable_put(&catalogue->ids, item->id, number, &entry->id) != STATUS_OK)
            return STATUS_NO_MEMORY;
    }
    struct item_record bounded = *item; /* the store's own limits may have been larger once */
    if (bounded.n_categories > CATEGORIES_MAX)
        bounded.n_categories = CATEGORIES_MAX;
    const enum status status = put_in(catalogue, number, &bounded);
    if (status != STATUS_OK)
        catalogue_remove(catalogue, number);
    return status;
}

void catalogue_remove(struct catalogue *catalogue, uint32_t number)
{
    if (!find_entry(catalogue, number))
        return;
    take_out(catalogue, number);
    idtable_remove(&catalogue->ids, catalogue->entries[number].id);
    catalogue->entries[number].id = NULL;
}

void catalogue_advance(struct catalogue *catalogue, int64_t now_ms)
{
    shown_advance(&catalogue->shown, now_ms);
}

/* ---- asking ---- */

uint32_t catalogue_find(const struct catalogue *catalogue, const char *id)
{
    return idtable_find(&catalogue->ids, id);
}

const char *catalogue_id(const struct catalogue *catalogue, uint32_t number)
{
    const struct entry *entry = find_entry(catalogue, number);
    return entry ? entry->id : "";
}

void catalogue_eligible(const struct catalogue *catalogue, int64_t now_ms, struct bitmap *out)
{
    shown_at(&catalogue->shown, now_ms, out);
}

int64_t catalogue_next_turn(const struct catalogue *catalogue, int64_t now_ms)
{
    return shown_next_turn(&catalogue->shown, now_ms);
}

struct shown_window catalogue_window(const struct catalogue *catalogue, uint32_t number)
{
    return number < catalogue->count ? catalogue->shown.windows[number] : SHOWN_NEVER;
}

void catalogue_category(const struct catalogue *catalogue, const char *path, struct bitmap *out)
{
    categories_or_into(&catalogue->categories, path, out);
}

uint32_t catalogue_group(const struct catalogue *catalogue, uint32_t number)
{
    const struct entry *entry = find_entry(catalogue, number);
    return entry ? entry->group : NO_NUMBER;
}

uint32_t catalogue_groups(const struct catalogue *catalogue)
{
    return catalogue->n_groups;
}

const struct bitmap *catalogue_grouped(const struct catalogue *catalogue)
{
    return &catalogue->grouped;
}

int64_t catalogue_created_ms(const struct catalogue *catalogue, uint32_t number)
{
    const struct entry *entry = find_entry(catalogue, number);
    return entry ? entry->created_ms : TIME_UNKNOWN;
}

/* ---- fields ---- */

static void append_text(struct buffer *out, const char *name, const char *text)
{
    if (!text)
        return;
    buffer_printf(out, ",\"%s\":", name);
    buffer_append_json(out, text, strlen(text));
}

static void append_time(struct buffer *out, const char *name, int64_t ms)
{
    if (ms == TIME_UNKNOWN)
        return;
    char text[TIME_TEXT_SIZE];
    time_format(ms, text);
    buffer_printf(out, ",\"%s\":\"%s\"", name, text);
}

static void append_list(struct buffer *out, const char *name, const char *const *texts, uint32_t n)
{
    if (n == 0)
        return;
    buffer_printf(out, ",\"%s\":[", name);
    for (uint32_t i = 0; i < n; i++) {
        if (i)
            buffer_append_byte(out, ',');
        buffer_append_json(out, texts[i], strlen(texts[i]));
    }
    buffer_append_byte(out, ']');
}

/* With no more digits than it takes to read the same double back. */
static void append_double(struct buffer *out, const char *name, double value)
{
    if (!isfinite(value))
        return;
    char text[32];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    buffer_printf(out, ",\"%s\":%s", name, text);
}

enum field {
    FIELD_TITLE,
    FIELD_CATEGORIES,
    FIELD_PRICE,
    FIELD_CURRENCY,
    FIELD_GROUP_ID,
    FIELD_PUBLISHED_AT,
    FIELD_EXPIRES_AT,
    FIELD_CREATED_AT,
    FIELD_ATTRIBUTES,
    FIELD_COUNT
};

const char *const catalogue_fields[] = {
    [FIELD_TITLE] = "title",           [FIELD_CATEGORIES] = "categories",
    [FIELD_PRICE] = "price",           [FIELD_CURRENCY] = "currency",
    [FIELD_GROUP_ID] = "group_id",     [FIELD_PUBLISHED_AT] = "published_at",
    [FIELD_EXPIRES_AT] = "expires_at", [FIELD_CREATED_AT] = "created_at",
    [FIELD_ATTRIBUTES] = "attributes", [FIELD_COUNT] = NULL,
};

static void append_field(const struct item_record *item, enum field field, struct buffer *out)
{
    const char *name = catalogue_fields[field];
    switch (field) {
    case FIELD_TITLE:
        append_text(out, name, item->title);
        break;
    case FIELD_CATEGORIES:
        append_list(out, name, item->categories, item->n_categories);
        break;
    case FIELD_PRICE:
        append_double(out, name, item->price);
        break;
    case FIELD_CURRENCY:
        append_text(out, name, item->currency);
        break;
    case FIELD_GROUP_ID:
        append_text(out, name, item->group_id);
        break;
    case FIELD_PUBLISHED_AT:
        append_time(out, name, item->published_ms);
        break;
    case FIELD_EXPIRES_AT:
        append_time(out, name, item->expires_ms);
        break;
    case FIELD_CREATED_AT:
        append_time(out, name, item->created_ms);
        break;
    case FIELD_ATTRIBUTES:
        if (strcmp(item->attributes, "{}") != 0)
            buffer_printf(out, ",\"%s\":%s", name, item->attributes);
        break;
    case FIELD_COUNT:
        break;
    }
}

void catalogue_append_field(const struct catalogue *catalogue, uint32_t number, size_t field,
                            struct buffer *out)
{
    assert(field < FIELD_COUNT);
    const char *categories[CATEGORIES_MAX];
    struct item_record item;
    if (catalogue_record(catalogue, number, categories, &item))
        append_field(&item, (enum field)field, out);
}

/* ---- saving and loading ---- */

/* Each item's bytes in the file are its id with the zero byte, then its record. */
static void gather(const struct catalogue *catalogue, struct buffer *numbers, struct buffer *starts,
                   struct buffer *bytes)
{
    buffer_append_u64(starts, 0);
    for (uint32_t number = 0; number < catalogue->count; number++) {
        uint32_t size;
        const struct entry *entry = find_entry(catalogue, number);
        const unsigned char *record = record_pool_get(&catalogue->records, number, &size);
        if (!entry || !record)
            continue;
        buffer_append(bytes, entry->id, strlen(entry->id) + 1);
        buffer_append(bytes, record, size);
        buffer_append_u32(numbers, number);
        buffer_append_u64(starts, bytes->size);
    }
}

enum status catalogue_save(const struct catalogue *catalogue, struct sections_writer *writer)
{
    struct buffer numbers = {0}, starts = {0}, bytes = {0};
    gather(catalogue, &numbers, &starts, &bytes);
    const bool failed = numbers.failed || starts.failed || bytes.failed;
    if (!failed) {
        const uint64_t n = numbers.size / sizeof(uint32_t);
        sections_add(writer, "items/numbers", SECTION_U32, n, 1, numbers.data);
        sections_add(writer, "items/starts", SECTION_U64, n + 1, 1, starts.data);
        sections_add(writer, "items/records", SECTION_BYTES, bytes.size, 1, bytes.data);
    }
    buffer_free(&numbers);
    buffer_free(&starts);
    buffer_free(&bytes);
    return failed ? STATUS_NO_MEMORY : STATUS_OK;
}

static enum status load_item(struct catalogue *catalogue, uint32_t number, const char *bytes,
                             size_t size)
{
    const size_t id_size = strnlen(bytes, size) + 1;
    const char *categories[CATEGORIES_MAX];
    struct item_record item;
    if (id_size == 1 || id_size > size ||
        item_bytes_read((const unsigned char *)bytes + id_size, size - id_size, categories,
                        &item) != STATUS_OK)
        return STATUS_CORRUPT;
    item.id = bytes;
    return catalogue_put(catalogue, number, &item);
}

static enum status load_items(struct catalogue *catalogue, const struct sections *sections,
                              uint32_t n_items, struct error *reterr)
{
    const struct section *numbers, *starts, *records;
    enum status status =
        sections_need(sections, "items/numbers", SECTION_U32, UINT64_MAX, 1, &numbers, reterr);
    if (status == STATUS_OK)
        status = sections_need(sections, "items/starts", SECTION_U64, numbers->rows + 1, 1, &starts,
                               reterr);
    if (status == STATUS_OK)
        status = sections_need(sections, "items/records", SECTION_BYTES, UINT64_MAX, 1, &records,
                               reterr);
    if (status != STATUS_OK)
        return status;
    const uint32_t *number = numbers->data;
    const uint64_t *start = starts->data;
    for (uint64_t i = 0; i < numbers->rows; i++) {
        status = STATUS_CORRUPT;
        if (number[i] < n_items && (i == 0 || number[i - 1] < number[i]) &&
            start[i] < start[i + 1] && start[i + 1] <= records->rows)
            status = load_item(catalogue, number[i], (const char *)records->data + start[i],
                               start[i + 1] - start[i]);
        if (status == STATUS_NO_MEMORY)
            return error_set(reterr, status, "out of memory for the catalogue");
        if (status != STATUS_OK)
            return error_set(reterr, status,
                             "the sections 'items/…' contradict each other at "
                             "item %" PRIu64,
                             i);
    }
    return STATUS_OK;
}

enum status catalogue_load(const struct sections *sections, uint32_t n_items,
                           struct catalogue **ret_catalogue, struct error *reterr)
{
    struct catalogue *catalogue;
    enum status status = catalogue_new(&catalogue);
    if (status != STATUS_OK)
        return error_set(reterr, status, "out of memory for the catalogue");
    status = load_items(catalogue, sections, n_items, reterr);
    if (status != STATUS_OK) {
        catalogue_free(catalogue);
        return status;
    }
    *ret_catalogue = catalogue;
    return STATUS_OK;
}
