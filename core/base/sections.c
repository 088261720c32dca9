#include "base/sections.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/file.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "section files are mapped in place: little-endian machines only"
#endif

enum { FORMAT = 1 };

struct header {
    char magic[8];
    uint32_t format, count;
    uint64_t table_offset, file_size;
    uint32_t table_crc, header_crc;
    char rest[24];
};
_Static_assert(sizeof(struct header) == 64, "the header has 64 bytes");

struct entry {
    char name[SECTION_NAME_MAX + 1];
    uint32_t type, crc;
    uint64_t offset, bytes, rows, columns;
    char rest[40];
};
_Static_assert(sizeof(struct entry) == 128, "an entry has 128 bytes");

static const char magic[8] = {'T', 'A', 'S', 'T', 'E', 'V', 'I', 'N'};

size_t section_type_size(enum section_type type)
{
    static const size_t sizes[SECTION_TYPE_COUNT] = {1, 1, 2, 4, 8, 8, 4, 8};
    assert(type < SECTION_TYPE_COUNT);
    return sizes[type];
}

/* ---- writing ---- */

struct sections_writer {
    FILE *file;
    char *path;
    uint64_t offset;
    size_t count, capacity;
    struct entry *entries;
    const char *prefix;
    struct error err;
};

static void writer_free(struct sections_writer *writer)
{
    free(writer->entries);
    free(writer->path);
    free(writer);
}

static void writer_put(struct sections_writer *writer, const void *bytes, size_t length)
{
    if (writer->err.status != STATUS_OK || length == 0)
        return;
    if (fwrite(bytes, 1, length, writer->file) != length)
        error_set_errno(&writer->err, errno, "cannot write %s", writer->path);
    writer->offset += length;
}

static void writer_pad(struct sections_writer *writer)
{
    static const char zeros[SECTION_ALIGNMENT];
    const size_t past = writer->offset % SECTION_ALIGNMENT;
    if (past)
        writer_put(writer, zeros, SECTION_ALIGNMENT - past);
}

enum status sections_create(const char *path, struct sections_writer **ret_writer,
                            struct error *reterr)
{
    struct sections_writer *writer = calloc(1, sizeof *writer);
    if (!writer || !(writer->path = strdup(path))) {
        free(writer);
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for %s", path);
    }
    writer->prefix = "";
    writer->file = fopen(path, "wbe");
    if (!writer->file) {
        const int reason = errno;
        writer_free(writer);
        return error_set_errno(reterr, reason, "cannot create %s", path);
    }
    const struct header blank = {0};
    writer_put(writer, &blank, sizeof blank);
    *ret_writer = writer;
    return STATUS_OK;
}

static struct entry *add_entry(struct sections_writer *writer)
{
    if (writer->count == writer->capacity) {
        const size_t capacity = writer->capacity ? 2 * writer->capacity : 16;
        struct entry *entries = realloc(writer->entries, capacity * sizeof *entries);
        if (!entries) {
            error_set(&writer->err, STATUS_NO_MEMORY, "out of memory for %s", writer->path);
            return NULL;
        }
        writer->entries = entries;
        writer->capacity = capacity;
    }
    struct entry *entry = &writer->entries[writer->count++];
    *entry = (struct entry){0};
    return entry;
}

void sections_prefix(struct sections_writer *writer, const char *prefix)
{
    writer->prefix = prefix;
}

void sections_add(struct sections_writer *writer, const char *name, enum section_type type,
                  uint64_t rows, uint64_t columns, const void *data)
{
    const size_t prefix_length = strlen(writer->prefix), length = strlen(name);
    assert(prefix_length + length <= SECTION_NAME_MAX && writer->count < SECTIONS_MAX);
    if (writer->err.status != STATUS_OK)
        return;
    writer_pad(writer);
    struct entry *entry = add_entry(writer);
    if (!entry)
        return;
    const uint64_t bytes = rows * columns * section_type_size(type);
    memcpy(entry->name, writer->prefix, prefix_length);
    memcpy(entry->name + prefix_length, name, length);
    entry->type = type;
    entry->offset = writer->offset;
    entry->bytes = bytes;
    entry->rows = rows;
    entry->columns = columns;
    entry->crc = crc32c(0, data, bytes);
    writer_put(writer, data, bytes);
}

static void write_table_and_header(struct sections_writer *writer)
{
    writer_pad(writer);
    const size_t table_bytes = writer->count * sizeof *writer->entries;
    struct header header = {.format = FORMAT,
                            .count = (uint32_t)writer->count,
                            .table_offset = writer->offset,
                            .file_size = writer->offset + table_bytes,
                            .table_crc = crc32c(0, writer->entries, table_bytes)};
    memcpy(header.magic, magic, sizeof magic);
    header.header_crc = crc32c(0, &header, offsetof(struct header, header_crc));
    writer_put(writer, writer->entries, table_bytes);
    if (writer->err.status == STATUS_OK && fseek(writer->file, 0, SEEK_SET) != 0)
        error_set_errno(&writer->err, errno, "cannot write %s", writer->path);
    writer_put(writer, &header, sizeof header);
}

enum status sections_finish(struct sections_writer *writer, struct error *reterr)
{
    write_table_and_header(writer);
    if (writer->err.status == STATUS_OK &&
        (fflush(writer->file) != 0 || fsync(fileno(writer->file)) != 0))
        error_set_errno(&writer->err, errno, "cannot sync %s", writer->path);
    if (fclose(writer->file) != 0 && writer->err.status == STATUS_OK)
        error_set_errno(&writer->err, errno, "cannot close %s", writer->path);
    const enum status status = writer->err.status;
    if (status != STATUS_OK) {
        unlink(writer->path);
        if (reterr)
            *reterr = writer->err;
    }
    writer_free(writer);
    return status;
}

/* ---- reading ---- */

struct sections {
    void *map;
    size_t size;
    size_t count;
    uint32_t crc;
    struct section *sections;
    char prefix[SECTION_NAME_MAX + 1]; /* of the names that these are the rest of */
};

static enum status refuse(const char *path, struct error *reterr, const char *what)
{
    return error_set(reterr, STATUS_CORRUPT, "%s is damaged: %s", path, what);
}

static enum status check_header(const struct header *header, uint64_t size, const char *path,
                                struct error *reterr)
{
    if (memcmp(header->magic, magic, sizeof magic) != 0)
        return refuse(path, reterr, "it does not start as a section file does");
    if (header->header_crc != crc32c(0, header, offsetof(struct header, header_crc)))
        return refuse(path, reterr, "its header fails its checksum");
    if (header->format != FORMAT)
        return error_set(
            reterr, STATUS_UNSUPPORTED,
            "%s has format %u and this program reads %d: use the version that wrote it", path,
            header->format, FORMAT);
    if (header->file_size != size)
        return refuse(path, reterr, "it is cut short");
    if (header->count > SECTIONS_MAX || header->table_offset > size ||
        header->table_offset % 8 != 0 ||
        size - header->table_offset != header->count * sizeof(struct entry))
        return refuse(path, reterr, "its table does not fit");
    return STATUS_OK;
}

/* from: where the section before has ended. No byte belongs to two: zeroing one section would
 * break the other. */
static enum status check_entry(const struct entry *entry, uint64_t from,
                               const struct header *header, const char *base, const char *path,
                               struct error *reterr)
{
    uint64_t cells, bytes;
    if (entry->name[SECTION_NAME_MAX] != '\0' || entry->type >= SECTION_TYPE_COUNT ||
        entry->offset % SECTION_ALIGNMENT != 0 || entry->offset < from ||
        entry->offset > header->table_offset ||
        entry->bytes > header->table_offset - entry->offset ||
        __builtin_mul_overflow(entry->rows, entry->columns, &cells) ||
        __builtin_mul_overflow(cells, section_type_size(entry->type), &bytes) ||
        bytes != entry->bytes)
        return refuse(path, reterr, "an entry of its table contradicts itself");
    if (crc32c(0, base + entry->offset, entry->bytes) != entry->crc)
        return error_set(reterr, STATUS_CORRUPT, "%s is damaged: section '%s' fails its checksum",
                         path, entry->name);
    return STATUS_OK;
}

static enum status read_table(struct sections *s, const char *path, struct error *reterr)
{
    const struct header *header = s->map;
    const char *base = s->map;
    enum status status = check_header(header, s->size, path, reterr);
    if (status != STATUS_OK)
        return status;
    const struct entry *entries = (const struct entry *)(base + header->table_offset);
    s->crc = header->table_crc;
    if (crc32c(0, entries, header->count * sizeof *entries) != header->table_crc)
        return refuse(path, reterr, "its table fails its checksum");
    s->sections = calloc(header->count ? header->count : 1, sizeof *s->sections);
    if (!s->sections)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for %s", path);
    uint64_t from = sizeof *header;
    for (size_t i = 0; i < header->count; i++) {
        status = check_entry(&entries[i], from, header, base, path, reterr);
        if (status != STATUS_OK)
            return status;
        from = entries[i].offset + entries[i].bytes;
        s->sections[i] = (struct section){.name = entries[i].name,
                                          .type = entries[i].type,
                                          .rows = entries[i].rows,
                                          .columns = entries[i].columns,
                                          .data = base + entries[i].offset};
    }
    s->count = header->count;
    return STATUS_OK;
}

static enum status map_file(struct sections *s, const char *path, struct error *reterr)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(reterr, errno, "cannot open %s", path);
    struct stat info;
    enum status status = STATUS_OK;
    if (fstat(fd, &info) != 0) {
        status = error_set_errno(reterr, errno, "cannot look at %s", path);
    } else if (!S_ISREG(info.st_mode)) {
        status = error_set(reterr, STATUS_IO, "%s is not a file", path);
    } else if (info.st_size < (off_t)sizeof(struct header)) {
        status = refuse(path, reterr, "it is cut short");
    } else {
        s->size = (size_t)info.st_size;
        s->map = mmap(NULL, s->size, PROT_READ, MAP_SHARED, fd, 0);
        if (s->map == MAP_FAILED) {
            s->map = NULL;
            status = error_set_errno(reterr, errno, "cannot map %s", path);
        }
    }
    close(fd);
    return status;
}

enum status sections_open(const char *path, struct sections **ret_sections, struct error *reterr)
{
    struct sections *s = calloc(1, sizeof *s);
    if (!s)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for %s", path);
    enum status status = map_file(s, path, reterr);
    if (status == STATUS_OK)
        status = read_table(s, path, reterr);
    if (status != STATUS_OK) {
        sections_close(s);
        return status;
    }
    *ret_sections = s;
    return STATUS_OK;
}

void sections_close(struct sections *s)
{
    if (!s)
        return;
    if (s->map)
        munmap(s->map, s->size);
    free(s->sections);
    free(s);
}

enum status sections_under(const struct sections *from, const char *prefix,
                           struct sections **ret_sections)
{
    struct sections *s = calloc(1, sizeof *s);
    if (!s || !(s->sections = calloc(from->count + 1, sizeof *s->sections))) {
        free(s);
        return STATUS_NO_MEMORY;
    }
    const size_t length = strlen(prefix);
    for (size_t i = 0; i < from->count; i++) {
        if (strncmp(from->sections[i].name, prefix, length) != 0)
            continue;
        s->sections[s->count] = from->sections[i];
        s->sections[s->count++].name += length;
    }
    snprintf(s->prefix, sizeof s->prefix, "%s%s", from->prefix, prefix);
    s->crc = from->crc;
    *ret_sections = s;
    return STATUS_OK;
}

size_t sections_count(const struct sections *s)
{
    return s->count;
}

const struct section *sections_at(const struct sections *s, size_t i)
{
    assert(i < s->count);
    return &s->sections[i];
}

const struct section *sections_find(const struct sections *s, const char *name)
{
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->sections[i].name, name) == 0)
            return &s->sections[i];
    return NULL;
}

enum status sections_need(const struct sections *s, const char *name, enum section_type type,
                          uint64_t rows, uint64_t columns, const struct section **ret_section,
                          struct error *reterr)
{
    const struct section *section = sections_find(s, name);
    if (!section)
        return error_set(reterr, STATUS_CORRUPT, "the section '%s%s' is missing", s->prefix, name);
    if (section->type != type || (rows != UINT64_MAX && section->rows != rows) ||
        (columns != UINT64_MAX && section->columns != columns))
        return error_set(reterr, STATUS_CORRUPT, "the section '%s%s' has another type or shape",
                         s->prefix, name);
    *ret_section = section;
    return STATUS_OK;
}

uint32_t sections_crc(const struct sections *s)
{
    return s->crc;
}

/* ---- overwriting ---- */

static struct entry *find_entry(char *base, const struct header *header, const char *name)
{
    struct entry *entries = (struct entry *)(base + header->table_offset);
    for (size_t i = 0; i < header->count; i++)
        if (strcmp(entries[i].name, name) == 0)
            return &entries[i];
    return NULL;
}

/* changed[sections]: each section is summed once, however many of its ranges go. */
static enum status zero_mapped(char *base, const char *path, const struct section_range *ranges,
                               size_t n_ranges, bool *changed, struct error *reterr)
{
    struct header *header = (struct header *)base;
    struct entry *entries = (struct entry *)(base + header->table_offset);
    for (size_t i = 0; i < n_ranges; i++)
        if (!find_entry(base, header, ranges[i].name))
            return error_set(reterr, STATUS_NOT_FOUND, "%s has no section '%s'", path,
                             ranges[i].name);
    for (size_t i = 0; i < n_ranges; i++) {
        const struct section_range *range = &ranges[i];
        struct entry *entry = find_entry(base, header, range->name);
        assert(range->offset <= entry->bytes && range->length <= entry->bytes - range->offset);
        if (range->length)
            memset(base + entry->offset + range->offset, 0, range->length);
        changed[entry - entries] = true;
    }
    for (size_t i = 0; i < header->count; i++)
        if (changed[i])
            entries[i].crc = crc32c(0, base + entries[i].offset, entries[i].bytes);
    header->table_crc = crc32c(0, entries, header->count * sizeof *entries);
    header->header_crc = crc32c(0, header, offsetof(struct header, header_crc));
    return STATUS_OK;
}

static enum status zero_file(int fd, size_t size, const char *path,
                             const struct section_range *ranges, size_t n_ranges, bool *changed,
                             struct error *reterr)
{
    char *base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (base == MAP_FAILED)
        return error_set_errno(reterr, errno, "cannot map %s", path);
    enum status status = zero_mapped(base, path, ranges, n_ranges, changed, reterr);
    if (msync(base, size, MS_SYNC) != 0 && status == STATUS_OK)
        status = error_set_errno(reterr, errno, "cannot sync %s", path);
    munmap(base, size);
    return status;
}

enum status sections_zero(const char *path, const struct section_range *ranges, size_t n_ranges,
                          struct error *reterr)
{
    struct sections *checked;
    enum status status = sections_open(path, &checked, reterr);
    if (status != STATUS_OK)
        return status;
    const size_t size = checked->size;
    bool *changed = calloc(checked->count ? checked->count : 1, sizeof *changed);
    sections_close(checked);
    if (!changed)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for %s", path);
    const int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        status = error_set_errno(reterr, errno, "cannot open %s", path);
    } else {
        status = zero_file(fd, size, path, ranges, n_ranges, changed, reterr);
        close(fd);
    }
    free(changed);
    return status;
}
