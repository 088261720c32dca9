#include "data/readers/source.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "data/readers/reader.h"

enum { BLOCK_BYTES = 1 << 16 };

struct source {
    gzFile file;
    char *path;
    int64_t total; /* bytes of the file; 0: not known */
    size_t at, filled;
    bool ended, after_cr;
    struct error err; /* of the failure that ended it */
    struct buffer line;
    uint64_t line_number;
    struct buffer kept; /* bytes since the mark; [again, size) are given once more */
    size_t again, mark;
    bool keeping, marked_after_cr;
    uint64_t marked_line;
    char block[BLOCK_BYTES];
};

static bool is_called_gz(const char *path)
{
    const size_t length = strlen(path);
    return length > 3 && strcmp(path + length - 3, ".gz") == 0;
}

static void fail(struct source *source)
{
    int code;
    const char *words = gzerror(source->file, &code);
    source->ended = true;
    if (code == Z_ERRNO)
        error_set_errno(&source->err, errno, "cannot read %s", source->path);
    else if (code == Z_MEM_ERROR)
        error_set(&source->err, STATUS_NO_MEMORY, "out of memory for %s", source->path);
    else if (code == Z_BUF_ERROR)
        error_set(&source->err, STATUS_CORRUPT,
                  "%s ends in the middle of its compressed data; fetch it again", source->path);
    else
        error_set(&source->err, STATUS_CORRUPT, "%s is damaged (%s); fetch it again", source->path,
                  words);
}

/* True when there is at least one byte to give. */
static bool fill(struct source *source)
{
    if (source->at < source->filled)
        return true;
    if (source->ended)
        return false;
    const int n = gzread(source->file, source->block, BLOCK_BYTES);
    source->at = 0;
    source->filled = n > 0 ? (size_t)n : 0;
    if (n > 0)
        return true;
    int code;
    gzerror(source->file, &code);
    source->ended = true;
    if (n < 0 || code == Z_BUF_ERROR)
        fail(source);
    return false;
}

static enum status open_descriptor(const char *path, int *ret_fd, int64_t *ret_total,
                                   struct error *reterr)
{
    const bool standard = strcmp(path, "-") == 0;
    const int fd =
        standard ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(reterr, errno, "cannot open %s", path);
    struct stat info;
    if (fstat(fd, &info) != 0 || S_ISDIR(info.st_mode)) {
        close(fd);
        return error_set(reterr, STATUS_IO, "%s is a folder; a file is needed", path);
    }
    *ret_fd = fd;
    *ret_total = S_ISREG(info.st_mode) ? info.st_size : 0;
    return STATUS_OK;
}

static void skip_byte_order_mark(struct source *source)
{
    if (fill(source) && source->filled >= 3 && memcmp(source->block, "\xef\xbb\xbf", 3) == 0)
        source->at = 3;
}

enum status source_open(const char *path, struct source **ret_source, struct error *reterr)
{
    struct source *source = calloc(1, sizeof *source);
    int fd = -1;
    if (!source)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for %s", path);
    source->path = strdup(path);
    source->line.limit = READER_LINE_MAX;
    source->line_number = 1;
    /* All of it now: a line that then fails is too long, and never only without memory. */
    if (!source->path || !buffer_reserve(&source->line, READER_LINE_MAX)) {
        source_close(source);
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for %s", path);
    }
    const enum status status = open_descriptor(path, &fd, &source->total, reterr);
    if (status != STATUS_OK) {
        source_close(source);
        return status;
    }
    source->file = gzdopen(fd, "rb");
    if (!source->file) {
        close(fd);
        source_close(source);
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for %s", path);
    }
    skip_byte_order_mark(source);
    if (is_called_gz(path) && gzdirect(source->file)) {
        source_close(source);
        return error_set(reterr, STATUS_MALFORMED, "%s is not compressed by gzip", path);
    }
    *ret_source = source;
    return STATUS_OK;
}

void source_close(struct source *source)
{
    if (!source)
        return;
    if (source->file)
        gzclose(source->file);
    buffer_free(&source->line);
    buffer_free(&source->kept);
    free(source->path);
    free(source);
}

int source_peek(struct source *source)
{
    if (source->again < source->kept.size)
        return (unsigned char)source->kept.data[source->again];
    return fill(source) ? (unsigned char)source->block[source->at] : SOURCE_END;
}

/* The next byte, from what is given again or from the file; kept while there is a mark. */
static int take(struct source *source)
{
    if (source->again < source->kept.size)
        return (unsigned char)source->kept.data[source->again++];
    if (!fill(source))
        return SOURCE_END;
    const int c = (unsigned char)source->block[source->at++];
    if (source->keeping) {
        buffer_append_byte(&source->kept, (char)c);
        source->again = source->kept.size;
    }
    if (source->kept.failed) {
        source->ended = true;
        error_set(&source->err, STATUS_NO_MEMORY, "out of memory for %s", source->path);
    }
    return c;
}

int source_next(struct source *source)
{
    const int c = take(source);
    if (c == SOURCE_END)
        return c;
    if (c == '\r' || (c == '\n' && !source->after_cr))
        source->line_number++;
    source->after_cr = c == '\r';
    return c;
}

/* What lies before the mark goes once it is more than what lies after it: each byte is moved at
 * most once for each time that it is kept. */
void source_mark(struct source *source)
{
    const size_t left = source->kept.size - source->again;
    if (left < source->again) {
        memmove(source->kept.data, source->kept.data + source->again, left);
        source->kept.size = left;
        source->again = 0;
    }
    source->keeping = true;
    source->mark = source->again;
    source->marked_line = source->line_number;
    source->marked_after_cr = source->after_cr;
}

size_t source_since_mark(const struct source *source)
{
    return source->again - source->mark;
}

void source_return(struct source *source)
{
    source->again = source->mark;
    source->line_number = source->marked_line;
    source->after_cr = source->marked_after_cr;
    source->keeping = false;
}

void source_forget(struct source *source)
{
    source->keeping = false;
}

enum status source_status(const struct source *source, struct error *reterr)
{
    if (source->err.status != STATUS_OK && reterr)
        *reterr = source->err;
    return source->err.status;
}

size_t source_read(struct source *source, void *out, size_t n)
{
    const size_t left = source->filled - source->at;
    if (left) {
        const size_t given = left < n ? left : n;
        memcpy(out, source->block + source->at, given);
        source->at += given;
        return given;
    }
    if (source->ended || n == 0)
        return 0;
    const int got = gzread(source->file, out, (unsigned)(n < INT_MAX ? n : INT_MAX));
    if (got > 0)
        return (size_t)got;
    int code;
    gzerror(source->file, &code);
    source->ended = true;
    if (got < 0 || code == Z_BUF_ERROR)
        fail(source);
    return 0;
}

bool source_line(struct source *source, struct source_line *ret_line)
{
    buffer_clear(&source->line);
    if (!fill(source))
        return false;
    const uint64_t number = source->line_number;
    bool line_ends = false;
    while (!line_ends && fill(source)) {
        const char *from = source->block + source->at;
        size_t n = 0, left = source->filled - source->at;
        while (n < left && from[n] != '\n' && from[n] != '\r')
            n++;
        if (n && !source->line.failed)
            buffer_append(&source->line, from, n);
        source->at += n;
        source->after_cr = source->after_cr && n == 0;
        if (n == left)
            continue;
        line_ends = true;
        if (source_next(source) == '\r' && source_peek(source) == '\n')
            source_next(source);
    }
    if (source->err.status != STATUS_OK)
        return false; /* half a line is no line */
    *ret_line = (struct source_line){.bytes = source->line.data ? source->line.data : "",
                                     .length = source->line.size,
                                     .number = number,
                                     .overlong = source->line.failed};
    return true;
}

uint64_t source_line_number(const struct source *source)
{
    return source->line_number;
}

double source_share(const struct source *source)
{
    const int64_t read = gzoffset(source->file);
    if (source->total <= 0 || read <= 0)
        return 0;
    return read < source->total ? (double)read / (double)source->total : 1;
}
