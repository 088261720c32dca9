#pragma once
/* What the fuzz targets share.
 *
 * A target is one file with LLVMFuzzerTestOneInput. libFuzzer drives it (scripts/fuzz), and
 * replay.c feeds it the files of its corpus and of its regressions, as an ordinary test with any
 * compiler. A finding is a failed assertion, a report of a sanitizer, or an end that takes too
 * long or too much memory. Targets run in one thread.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "base/file.h"
#include "base/status.h"
#include "data/readers/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A terminated copy, for free(). */
char *fuzz_text(const uint8_t *data, size_t size);

/* The bytes as a file without a name; fuzz_file_close gives it back. */
struct fuzz_file {
    int fd;
    char path[64];
};
struct fuzz_file fuzz_file_open(const void *bytes, size_t size);
void fuzz_file_close(struct fuzz_file *file);

/* A folder that is there until the process ends. */
const char *fuzz_folder(void);

/* Writes the file anew. */
void fuzz_write(const char *path, const void *bytes, size_t size);

/* A failure must say so: the same status, and a sentence that is text. */
void fuzz_check_failure(enum status status, const struct error *err);

/* Takes all records of a reader, applies the rules to them and counts. */
struct fuzz_counts {
    uint64_t records, broken;
};
struct reader_sink fuzz_sink(struct fuzz_counts *counts);

/* Makes the bytes a section file (base/sections.h) as far as magic, format, sizes and checksums
 * go, so that what lies behind these is reached. In place; fewer than 64 bytes stay as they are. */
void fuzz_mend_sections(unsigned char *bytes, size_t size);
