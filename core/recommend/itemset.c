#include "recommend/itemset.h"

static uint64_t bitmap_bytes(uint32_t largest)
{
    return bitmap_words(largest) * 8 + 8;
}

static bool is_bitmap(const struct itemset *set)
{
    return set->bitmap.words != NULL;
}

/* Where the item is in the list, or would go. */
static uint32_t list_place(const struct itemset *set, uint32_t item)
{
    uint32_t low = 0, high = set->n;
    if (high && set->list[high - 1] < item)
        return high; /* the usual case: items come in rising order */
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (set->list[middle] < item)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool itemset_has(const struct itemset *set, uint32_t item)
{
    if (is_bitmap(set))
        return bitmap_test(&set->bitmap, item);
    const uint32_t place = list_place(set, item);
    return place < set->n && set->list[place] == item;
}

static enum status become_bitmap(struct itemset *set, uint32_t largest)
{
    struct bitmap bitmap = {0};
    if (bitmap_resize(&bitmap, largest + 1) != STATUS_OK)
        return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < set->n; i++)
        bitmap_set(&bitmap, set->list[i]);
    free(set->list);
    set->list = NULL;
    set->capacity = 0;
    set->bitmap = bitmap;
    return STATUS_OK;
}

static enum status become_list(struct itemset *set, uint32_t capacity)
{
    uint32_t *list = malloc(sizeof *list * capacity);
    if (!list)
        return STATUS_NO_MEMORY;
    uint32_t n = 0;
    for (uint32_t item = bitmap_next(&set->bitmap, 0); item < set->bitmap.count;
         item = bitmap_next(&set->bitmap, item + 1))
        list[n++] = item;
    bitmap_free(&set->bitmap);
    set->list = list;
    set->capacity = capacity;
    return STATUS_OK;
}

static enum status list_grow(struct itemset *set, uint32_t item)
{
    if (set->n < set->capacity)
        return STATUS_OK;
    const uint32_t capacity = set->capacity ? 2 * set->capacity : 4;
    const uint32_t last = set->n ? set->list[set->n - 1] : 0;
    const uint32_t largest = last > item ? last : item;
    if (bitmap_bytes(largest) <= (uint64_t)capacity * sizeof *set->list)
        return become_bitmap(set, largest);
    uint32_t *list = realloc(set->list, sizeof *list * capacity);
    if (!list)
        return STATUS_NO_MEMORY;
    set->list = list;
    set->capacity = capacity;
    return STATUS_OK;
}

/* A far item may make a list the smaller form again. */
static enum status bitmap_grow(struct itemset *set, uint32_t item)
{
    if (item < set->bitmap.count)
        return STATUS_OK;
    if (bitmap_bytes(item) > (uint64_t)set->n * 4 * sizeof *set->list + 64)
        return become_list(set, 2 * set->n + 4);
    const uint64_t roomy = (uint64_t)item + item / 4 + 64;
    return bitmap_resize(&set->bitmap, roomy < UINT32_MAX ? (uint32_t)roomy : UINT32_MAX);
}

enum status itemset_add(struct itemset *set, uint32_t item)
{
    if (itemset_has(set, item))
        return STATUS_OK;
    const enum status status = is_bitmap(set) ? bitmap_grow(set, item) : list_grow(set, item);
    if (status != STATUS_OK)
        return status;
    if (is_bitmap(set)) {
        bitmap_set(&set->bitmap, item);
    } else {
        const uint32_t place = list_place(set, item);
        memmove(set->list + place + 1, set->list + place, sizeof *set->list * (set->n - place));
        set->list[place] = item;
    }
    set->n++;
    return STATUS_OK;
}

void itemset_remove(struct itemset *set, uint32_t item)
{
    if (!itemset_has(set, item))
        return;
    set->n--;
    if (is_bitmap(set)) {
        bitmap_clear(&set->bitmap, item);
        return;
    }
    const uint32_t place = list_place(set, item);
    memmove(set->list + place, set->list + place + 1, sizeof *set->list * (set->n - place));
}

void itemset_or_into(const struct itemset *set, struct bitmap *out)
{
    if (is_bitmap(set)) {
        bitmap_or(out, &set->bitmap);
        return;
    }
    for (uint32_t i = 0; i < set->n && set->list[i] < out->count; i++)
        bitmap_set(out, set->list[i]);
}

uint64_t itemset_bytes(const struct itemset *set)
{
    return sizeof *set + (uint64_t)set->capacity * sizeof *set->list +
           (is_bitmap(set) ? bitmap_words(set->bitmap.count) * 8 : 0);
}

void itemset_free(struct itemset *set)
{
    free(set->list);
    bitmap_free(&set->bitmap);
    *set = (struct itemset){0};
}
