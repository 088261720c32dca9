#pragma once
/* What serving needs of every item: may it be shown, since when, until when, in which categories,
 * and the fields that an answer can carry.
 *
 * Filled from a snapshot's sections or from records, then changed item by item. Threads: any number
 * of readers or one writer; Live holds the lock.
 */
#include <stdint.h>

#include "base/bitmap.h"
#include "base/buffer.h"
#include "base/sections.h"
#include "data/records.h"
#include "recommend/shown.h"

struct catalogue;

enum status catalogue_new(struct catalogue **ret_catalogue);
void catalogue_free(struct catalogue *catalogue);

/* Items 0 .. count-1 have been seen; the ids of removed ones are "". */
uint32_t catalogue_count(const struct catalogue *catalogue);

struct catalogue_size {
    uint32_t items, ghosts; /* there now; ghosts: made by an event and not yet listed */
    uint64_t bytes;         /* held */
};
struct catalogue_size catalogue_size(const struct catalogue *catalogue);

/* Sets or replaces item `number`, in any order of numbers (gaps are never eligible). An id that
 * another number has is taken over: the other item is removed. The vector is not kept. NO_MEMORY
 * leaves the item removed: it is better missing than shown by half of its rules. */
enum status catalogue_put(struct catalogue *catalogue, uint32_t number,
                          const struct item_record *item);
void catalogue_remove(struct catalogue *catalogue, uint32_t number);

uint32_t catalogue_find(const struct catalogue *catalogue, const char *id); /* NUMBER_NONE */
const char *catalogue_id(const struct catalogue *catalogue, uint32_t number);

/* out (of any length) = the items that may be shown at now_ms: listed, available, not hidden,
 * published, not expired. Cheap from about the time of catalogue_advance on. */
void catalogue_eligible(const struct catalogue *catalogue, int64_t now_ms, struct bitmap *out);

/* Tells the time: what was published or expired until now_ms is worked into the bitmap that
 * catalogue_eligible starts from. For the writer, now and then. */
void catalogue_advance(struct catalogue *catalogue, int64_t now_ms);

/* The first moment after now_ms at which time may change that; INT64_MAX: none is known. */
int64_t catalogue_next_turn(const struct catalogue *catalogue, int64_t now_ms);

/* When the item is shown: SHOWN_NEVER for one that is hidden or not there. */
struct shown_window catalogue_window(const struct catalogue *catalogue, uint32_t number);

/* Sets in out the items in the category or below it ("a/b" holds "a/b/c"). */
void catalogue_category(const struct catalogue *catalogue, const char *path, struct bitmap *out);

/* The item's group as a small number (variants of one product share it), or NUMBER_NONE. */
uint32_t catalogue_group(const struct catalogue *catalogue, uint32_t number);
uint32_t catalogue_groups(const struct catalogue *catalogue);              /* numbers given */
const struct bitmap *catalogue_grouped(const struct catalogue *catalogue); /* items in one */

/* When it was first stored, for "newest first". */
int64_t catalogue_created_ms(const struct catalogue *catalogue, uint32_t number);

/* The fields that `fields=` may name; NULL at the end. */
extern const char *const catalogue_fields[];

/* Appends `,"title":"…"` for field i of catalogue_fields, or nothing when the item has none. */
void catalogue_append_field(const struct catalogue *catalogue, uint32_t number, size_t field,
                            struct buffer *out);

/* The item's record, but for its id and vector; texts live until the next change. False: there is
 * none. */
bool catalogue_record(const struct catalogue *catalogue, uint32_t number,
                      const char *categories[CATEGORIES_MAX], struct item_record *ret_item);

/* Sections "items/…": the same items give the same bytes. NO_MEMORY adds none. */
enum status catalogue_save(const struct catalogue *catalogue, struct sections_writer *writer);

/* n_items: the numbers that the sections were written for; one beyond them is CORRUPT, as is what
 * contradicts itself, so that a damaged number never becomes a size. */
enum status catalogue_load(const struct sections *sections, uint32_t n_items,
                           struct catalogue **ret_catalogue, struct error *reterr);
