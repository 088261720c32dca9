#include "data/features/vocabulary.h"

#include <stdlib.h>
#include <string.h>

uint64_t feature_hash(const char *bytes, size_t length)
{
    uint64_t hash = 0x9e3779b97f4a7c15u ^ length, word;
    for (; length >= sizeof word; bytes += sizeof word, length -= sizeof word) {
        memcpy(&word, bytes, sizeof word);
        hash = (hash ^ word) * 0xd6e8feb86659fd93u;
        hash ^= hash >> 32;
    }
    word = 0;
    for (size_t i = 0; i < length; i++)
        word |= (uint64_t)(unsigned char)bytes[i] << 8 * i;
    hash ^= word;
    hash = (hash ^ hash >> 30) * 0xbf58476d1ce4e5b9u;
    hash = (hash ^ hash >> 27) * 0x94d049bb133111ebu;
    return hash ^ hash >> 31;
}

static bool is_text(const struct vocabulary *vocabulary, uint32_t code, const char *bytes,
                    size_t length)
{
    size_t known;
    const char *text = vocabulary_text(vocabulary, code, &known);
    return known == length && memcmp(text, bytes, length) == 0;
}

/* The slot of a text, or the free one where it would go. There is always a free one. */
static struct vocabulary_slot *slot_of(const struct vocabulary *vocabulary, uint32_t hash,
                                       const char *bytes, size_t length)
{
    const uint32_t mask = vocabulary->n_slots - 1;
    for (uint32_t at = hash & mask;; at = (at + 1) & mask) {
        struct vocabulary_slot *slot = &vocabulary->slots[at];
        if (slot->code == 0 ||
            (slot->hash == hash && is_text(vocabulary, slot->code, bytes, length)))
            return slot;
    }
}

uint32_t vocabulary_find(const struct vocabulary *vocabulary, const char *bytes, size_t length)
{
    if (vocabulary->n_slots == 0)
        return CODE_UNKNOWN;
    const uint32_t hash = (uint32_t)feature_hash(bytes, length);
    const uint32_t code = slot_of(vocabulary, hash, bytes, length)->code;
    return code ? code : CODE_UNKNOWN;
}

static bool grow_slots(struct vocabulary *vocabulary)
{
    if (vocabulary->n_slots && vocabulary->n < vocabulary->n_slots / 2)
        return true;
    const uint32_t n_slots = vocabulary->n_slots ? 2 * vocabulary->n_slots : 64;
    struct vocabulary_slot *slots = calloc(n_slots, sizeof *slots);
    if (!slots)
        return false;
    for (uint32_t i = 0; i < vocabulary->n_slots; i++) {
        uint32_t at = vocabulary->slots[i].hash & (n_slots - 1);
        if (vocabulary->slots[i].code == 0)
            continue;
        while (slots[at].code)
            at = (at + 1) & (n_slots - 1);
        slots[at] = vocabulary->slots[i];
    }
    free(vocabulary->slots);
    vocabulary->slots = slots;
    vocabulary->n_slots = n_slots;
    return true;
}

static bool grow_texts(struct vocabulary *vocabulary, size_t length)
{
    const uint32_t used = vocabulary->n ? vocabulary->starts[vocabulary->n] : 0;
    if (vocabulary->n + 2 > vocabulary->starts_capacity) {
        const uint32_t capacity = 2 * vocabulary->starts_capacity + 32;
        uint32_t *starts = realloc(vocabulary->starts, sizeof *starts * capacity);
        if (!starts)
            return false;
        if (!vocabulary->starts)
            starts[0] = 0;
        vocabulary->starts = starts;
        vocabulary->starts_capacity = capacity;
    }
    if (used + length + 1 > vocabulary->bytes_capacity) {
        const size_t capacity = 2 * (used + length) + 256;
        char *bytes = realloc(vocabulary->bytes, capacity);
        if (!bytes)
            return false;
        vocabulary->bytes = bytes;
        vocabulary->bytes_capacity = (uint32_t)capacity;
    }
    return true;
}

enum status vocabulary_add(struct vocabulary *vocabulary, const char *bytes, size_t length,
                           uint32_t *ret_code)
{
    const uint32_t hash = (uint32_t)feature_hash(bytes, length);
    if (vocabulary->n_slots) {
        const uint32_t code = slot_of(vocabulary, hash, bytes, length)->code;
        if (code) {
            *ret_code = code;
            return STATUS_OK;
        }
    }
    const uint32_t used = vocabulary->n ? vocabulary->starts[vocabulary->n] : 0;
    if (vocabulary->n == VOCABULARY_TEXTS_MAX || length > VOCABULARY_BYTES_MAX - used)
        return STATUS_TOO_LARGE;
    if (!grow_slots(vocabulary) || !grow_texts(vocabulary, length))
        return STATUS_NO_MEMORY;
    memcpy(vocabulary->bytes + used, bytes, length);
    vocabulary->starts[++vocabulary->n] = used + (uint32_t)length;
    const uint32_t code = vocabulary->n + CODE_FIRST - 1;
    *slot_of(vocabulary, hash, bytes, length) = (struct vocabulary_slot){hash, code};
    *ret_code = code;
    return STATUS_OK;
}

struct candidate {
    const char *bytes;
    size_t length;
    uint64_t count;
    uint32_t code;
};

static int compare_bytes(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    const size_t both = x->length < y->length ? x->length : y->length;
    const int order = memcmp(x->bytes, y->bytes, both);
    return order ? order : (x->length > y->length) - (x->length < y->length);
}

static int compare_counts(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    return compare_bytes(a, b);
}

enum status vocabulary_select(const struct vocabulary *vocabulary, const uint64_t *counts,
                              uint64_t min_count, uint32_t max_size,
                              struct vocabulary *ret_selected, uint32_t *map,
                              uint32_t *ret_left_out)
{
    struct vocabulary selected = {0};
    struct candidate *all = malloc(sizeof *all * ((size_t)vocabulary->n + 1));
    enum status status = all ? STATUS_OK : STATUS_NO_MEMORY;
    uint32_t n = 0;
    for (uint32_t code = CODE_FIRST; all && code < vocabulary->n + CODE_FIRST; code++) {
        size_t length;
        const char *bytes = vocabulary_text(vocabulary, code, &length);
        map[code] = CODE_UNKNOWN;
        if (counts[code] >= min_count)
            all[n++] = (struct candidate){bytes, length, counts[code], code};
    }
    map[CODE_MISSING] = CODE_MISSING;
    map[CODE_UNKNOWN] = CODE_UNKNOWN;
    const uint32_t kept = n < max_size ? n : max_size;
    if (n > max_size)
        qsort(all, n, sizeof *all, compare_counts);
    if (n)
        qsort(all, kept, sizeof *all, compare_bytes);
    for (uint32_t i = 0; i < kept && status == STATUS_OK; i++)
        status = vocabulary_add(&selected, all[i].bytes, all[i].length, &map[all[i].code]);
    free(all);
    if (status != STATUS_OK) {
        vocabulary_free(&selected);
        return status;
    }
    *ret_selected = selected;
    *ret_left_out = n - kept;
    return STATUS_OK;
}

void vocabulary_free(struct vocabulary *vocabulary)
{
    free(vocabulary->starts);
    free(vocabulary->bytes);
    free(vocabulary->slots);
    *vocabulary = (struct vocabulary){0};
}
