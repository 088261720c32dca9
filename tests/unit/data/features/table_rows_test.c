/* What these catch: cells that differ from those of readers/csv.h, records that break where a block
 * ends, line numbers that drift, a table cut short that passes for a whole one. */
#include "data/features/table_rows.h"

#include <stdlib.h>
#include <string.h>

#include "support/test.h"

struct form {
    char delimiter, comment;
    bool trim;
};
static const struct form plain = {',', '\0', false}, census = {',', '|', true};

static struct table_rows open_rows(const char *path, struct form form)
{
    struct source *source;
    struct table_rows rows;
    assert_int_equal(source_open(path, &source, NULL), STATUS_OK);
    assert_int_equal(table_rows_open(&rows, source, form.delimiter, form.comment, form.trim),
                     STATUS_OK);
    return rows;
}

/* "LINE:cell|cell;" for each record, then what ended it. */
static void expect(const char *folder, struct form form, const char *bytes, size_t length,
                   const char *wanted)
{
    struct buffer out = {0};
    struct error err = {0};
    bool end = false;
    file_put(in_folder(folder, "t.csv"), bytes, length);
    struct table_rows rows = open_rows(in_folder(folder, "t.csv"), form);
    enum status status;
    while ((status = table_rows_next(&rows, &end, &err)) == STATUS_OK && !end) {
        buffer_printf(&out, "%llu:", (unsigned long long)rows.line);
        for (uint32_t i = 0; i < rows.n_cells; i++) {
            buffer_append_text(&out, i ? "|" : "");
            buffer_append(&out, rows.cells[i].bytes, rows.cells[i].length);
        }
        buffer_append_byte(&out, ';');
    }
    if (status != STATUS_OK)
        buffer_printf(&out, "%llu: %s", (unsigned long long)rows.line, err.text);
    buffer_append_text(&out, "");
    assert_string_equal(out.data ? out.data : "", wanted);
    table_rows_close(&rows);
    buffer_free(&out);
}
#define EXPECT(form, text, wanted) expect(*state, form, text, sizeof(text) - 1, wanted)

static void cells_are_those_of_rfc_4180(void **state)
{
    EXPECT(plain, "a,b\r\n1,\"x, \"\"y\"\"\nz\"\n\n2,\"\"\r3,p\"q\"\n",
           "1:a|b;2:1|x, \"y\"\nz;5:2|;6:3|p\"q\";");
    EXPECT(plain, "a, b ,\n,,", "1:a| b |;2:||;");
    EXPECT(plain, "\xef\xbb\xbfo\xc3\xa9,b", "1:o\xc3\xa9|b;");
    EXPECT(plain, "", "");
    EXPECT(plain, "\n\r\n\r", "");
    EXPECT(plain, "\"a\r\nb\"\nc", "1:a\r\nb;3:c;");
}

static void blanks_and_comments_go_where_they_are_told_to(void **state)
{
    EXPECT(census, "|1x3 Cross validator\n39, State-gov ,  \"a \"\" b\" ,\t<=50K\n| end",
           "2:39|State-gov|a \" b|<=50K;");
    EXPECT(census, "a |b, |c\n", "1:a |b||c;");
    EXPECT(((struct form){'\t', '\0', true}), " a \t\t b\n", "1:a||b;");
}

static void faults_are_told_at_their_line(void **state)
{
    EXPECT(plain, "a,b\n\"c\"d,e\n",
           "1:a|b;2: a cell goes on after its closing quote; double the "
           "quotes within");
    EXPECT(plain, "a\n\nb,\"c\nd\n", "1:a;3: a quote opens here that is not closed");
    EXPECT(plain, "a\nb\0c\n", "1:a;2: the line holds a NUL byte");
    EXPECT(plain, "a\nb,\xff\n",
           "1:a;2: the line is not valid UTF-8; convert the file, for "
           "example with iconv");
}

static void what_has_no_end_is_refused(void **state)
{
    const size_t size = TABLE_RECORD_MAX + (1 << 19);
    char *bytes = malloc(size);
    assert_non_null(bytes);
    const char *too_long = "1: the line is longer than 1 MiB, or a quote opens here that is not "
                           "closed within it";
    memset(bytes, 'x', size);
    expect(*state, plain, bytes, size, too_long);
    *bytes = '"';
    expect(*state, plain, bytes, size, too_long);
    *bytes = '|';
    expect(*state, census, bytes, size, "1: the comment is longer than 1 MiB");
    memset(bytes, ',', size);
    expect(*state, plain, bytes, size, "1: the line has more than 4,096 cells");
    free(bytes);
}

/* Records of all kinds at every place of a block's end: blocks have 256 KiB. */
static void records_are_the_same_wherever_a_block_ends(void **state)
{
    static const char record[] = "ab,\"c\"\"d\r\ne\", f\r\n|x\r\n\r\n";
    struct buffer text = {0};
    for (size_t pad = 0; pad < sizeof record; pad++) {
        buffer_clear(&text);
        for (size_t i = 0; i < pad; i++)
            buffer_append_byte(&text, '\n');
        while (text.size < 600000)
            buffer_append(&text, record, sizeof record - 1);
        file_put(in_folder(*state, "t.csv"), text.data, text.size);
        struct table_rows rows = open_rows(in_folder(*state, "t.csv"), census);
        uint64_t n = 0;
        for (bool end = false;;) {
            assert_int_equal(table_rows_next(&rows, &end, NULL), STATUS_OK);
            if (end)
                break;
            assert_int_equal(rows.line, pad + 1 + 4 * n);
            assert_int_equal(rows.n_cells, 3);
            assert_int_equal(rows.cells[1].length, 6);
            assert_memory_equal(rows.cells[1].bytes, "c\"d\r\ne", 6);
            assert_memory_equal(rows.cells[2].bytes, "f", 1);
            n++;
        }
        assert_int_equal(n, (text.size - pad) / (sizeof record - 1));
        table_rows_close(&rows);
    }
    buffer_free(&text);
}

static void a_damaged_file_is_not_a_shorter_one(void **state)
{
    struct buffer whole = file_bytes(SOURCE_ROOT "/demo/adult/adult.test.gz");
    const char *path = in_folder(*state, "cut.gz");
    file_put(path, whole.data, whole.size / 2);
    struct table_rows rows = open_rows(path, census);
    struct error err = {0};
    bool end = false;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && !end)
        status = table_rows_next(&rows, &end, &err);
    assert_int_equal(status, STATUS_CORRUPT);
    assert_non_null(strstr(err.text, "compressed data"));
    table_rows_close(&rows);
    buffer_free(&whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(cells_are_those_of_rfc_4180),
        WITH_FOLDER(blanks_and_comments_go_where_they_are_told_to),
        WITH_FOLDER(faults_are_told_at_their_line),
        WITH_FOLDER(what_has_no_end_is_refused),
        WITH_FOLDER(records_are_the_same_wherever_a_block_ends),
        WITH_FOLDER(a_damaged_file_is_not_a_shorter_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
