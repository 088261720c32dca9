#pragma once
/* A file of named sections: how models, ids and histories lie in a snapshot.
 *
 * Layout, little-endian. Header of 64 bytes: magic "TASTEVIN", u32 format (1), u32 section count,
 * u64 offset of the table, u64 file size, u32 crc32c of the table, u32 crc32c of the 36 header
 * bytes before it, rest zero. Then the sections in the order of the table, each at a multiple of 64
 * bytes, padded with zeros. Then the table: 128 bytes a section: name (48, zero-padded), u32 dtype,
 * u32 crc32c of the data, u64 offset, u64 bytes, u64 rows, u64 columns, rest zero. The same content
 * gives the same bytes. Readers skip sections that they do not know.
 *
 * A reader maps the file, checks every crc once and hands out pointers into the mapping; they are
 * valid until sections_close. Threads: a writer has one user, a reader any number.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum section_type {
    SECTION_BYTES,
    SECTION_U8,
    SECTION_U16,
    SECTION_U32,
    SECTION_U64,
    SECTION_I64,
    SECTION_F32,
    SECTION_F64,
    SECTION_TYPE_COUNT
};

enum { SECTION_NAME_MAX = 47, SECTION_ALIGNMENT = 64, SECTIONS_MAX = 4096 };

size_t section_type_size(enum section_type type);

struct section {
    const char *name;
    enum section_type type;
    uint64_t rows, columns; /* columns 1 for a vector; bytes = rows * columns * size of type */
    const void *data;
};

struct sections_writer;

/* Writes to `path` (created or truncated). Errors are sticky and come out of _finish. */
enum status sections_create(const char *path, struct sections_writer **ret_writer,
                            struct error *reterr);

/* Adds one section; the data is written at once and not kept. Names are unique ASCII. */
void sections_add(struct sections_writer *writer, const char *name, enum section_type type,
                  uint64_t rows, uint64_t columns, const void *data);

/* Puts `prefix` before every name that follows ("": none): a model within another's file. It is
 * borrowed. */
void sections_prefix(struct sections_writer *writer, const char *prefix);

/* Writes the table and header, fsyncs and closes; frees the writer in any case. On failure the file
 * is removed. */
enum status sections_finish(struct sections_writer *writer, struct error *reterr);

struct sections;

/* Maps and checks. CORRUPT names the file and the section that fails; UNSUPPORTED for a newer
 * format; NOT_FOUND, IO as they are. */
enum status sections_open(const char *path, struct sections **ret_sections, struct error *reterr);
void sections_close(struct sections *sections);

/* The sections whose names begin with `prefix`, by the rest of their names, as `from` has them,
 * which must outlive it. Messages give the whole names. To be closed. */
enum status sections_under(const struct sections *from, const char *prefix,
                           struct sections **ret_sections);

size_t sections_count(const struct sections *sections);
const struct section *sections_at(const struct sections *sections, size_t i);

/* NULL when there is none of that name. */
const struct section *sections_find(const struct sections *sections, const char *name);

/* The data of a section that must be there, of that type and shape (rows or columns UINT64_MAX:
 * any). CORRUPT with the names otherwise. */
enum status sections_need(const struct sections *sections, const char *name, enum section_type type,
                          uint64_t rows, uint64_t columns, const struct section **ret_section,
                          struct error *reterr);

/* crc32c over the table: changes with any byte of any section. */
uint32_t sections_crc(const struct sections *sections);

/* Bytes of one section. */
struct section_range {
    const char *name;
    uint64_t offset, length; /* within the section */
};

/* Overwrites the ranges with zeros in the file, in place, and its checksums with them: for erasure.
 * Whoever has the file mapped sees the change. NOT_FOUND: a name that is not there, and nothing is
 * changed. A crash half-way can leave the file with a checksum that fails. */
enum status sections_zero(const char *path, const struct section_range *ranges, size_t n_ranges,
                          struct error *reterr);
