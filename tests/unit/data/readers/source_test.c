/* What these catch: line ends that make two lines or none, line numbers that drift, a truncated
 * download that passes for a whole file, lines without end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data/readers/reader.h"
#include "data/readers/source.h"

#include "unit/data/readers/collect.h"

struct fixture {
    char folder[64], path[PATH_BYTES_MAX];
};

static void put(struct fixture *f, const char *name, const void *bytes, size_t length)
{
    make_folder(f->folder);
    write_bytes(f->folder, name, bytes, length);
    assert_int_equal(path_join(f->path, f->folder, name), STATUS_OK);
}

static void drop(struct fixture *f)
{
    assert_int_equal(folder_remove(f->folder, NULL), STATUS_OK);
}

/* "NUMBER:text;" for each line, then the status. */
static void expect_lines(const char *name, const void *bytes, size_t length, const char *wanted)
{
    struct fixture f;
    struct source *source;
    struct source_line line;
    struct buffer out = {0};
    put(&f, name, bytes, length);
    assert_int_equal(source_open(f.path, &source, NULL), STATUS_OK);
    while (source_line(source, &line)) {
        buffer_printf(&out, "%llu:", (unsigned long long)line.number);
        buffer_append(&out, line.bytes, line.length);
        buffer_append_text(&out, line.overlong ? "!;" : ";");
    }
    buffer_append_text(&out, status_name(source_status(source, NULL)));
    assert_string_equal(out.data, wanted);
    source_close(source);
    buffer_free(&out);
    drop(&f);
}

static void every_kind_of_line_end_ends_one_line(void **state)
{
    (void)state;
    expect_lines("f", "a\nb\n", 4, "1:a;2:b;ok");
    expect_lines("f", "a\r\nb\r\n", 6, "1:a;2:b;ok");
    expect_lines("f", "a\rb\r", 4, "1:a;2:b;ok");
    expect_lines("f", "a\nb", 3, "1:a;2:b;ok"); /* no end at the end */
    expect_lines("f", "\n\r\n\rx", 5, "1:;2:;3:;4:x;ok");
    expect_lines("f", "", 0, "ok");
    expect_lines("f", "\xef\xbb\xbf", 3, "ok");
    expect_lines("f",
                 "\xef\xbb\xbf"
                 "a",
                 4, "1:a;ok");
}

static void a_line_end_may_straddle_two_blocks(void **state)
{
    (void)state;
    enum { BLOCK = 1 << 16 };
    char *bytes = malloc(BLOCK + 1);
    memset(bytes, 'x', BLOCK - 1);
    memcpy(bytes + BLOCK - 1, "\r\n", 2); /* the last byte of one block, the first of the next */
    struct fixture f;
    struct source *source;
    struct source_line line;
    put(&f, "f", bytes, BLOCK + 1);
    assert_int_equal(source_open(f.path, &source, NULL), STATUS_OK);
    assert_true(source_line(source, &line));
    assert_int_equal(line.length, BLOCK - 1);
    assert_false(source_line(source, &line));
    assert_true(source_share(source) == 1);
    source_close(source);
    drop(&f);
    free(bytes);
}

static void an_overlong_line_is_cut_and_the_next_one_is_whole(void **state)
{
    (void)state;
    const size_t length = 2 * READER_LINE_MAX;
    char *bytes = malloc(length + 3);
    memset(bytes, 'x', length);
    memcpy(bytes + length, "\nb\n", 3);
    struct fixture f;
    struct source *source;
    struct source_line line;
    put(&f, "f", bytes, length + 3);
    assert_int_equal(source_open(f.path, &source, NULL), STATUS_OK);
    assert_true(source_line(source, &line));
    assert_true(line.overlong && line.length <= READER_LINE_MAX);
    assert_true(source_line(source, &line));
    assert_false(line.overlong);
    assert_string_equal(line.bytes, "b");
    assert_int_equal(line.number, 2);
    source_close(source);
    drop(&f);
    free(bytes);
}

static size_t compress_lines(char *out, size_t room)
{
    struct buffer text = {0};
    for (int i = 0; i < 5000; i++)
        buffer_printf(&text, "%d\n", i * 7919 % 10007);
    z_stream stream = {.next_in = (unsigned char *)text.data,
                       .avail_in = (unsigned)text.size,
                       .next_out = (unsigned char *)out,
                       .avail_out = (unsigned)room};
    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    const size_t size = stream.total_out;
    deflateEnd(&stream);
    buffer_free(&text);
    return size;
}

static enum status read_all_of(const char *name, const void *bytes, size_t length, int *ret_lines,
                               struct error *reterr)
{
    struct fixture f;
    struct source *source;
    struct source_line line;
    put(&f, name, bytes, length);
    enum status status = source_open(f.path, &source, reterr);
    *ret_lines = 0;
    if (status == STATUS_OK) {
        while (source_line(source, &line))
            ++*ret_lines;
        status = source_status(source, reterr);
        source_close(source);
    }
    drop(&f);
    return status;
}

static void gzip_is_read_and_its_damage_is_told(void **state)
{
    (void)state;
    static char zipped[1 << 16];
    const size_t size = compress_lines(zipped, sizeof zipped);
    struct error err = {0};
    int lines;
    assert_int_equal(read_all_of("f.gz", zipped, size, &lines, &err), STATUS_OK);
    assert_int_equal(lines, 5000);
    assert_int_equal(read_all_of("f", zipped, size, &lines, &err), STATUS_OK); /* by its bytes */
    assert_int_equal(lines, 5000);
    for (size_t cut = 1; cut < size; cut += 1 + size / 50) { /* the trailer alone is missing too */
        const enum status status = read_all_of("f.gz", zipped, size - cut, &lines, &err);
        if (status != STATUS_CORRUPT && size - cut >= 10)
            fail_msg("cut by %zu: %s", cut, status_name(status));
    }
    assert_non_null(strstr(err.text, "f.gz"));
    zipped[size / 2] ^= 0x55;
    assert_int_equal(read_all_of("f.gz", zipped, size, &lines, &err), STATUS_CORRUPT);
    assert_int_equal(read_all_of("f.gz", "plain\n", 6, &lines, &err), STATUS_MALFORMED);
}

static void what_cannot_be_opened_is_named(void **state)
{
    (void)state;
    struct source *source;
    struct error err = {0};
    assert_int_equal(source_open("/nonexistent/x", &source, &err), STATUS_NOT_FOUND);
    assert_non_null(strstr(err.text, "/nonexistent/x"));
    assert_int_equal(source_open("/tmp", &source, &err), STATUS_IO);
    assert_non_null(strstr(err.text, "folder"));
}

/* Reads n bytes as text, END as '$'. */
static void take(struct source *source, size_t n, struct buffer *out)
{
    while (n--) {
        const int c = source_next(source);
        buffer_append_byte(out, c == SOURCE_END ? '$' : (char)c);
    }
}

static void bytes_since_a_mark_come_again_with_their_line_numbers(void **state)
{
    (void)state;
    struct fixture f;
    struct source *source;
    struct buffer out = {0};
    put(&f, "f", "a\nb\nc\nd\n", 8);
    assert_int_equal(source_open(f.path, &source, NULL), STATUS_OK);
    take(source, 2, &out);
    source_mark(source);
    take(source, 4, &out);
    assert_int_equal(source_since_mark(source), 4);
    source_return(source);
    assert_int_equal(source_line_number(source), 2);
    take(source, 2, &out); /* "b" again, then a mark among bytes that come again, and past them */
    source_mark(source);
    take(source, 5, &out);
    source_return(source);
    assert_int_equal(source_peek(source), 'c');
    assert_int_equal(source_line_number(source), 3);
    take(source, 5, &out);
    assert_string_equal(out.data, "a\nb\nc\nb\nc\nd\n$c\nd\n$");
    source_close(source);
    buffer_free(&out);
    drop(&f);
}

static void many_marks_in_a_row_lose_no_byte(void **state)
{
    (void)state;
    struct fixture f;
    struct source *source;
    struct buffer text = {0};
    for (int i = 0; i < 100000; i++)
        buffer_append_byte(&text, (char)('a' + i % 26));
    put(&f, "f", text.data, text.size);
    assert_int_equal(source_open(f.path, &source, NULL), STATUS_OK);
    for (int i = 0; i + 10 < 100000; i += 3) { /* ten bytes ahead, back, three on */
        source_mark(source);
        for (int k = 0; k < 10; k++)
            assert_int_equal(source_next(source), 'a' + (i + k) % 26);
        source_return(source);
        for (int k = 0; k < 3; k++)
            assert_int_equal(source_next(source), 'a' + (i + k) % 26);
    }
    source_close(source);
    buffer_free(&text);
    drop(&f);
}

/* Blocks: what was peeked at comes first, a mark of the byte order never. */
static void blocks_are_the_bytes_that_are_left(void **state)
{
    (void)state;
    struct fixture f;
    struct source *source;
    enum { SIZE = 200000 };
    char *bytes = malloc(SIZE), *out = malloc(SIZE);
    assert_true(bytes && out);
    memcpy(bytes, "\xef\xbb\xbf", 3);
    for (size_t i = 3; i < SIZE; i++)
        bytes[i] = (char)(i * 31 % 127);
    put(&f, "b.txt", bytes, SIZE);
    assert_int_equal(source_open(f.path, &source, NULL), STATUS_OK);
    assert_int_equal(source_next(source), bytes[3]);
    size_t at = 0, n;
    while ((n = source_read(source, out + at, at % 2 ? 7 : 70000)) > 0) {
        at += n;
        assert_true(at <= SIZE - 4);
    }
    assert_int_equal(at, SIZE - 4);
    assert_memory_equal(out, bytes + 4, at);
    assert_int_equal(source_read(source, out, 1), 0);
    assert_int_equal(source_next(source), SOURCE_END);
    assert_int_equal(source_status(source, NULL), STATUS_OK);
    source_close(source);
    free(bytes);
    free(out);
    drop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_line_end_ends_one_line),
        cmocka_unit_test(a_line_end_may_straddle_two_blocks),
        cmocka_unit_test(an_overlong_line_is_cut_and_the_next_one_is_whole),
        cmocka_unit_test(gzip_is_read_and_its_damage_is_told),
        cmocka_unit_test(what_cannot_be_opened_is_named),
        cmocka_unit_test(bytes_since_a_mark_come_again_with_their_line_numbers),
        cmocka_unit_test(many_marks_in_a_row_lose_no_byte),
        cmocka_unit_test(blocks_are_the_bytes_that_are_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
