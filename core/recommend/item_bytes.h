#pragma once
/* An item's record as one run of bytes: how the catalogue keeps it in memory and in a snapshot.
 * The same record gives the same bytes. The id and the vector are not part of it. */
#include "base/arena.h"
#include "base/buffer.h"
#include "data/records.h"

/* Appends the record's bytes. */
void item_bytes_append(const struct item_record *item, struct buffer *out);

/* Reads them back: texts point into the bytes, *categories (room for CATEGORIES_MAX) holds the
 * paths; id and vector are absent. CORRUPT when the bytes contradict themselves. */
enum status item_bytes_read(const unsigned char *bytes, size_t size,
                            const char *categories[CATEGORIES_MAX], struct item_record *ret_item);
