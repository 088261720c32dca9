/* What these catch: a damaged snapshot that is served, bytes that differ from run to run, a read
 * past the end of the mapping, an erasure that leaves the file unreadable. */
#include "base/sections.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "support/test.h"

static const float floats[] = {1.5f, -2, 3, 4, 5, 6};
static const uint32_t numbers[] = {7, 8, 9};

static void write_small(const char *path)
{
    struct sections_writer *writer;
    assert_int_equal(sections_create(path, &writer, NULL), STATUS_OK);
    sections_add(writer, "floats", SECTION_F32, 2, 3, floats);
    sections_add(writer, "nothing", SECTION_U64, 0, 1, NULL);
    sections_add(writer, "numbers", SECTION_U32, 3, 1, numbers);
    assert_int_equal(sections_finish(writer, NULL), STATUS_OK);
}

static void sections_come_back_as_they_were_added(void **state)
{
    struct sections *s;
    const struct section *section;
    write_small(in_folder(*state, "s"));
    assert_int_equal(sections_open(in_folder(*state, "s"), &s, NULL), STATUS_OK);
    assert_int_equal(sections_count(s), 3);
    section = sections_at(s, 0);
    assert_string_equal(section->name, "floats");
    assert_int_equal(section->type, SECTION_F32);
    assert_int_equal(section->rows, 2);
    assert_int_equal(section->columns, 3);
    assert_memory_equal(section->data, floats, sizeof floats);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal((uintptr_t)sections_at(s, i)->data % SECTION_ALIGNMENT, 0);
    assert_int_equal(sections_find(s, "nothing")->rows, 0);
    assert_memory_equal(sections_find(s, "numbers")->data, numbers, sizeof numbers);
    assert_null(sections_find(s, "number"));
    sections_close(s);
    sections_close(NULL);
}

static void a_prefix_is_a_file_within_the_file(void **state)
{
    struct sections_writer *writer;
    struct sections *s, *under;
    struct error err = {0};
    const struct section *section = NULL;
    const char *path = in_folder(*state, "s");
    assert_int_equal(sections_create(path, &writer, NULL), STATUS_OK);
    sections_add(writer, "numbers", SECTION_U32, 1, 1, numbers);
    sections_prefix(writer, "part/0/");
    sections_add(writer, "numbers", SECTION_U32, 3, 1, numbers);
    sections_prefix(writer, "");
    sections_add(writer, "floats", SECTION_F32, 2, 3, floats);
    assert_int_equal(sections_finish(writer, NULL), STATUS_OK);
    assert_int_equal(sections_open(path, &s, NULL), STATUS_OK);
    assert_int_equal(sections_find(s, "part/0/numbers")->rows, 3);
    assert_int_equal(sections_find(s, "numbers")->rows, 1);
    assert_int_equal(sections_under(s, "part/0/", &under), STATUS_OK);
    assert_int_equal(sections_count(under), 1);
    assert_int_equal(sections_need(under, "numbers", SECTION_U32, 3, 1, &section, &err), STATUS_OK);
    assert_memory_equal(section->data, numbers, sizeof numbers);
    assert_int_equal(sections_need(under, "floats", SECTION_F32, 2, 3, &section, &err),
                     STATUS_CORRUPT);
    assert_non_null(strstr(err.text, "'part/0/floats'"));
    sections_close(under);
    assert_memory_equal(sections_find(s, "floats")->data, floats, sizeof floats);
    sections_close(s);
}

static void what_is_needed_must_have_its_type_and_shape(void **state)
{
    struct sections *s;
    const struct section *section = NULL;
    struct error err = {0};
    write_small(in_folder(*state, "s"));
    assert_int_equal(sections_open(in_folder(*state, "s"), &s, NULL), STATUS_OK);
    assert_int_equal(sections_need(s, "floats", SECTION_F32, 2, 3, &section, &err), STATUS_OK);
    assert_int_equal(
        sections_need(s, "floats", SECTION_F32, UINT64_MAX, UINT64_MAX, &section, &err), STATUS_OK);
    section = NULL;
    assert_int_equal(sections_need(s, "floats", SECTION_F64, 2, 3, &section, &err), STATUS_CORRUPT);
    assert_int_equal(sections_need(s, "floats", SECTION_F32, 3, 2, &section, &err), STATUS_CORRUPT);
    assert_int_equal(sections_need(s, "floats", SECTION_F32, 2, 2, &section, &err), STATUS_CORRUPT);
    assert_non_null(strstr(err.text, "floats"));
    assert_int_equal(sections_need(s, "gone", SECTION_F32, 2, 2, &section, &err), STATUS_CORRUPT);
    assert_non_null(strstr(err.text, "gone"));
    assert_null(section);
    sections_close(s);
}

static void the_same_content_gives_the_same_bytes(void **state)
{
    write_small(in_folder(*state, "a"));
    file_put(in_folder(*state, "b"), "what was there before, and longer than nothing", 46);
    write_small(in_folder(*state, "b"));
    struct buffer a = file_bytes(in_folder(*state, "a")), b = file_bytes(in_folder(*state, "b"));
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.data, b.data, a.size);
    /* header, 24 bytes and padding, nothing, 12 bytes and padding, three entries */
    assert_int_equal(a.size, 64 + 64 + 64 + 3 * 128);
    assert_memory_equal(a.data, "TASTEVIN\1\0\0\0\3\0\0\0", 16);
    buffer_free(&a);
    buffer_free(&b);
}

/* Which bytes of the small file no checksum covers: the rest of the header and the padding. */
static bool is_padding(size_t at)
{
    return (at >= 40 && at < 64) || (at >= 64 + 24 && at < 128) || (at >= 128 + 12 && at < 192);
}

static void every_flipped_byte_is_refused_or_in_padding(void **state)
{
    char path[PATH_BYTES_MAX];
    strcpy(path, in_folder(*state, "s"));
    write_small(path);
    struct buffer good = file_bytes(path);
    for (size_t i = 0; i < good.size; i++)
        for (int bit = 0; bit < 8; bit += 7) {
            struct error err = {0};
            struct sections *s = NULL;
            good.data[i] ^= (char)(1 << bit);
            file_put(path, good.data, good.size);
            good.data[i] ^= (char)(1 << bit);
            const enum status status = sections_open(path, &s, &err);
            if (is_padding(i)) {
                assert_int_equal(status, STATUS_OK);
                assert_memory_equal(sections_find(s, "floats")->data, floats, sizeof floats);
                sections_close(s);
            } else {
                assert_int_equal(status, STATUS_CORRUPT);
                assert_null(s);
                assert_non_null(strstr(err.text, path));
            }
        }
    buffer_free(&good);
}

static void every_cut_and_every_addition_is_refused(void **state)
{
    char path[PATH_BYTES_MAX];
    strcpy(path, in_folder(*state, "s"));
    write_small(path);
    struct buffer good = file_bytes(path);
    for (size_t size = 0; size < good.size; size++) {
        struct sections *s = NULL;
        file_put(path, good.data, size);
        assert_int_equal(sections_open(path, &s, NULL), STATUS_CORRUPT);
    }
    buffer_append_byte(&good, 0);
    struct sections *s = NULL;
    file_put(path, good.data, good.size);
    assert_int_equal(sections_open(path, &s, NULL), STATUS_CORRUPT);
    buffer_free(&good);
}

static void put_u32(struct buffer *file, size_t at, uint32_t value)
{
    memcpy(file->data + at, &value, 4);
}

static void put_u64(struct buffer *file, size_t at, uint64_t value)
{
    memcpy(file->data + at, &value, 8);
}

/* Makes the checksums of table and header right again, as somebody could who means harm. */
static void seal(struct buffer *file)
{
    uint64_t table;
    uint32_t count;
    memcpy(&table, file->data + 16, 8);
    memcpy(&count, file->data + 12, 4);
    if (table <= file->size && count * 128ull <= file->size - table)
        put_u32(file, 32, crc32c(0, file->data + table, count * 128ull));
    put_u32(file, 36, crc32c(0, file->data, 36));
}

static void a_table_that_lies_is_refused_although_its_checksums_fit(void **state)
{
    enum {
        TABLE = 192,
        TYPE = TABLE + 48,
        OFFSET = TABLE + 56,
        BYTES = OFFSET + 8,
        ROWS = BYTES + 8,
        COLUMNS = ROWS + 8
    };
    static const struct {
        size_t at;
        uint64_t value;
        bool wide;
    } lies[] = {
        {TYPE, SECTION_TYPE_COUNT, false},
        {TYPE, UINT32_MAX, false},
        {TYPE, SECTION_F64, false},
        {OFFSET, 65, true},
        {OFFSET, UINT64_MAX - 63, true},
        {OFFSET, 1 << 20, true},
        {BYTES, UINT64_MAX, true},
        {BYTES, 25, true},
        {BYTES, 1000, true},
        {ROWS, UINT64_MAX, true},
        {ROWS, UINT64_MAX / 3 + 1, true},
        {ROWS, 3, true},
        {COLUMNS, UINT64_MAX, true},
        {COLUMNS, UINT64_C(1) << 62, true},
        {12, 4, false},
        {12, 0, false},
        {12, UINT32_MAX, false},
        {16, UINT64_MAX, true},
        {16, 191, true},
        {16, 0, true},
        {24, 1, true},
    };
    char path[PATH_BYTES_MAX];
    strcpy(path, in_folder(*state, "s"));
    write_small(path);
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        struct buffer file = file_bytes(path);
        if (lies[i].wide)
            put_u64(&file, lies[i].at, lies[i].value);
        else
            put_u32(&file, lies[i].at, (uint32_t)lies[i].value);
        seal(&file);
        file_put(in_folder(*state, "lie"), file.data, file.size);
        struct sections *s = NULL;
        assert_int_equal(sections_open(in_folder(*state, "lie"), &s, NULL), STATUS_CORRUPT);
        buffer_free(&file);
    }
    struct buffer file = file_bytes(path);
    memset(file.data + TABLE, 'n', 48); /* a name without an end */
    seal(&file);
    file_put(in_folder(*state, "lie"), file.data, file.size);
    struct sections *s = NULL;
    assert_int_equal(sections_open(in_folder(*state, "lie"), &s, NULL), STATUS_CORRUPT);
    put_u32(&file, 8, 2);
    seal(&file);
    file_put(in_folder(*state, "lie"), file.data, file.size);
    assert_int_equal(sections_open(in_folder(*state, "lie"), &s, NULL), STATUS_UNSUPPORTED);
    buffer_free(&file);
}

/* Zeroing one of them would change the other, whose checksum would then be wrong. */
static void sections_that_share_bytes_are_refused(void **state)
{
    static const uint32_t same[4] = {1, 2, 3, 4};
    const uint64_t shared[] = {64, 0}; /* the first section's bytes; the header's */
    char path[PATH_BYTES_MAX];
    strcpy(path, in_folder(*state, "twins"));
    struct sections_writer *writer;
    assert_int_equal(sections_create(path, &writer, NULL), 0);
    sections_add(writer, "a", SECTION_U32, 4, 1, same);
    sections_add(writer, "b", SECTION_U32, 4, 1, same);
    assert_int_equal(sections_finish(writer, NULL), 0);
    for (size_t i = 0; i < 2; i++) {
        struct buffer file = file_bytes(path);
        uint64_t table;
        memcpy(&table, file.data + 16, 8);
        const size_t second_offset = table + 128 + 56;
        put_u64(&file, second_offset, shared[i]);
        if (shared[i] == 0)
            put_u32(&file, second_offset - 4, crc32c(0, file.data, 16));
        seal(&file);
        file_put(in_folder(*state, "lie"), file.data, file.size);
        struct sections *s = NULL;
        assert_int_equal(sections_open(in_folder(*state, "lie"), &s, NULL), STATUS_CORRUPT);
        buffer_free(&file);
    }
}

static void a_file_without_sections_is_one(void **state)
{
    struct sections_writer *writer;
    struct sections *s;
    assert_int_equal(sections_create(in_folder(*state, "s"), &writer, NULL), STATUS_OK);
    assert_int_equal(sections_finish(writer, NULL), STATUS_OK);
    assert_int_equal(sections_open(in_folder(*state, "s"), &s, NULL), STATUS_OK);
    assert_int_equal(sections_count(s), 0);
    assert_null(sections_find(s, ""));
    sections_close(s);
}

static void what_cannot_be_opened_says_so(void **state)
{
    struct sections_writer *writer;
    struct sections *s;
    struct error err = {0};
    assert_int_equal(sections_open(in_folder(*state, "gone"), &s, &err), STATUS_NOT_FOUND);
    assert_int_equal(sections_open(*state, &s, &err), STATUS_IO);
    assert_int_equal(sections_create(*state, &writer, &err), STATUS_IO);
    assert_int_equal(sections_create(in_folder(*state, "gone/s"), &writer, &err), STATUS_NOT_FOUND);
}

static void a_full_disk_comes_out_at_the_end_and_leaves_nothing(void **state)
{
    static char bytes[300000];
    struct sections_writer *writer;
    struct rlimit before, small;
    struct error err = {0};
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 100000;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(sections_create(in_folder(*state, "s"), &writer, NULL), STATUS_OK);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    sections_add(writer, "large", SECTION_BYTES, sizeof bytes, 1, bytes);
    sections_add(writer, "after", SECTION_BYTES, 3, 1, bytes);
    const enum status status = sections_finish(writer, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(status, STATUS_IO);
    assert_int_equal(err.status, STATUS_IO);
    assert_int_not_equal(access(in_folder(*state, "s"), F_OK), 0);
}

static void an_overwritten_section_reads_back_and_changes_the_crc(void **state)
{
    char path[PATH_BYTES_MAX];
    strcpy(path, in_folder(*state, "s"));
    write_small(path);
    struct sections *s, *mapped;
    assert_int_equal(sections_open(path, &mapped, NULL), STATUS_OK);
    const uint32_t before = sections_crc(mapped);
    assert_int_equal(sections_zero(path, &(struct section_range){"numbers", 4, 8}, 1, NULL),
                     STATUS_OK);
    assert_int_equal(((const uint32_t *)sections_find(mapped, "numbers")->data)[1], 0);
    sections_close(mapped);
    assert_int_equal(sections_open(path, &s, NULL), STATUS_OK);
    const uint32_t *now = sections_find(s, "numbers")->data;
    assert_int_equal(now[0], 7);
    assert_int_equal(now[1], 0);
    assert_int_equal(now[2], 0);
    assert_memory_equal(sections_find(s, "floats")->data, floats, sizeof floats);
    assert_int_not_equal(sections_crc(s), before);
    sections_close(s);
    struct error err = {0};
    assert_int_equal(sections_zero(path, &(struct section_range){"gone", 0, 4}, 1, &err),
                     STATUS_NOT_FOUND);
    assert_int_equal(sections_zero(path, &(struct section_range){"nothing", 0, 0}, 1, &err),
                     STATUS_OK);
    struct buffer file = file_bytes(path);
    file.data[64] ^= 1;
    file_put(path, file.data, file.size);
    buffer_free(&file);
    assert_int_equal(sections_zero(path, &(struct section_range){"numbers", 0, 4}, 1, &err),
                     STATUS_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(sections_come_back_as_they_were_added),
        WITH_FOLDER(a_prefix_is_a_file_within_the_file),
        WITH_FOLDER(what_is_needed_must_have_its_type_and_shape),
        WITH_FOLDER(the_same_content_gives_the_same_bytes),
        WITH_FOLDER(every_flipped_byte_is_refused_or_in_padding),
        WITH_FOLDER(every_cut_and_every_addition_is_refused),
        WITH_FOLDER(a_table_that_lies_is_refused_although_its_checksums_fit),
        WITH_FOLDER(sections_that_share_bytes_are_refused),
        WITH_FOLDER(a_file_without_sections_is_one),
        WITH_FOLDER(what_cannot_be_opened_says_so),
        WITH_FOLDER(a_full_disk_comes_out_at_the_end_and_leaves_nothing),
        WITH_FOLDER(an_overwritten_section_reads_back_and_changes_the_crc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
