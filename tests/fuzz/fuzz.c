#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/text.h"

char *fuzz_text(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    assert(text);
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

/* ---- files ---- */

static void write_all(int fd, const void *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        const ssize_t n = write(fd, (const char *)bytes + done, size - done);
        assert(n > 0);
        done += (size_t)n;
    }
}

struct fuzz_file fuzz_file_open(const void *bytes, size_t size)
{
    struct fuzz_file file = {.fd = memfd_create("fuzz", MFD_CLOEXEC)};
    assert(file.fd >= 0);
    snprintf(file.path, sizeof file.path, "/proc/self/fd/%d", file.fd);
    write_all(file.fd, bytes, size);
    return file;
}

void fuzz_file_close(struct fuzz_file *file)
{
    close(file->fd);
}

static char folder[PATH_BYTES_MAX];

static void remove_folder(void)
{
    folder_remove(folder, NULL);
}

const char *fuzz_folder(void)
{
    if (!folder[0]) {
        const char *parent = getenv("TMPDIR");
        snprintf(folder, sizeof folder, "%s/tastevin-fuzz-XXXXXX",
                 parent && *parent ? parent : "/tmp");
        char *made = mkdtemp(folder);
        assert(made);
        (void)made;
        atexit(remove_folder);
    }
    return folder;
}

void fuzz_write(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert(file);
    write_all(fileno(file), bytes, size);
    fclose(file);
}

/* ---- failures and records ---- */

void fuzz_check_failure(enum status status, const struct error *err)
{
    assert(status > STATUS_OK && status < STATUS_COUNT);
    assert(err->status == status);
    assert(err->text[0] && utf8_is_valid(err->text, strlen(err->text)));
    assert(utf8_is_valid(err->pointer, strlen(err->pointer)));
}

static enum status count(struct fuzz_counts *counts, enum status status, const struct error *err)
{
    counts->records++;
    if (status != STATUS_OK)
        fuzz_check_failure(status, err);
    return STATUS_OK;
}

static enum status take_user(void *context, const struct reader_place *place,
                             const struct user_record *user)
{
    struct error err = {0};
    assert(place->file);
    return count(context, user_check(user, &err), &err);
}

static enum status take_item(void *context, const struct reader_place *place,
                             const struct item_record *item)
{
    struct error err = {0};
    assert(place->file);
    return count(context, item_check(item, &err), &err);
}

static enum status take_event(void *context, const struct reader_place *place,
                              const struct event_record *event)
{
    struct error err = {0};
    assert(place->file);
    return count(context, event_check(event, 0, &err), &err);
}

static enum status take_broken(void *context, const struct reader_place *place,
                               const struct error *why)
{
    struct fuzz_counts *counts = context;
    assert(place->file);
    fuzz_check_failure(why->status, why);
    counts->broken++;
    return STATUS_OK;
}

struct reader_sink fuzz_sink(struct fuzz_counts *counts)
{
    *counts = (struct fuzz_counts){0};
    return (struct reader_sink){counts, take_user, take_item, take_event, take_broken};
}

/* ---- section files ---- */

enum {
    HEADER_BYTES = 64,
    HEADER_SUMMED = 36,
    COUNT_AT = 12,
    TABLE_OFFSET_AT = 16,
    FILE_SIZE_AT = 24,
    TABLE_CRC_AT = 32,
    ENTRY_BYTES = 128,
    ENTRY_CRC_AT = 52,
    ENTRY_OFFSET_AT = 56,
    ENTRY_SIZE_AT = 64
};

static uint64_t get_u64(const unsigned char *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static void put_crc(unsigned char *at, const void *bytes, size_t size)
{
    const uint32_t crc = crc32c(0, bytes, size);
    memcpy(at, &crc, sizeof crc);
}

void fuzz_mend_sections(unsigned char *bytes, size_t size)
{
    if (size < HEADER_BYTES)
        return;
    const uint32_t format = 1;
    const uint64_t most = (size - HEADER_BYTES) / ENTRY_BYTES;
    uint32_t n;
    memcpy(&n, bytes + COUNT_AT, sizeof n);
    n = n > most ? (uint32_t)most : n;
    const uint64_t table = size - (uint64_t)n * ENTRY_BYTES, file_size = size;
    memcpy(bytes, "TASTEVIN", 8);
    memcpy(bytes + 8, &format, sizeof format);
    memcpy(bytes + COUNT_AT, &n, sizeof n);
    memcpy(bytes + TABLE_OFFSET_AT, &table, sizeof table);
    memcpy(bytes + FILE_SIZE_AT, &file_size, sizeof file_size);
    for (uint32_t i = 0; i < n; i++) {
        unsigned char *entry = bytes + table + (size_t)i * ENTRY_BYTES;
        const uint64_t offset = get_u64(entry + ENTRY_OFFSET_AT),
                       length = get_u64(entry + ENTRY_SIZE_AT);
        if (offset <= table && length <= table - offset)
            put_crc(entry + ENTRY_CRC_AT, bytes + offset, length);
    }
    put_crc(bytes + TABLE_CRC_AT, bytes + table, (size_t)n * ENTRY_BYTES);
    put_crc(bytes + HEADER_SUMMED, bytes, HEADER_SUMMED);
}
