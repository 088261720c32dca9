#pragma once
/* What serving needs of every item: may it be shown, since when, until when, in which categories,
 * and the fields that an answer can carry.
 *
 * Filled from a snapshot's sections or from records, then changed item by item. Threads: any number
 * of readers or one writer; Live holds the lock.
 */
#include <stdint.h>

#include "base/bitmap.h"
#include "base/sections.h"
#include "data/records.h"

struct catalogue;

enum status catalogue_new(struct catalogue **ret_catalogue);
void catalogue_free(struct catalogue *catalogue);

/* Items 0 .. count-1 have been seen; the ids of removed ones are "". */
uint32_t catalogue_count(const struct catalogue *catalogue);

/* Sets or replaces item `number` (numbers may have gaps, which are never eligible). */
enum status catalogue_put(struct catalogue *catalogue, uint32_t number,
                          const struct item_record *item);
void catalogue_remove(struct catalogue *catalogue, uint32_t number);

uint32_t catalogue_find(const struct catalogue *catalogue, const char *id); /* NUMBER_NONE */
const char *catalogue_id(const struct catalogue *catalogue, uint32_t number);

/* out = the items that may be shown at now_ms: listed, available, not hidden, published, not
 * expired. out is resized to catalogue_count. */
enum status catalogue_eligible(const struct catalogue *catalogue, int64_t now_ms,
                               struct bitmap *out);

/* The items in the category or below it ("a/b" holds "a/b/c"); NULL: nothing is. */
const struct bitmap *catalogue_category(const struct catalogue *catalogue, const char *path);

/* The item's group as a small number (variants of one product share it), or NUMBER_NONE. */
uint32_t catalogue_group(const struct catalogue *catalogue, uint32_t number);

/* When it was first stored, for "newest first". */
int64_t catalogue_created_ms(const struct catalogue *catalogue, uint32_t number);

/* The fields that `fields=` may name; NULL at the end. */
extern const char *const catalogue_fields[];

/* Appends `,"title":"…"` for field i of catalogue_fields, or nothing when the item has none. */
void catalogue_append_field(const struct catalogue *catalogue, uint32_t number, size_t field,
                            struct buffer *out);

/* Sections "items/…". */
void catalogue_save(const struct catalogue *catalogue, struct sections_writer *writer);
enum status catalogue_load(const struct sections *sections, struct catalogue **ret_catalogue,
                           struct error *reterr);
