#pragma once
/* Files of named vectors in word2vec's two formats, which gensim and many others read.
 *
 * Text: a line "<rows> <numbers>", then a line a row: the name, a space, the numbers in decimal
 * (the shortest that read back as the same float). Binary: the same first line, then for each row
 * the name, a space, the floats (little-endian, 32 bits) and a line's end. A name holds no white
 * space: each such byte is written as '_'.
 */
#include "base/idmap.h"
#include "base/status.h"

enum vectors_format { VECTORS_TEXT, VECTORS_BINARY };

enum { VECTORS_DIMENSIONS_MAX = 4096, VECTORS_NAME_BYTES_MAX = 1024 };

#define VECTORS_FILE_BYTES_MAX (UINT64_C(8) << 30)

/* names.count rows of d numbers, `width` floats apart. */
struct named_vectors {
    struct idmap names;
    uint32_t d;
    size_t width;
    float *values;
};

/* Replaces the file as a whole. As the file system says; NO_MEMORY. */
enum status vectors_write(const struct named_vectors *vectors, enum vectors_format format,
                          const char *path, struct error *reterr);

/* Either format, told apart by what follows the first line's end. Of a name that comes twice the
 * first row counts. MALFORMED with the row; TOO_LARGE. Owned: named_vectors_free. */
enum status vectors_read(const char *path, struct named_vectors *ret_vectors, struct error *reterr);
void named_vectors_free(struct named_vectors *vectors);

/* Every row to length 1; rows of zeros stay. */
void vectors_normalise(struct named_vectors *vectors);
