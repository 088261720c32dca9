/* What these catch: a generation of MovieLens that is not recognised, Latin-1 titles that stay
 * Latin-1, genres one column off, the demo's data read wrongly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/data/readers/collect.h"

static enum status read_folder(const char *folder, struct buffer *out, struct error *reterr)
{
    const struct reader_sink sink = collect_into(out);
    const struct reader_settings settings = plain_settings();
    buffer_append_text(out, "");
    return reader_class_find("movielens", NULL)->read(folder, &settings, &sink, NULL, reterr);
}

static void put(const char *folder, const char *name, const char *text)
{
    write_bytes(folder, name, text, strlen(text));
}

static void the_100k_folder_becomes_utf8_with_genres_and_users(void **state)
{
    (void)state;
    char folder[64];
    struct buffer out = {0};
    make_folder(folder);
    put(folder, "u.user", "1|24|M|technician|85711\n");
    put(folder, "u.item",
        "7|Cit\xe9 des enfants perdus, La (1995)|01-Jan-1995||http://x|"
        "0|0|1|0|0|0|0|0|0|0|0|0|0|0|0|1|0|0|0\n"
        "267|unknown||||1|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0\n"
        "8|short|1\n");
    put(folder, "u.data", "1 7 4\t881250949\n1\t267\tx\t881250949\n");
    assert_int_equal(read_folder(folder, &out, NULL), STATUS_OK);
    assert_string_equal(
        out.data,
        "user {\"id\":\"1\",\"attributes\":{\"age\":24,\"gender\":\"M\","
        "\"occupation\":\"technician\",\"zip_code\":\"85711\"}}\n"
        "item {\"id\":\"7\",\"title\":\"Cité des enfants perdus, La (1995)\","
        "\"categories\":[\"Adventure\",\"Sci-Fi\"],\"hidden\":false,\"available\":true,"
        "\"attributes\":{\"genres\":[\"Adventure\",\"Sci-Fi\"],\"year\":1995}}\n"
        "item {\"id\":\"267\",\"title\":\"unknown\",\"hidden\":false,\"available\":true,"
        "\"attributes\":{}}\n"
        "broken 3 malformed: the line has 3 fields and not 24: id|title|release|video|url|19 genre "
        "flags\n"
        "event {\"user\":\"1\",\"item\":\"7\",\"type\":\"rating\","
        "\"timestamp\":\"1997-12-04T15:55:49.000Z\",\"rating\":4}\n"
        "broken 2 malformed: rating is 'x', which is not a number\n");
    buffer_free(&out);
    folder_remove(folder, NULL);
}

static void the_1m_folder_is_read_in_either_encoding(void **state)
{
    (void)state;
    char folder[64];
    struct buffer out = {0};
    make_folder(folder);
    put(folder, "users.dat", "2::F::56::16::70072\n");
    put(folder, "movies.dat",
        "73::Mis\xe9rables, Les (1995)::Drama|Musical\n74::Am\xc3\xa9lie::Comedy\n");
    put(folder, "ratings.dat", "2::73::3.5::978300760\n");
    assert_int_equal(read_folder(folder, &out, NULL), STATUS_OK);
    assert_string_equal(
        out.data,
        "user {\"id\":\"2\",\"attributes\":{\"age\":56,\"gender\":\"F\","
        "\"occupation\":\"self-employed\",\"zip_code\":\"70072\"}}\n"
        "item {\"id\":\"73\",\"title\":\"Misérables, Les (1995)\","
        "\"categories\":[\"Drama\",\"Musical\"],\"hidden\":false,\"available\":true,"
        "\"attributes\":{\"genres\":[\"Drama\",\"Musical\"],\"year\":1995}}\n"
        "item {\"id\":\"74\",\"title\":\"Amélie\",\"categories\":[\"Comedy\"],\"hidden\":false,"
        "\"available\":true,\"attributes\":{\"genres\":[\"Comedy\"]}}\n"
        "event {\"user\":\"2\",\"item\":\"73\",\"type\":\"rating\","
        "\"timestamp\":\"2000-12-31T22:12:40.000Z\",\"rating\":3.5}\n");
    buffer_free(&out);
    folder_remove(folder, NULL);
}

static void the_csv_folder_keeps_quoted_titles(void **state)
{
    (void)state;
    char folder[64];
    struct buffer out = {0};
    make_folder(folder);
    put(folder, "movies.csv",
        "movieId,title,genres\r\n11,\"American President, The (1995) \",Comedy|Drama\r\n"
        "12,Odd (2a01),(no genres listed)\r\n");
    put(folder, "ratings.csv", "userId,movieId,rating,timestamp\n1,11,4.5,964982703\n1,11\n");
    assert_int_equal(read_folder(folder, &out, NULL), STATUS_OK);
    assert_string_equal(
        out.data,
        "item {\"id\":\"11\",\"title\":\"American President, The (1995)\","
        "\"categories\":[\"Comedy\",\"Drama\"],\"hidden\":false,\"available\":true,"
        "\"attributes\":{\"genres\":[\"Comedy\",\"Drama\"],\"year\":1995}}\n"
        "item {\"id\":\"12\",\"title\":\"Odd (2a01)\",\"hidden\":false,\"available\":true,"
        "\"attributes\":{}}\n"
        "event {\"user\":\"1\",\"item\":\"11\",\"type\":\"rating\","
        "\"timestamp\":\"2000-07-30T18:45:03.000Z\",\"rating\":4.5}\n"
        "broken 3 malformed: the line has 2 fields and not 4: userId,movieId,rating,timestamp\n");
    buffer_free(&out);
    folder_remove(folder, NULL);
}

static void single_files_are_told_by_their_first_line(void **state)
{
    (void)state;
    const char *event = "event {\"user\":\"1\",\"item\":\"2\",\"type\":\"rating\","
                        "\"timestamp\":\"1970-01-01T00:00:09.000Z\",\"rating\":3}\n";
    expect("movielens", "u1.base", "1\t2\t3\t9\n", NULL, event);
    expect("movielens", "part", "1::2::3::9\n", NULL, event);
    expect("movielens", "part", "userId,movieId,rating,timestamp\n1,2,3,9\n", NULL, event);
    expect_refusal("movielens", "part", "hello\n", NULL, STATUS_NOT_FOUND, "none of the files");
    expect_refusal("movielens", "part", "", NULL, STATUS_NOT_FOUND, "none of the files");
}

static void a_folder_of_something_else_is_refused(void **state)
{
    (void)state;
    char folder[64];
    struct buffer out = {0};
    struct error err = {0};
    make_folder(folder);
    put(folder, "movies.csv", "movieId,title,genres\n");
    assert_int_equal(read_folder(folder, &out, &err), STATUS_NOT_FOUND);
    assert_non_null(strstr(err.text, "ratings.csv"));
    assert_string_equal(out.data, "");
    buffer_free(&out);
    folder_remove(folder, NULL);
}

struct counts {
    int items, events, broken, with_year;
};

static enum status count_item(void *context, const struct reader_place *place,
                              const struct item_record *item)
{
    (void)place;
    struct counts *counts = context;
    counts->items++;
    counts->with_year += strstr(item->attributes, "\"year\":") != NULL;
    return item_check(item, NULL);
}

static enum status count_event(void *context, const struct reader_place *place,
                               const struct event_record *event)
{
    (void)place;
    ((struct counts *)context)->events++;
    return event_check(event, TIME_MS_MAX, NULL);
}

static enum status count_broken(void *context, const struct reader_place *place,
                                const struct error *why)
{
    (void)place;
    (void)why;
    ((struct counts *)context)->broken++;
    return STATUS_OK;
}

/* Lines of a file of the demo below its header, by another way than the reader's. */
static int rows_of(const char *path)
{
    struct buffer bytes = {0};
    assert_int_equal(file_read(path, 1 << 26, &bytes, NULL), STATUS_OK);
    int rows = bytes.size && bytes.data[bytes.size - 1] != '\n';
    for (size_t i = 0; i < bytes.size; i++)
        rows += bytes.data[i] == '\n';
    buffer_free(&bytes);
    return rows - 1;
}

static void the_demo_data_is_read_whole(void **state)
{
    (void)state;
    struct counts counts = {0};
    const struct reader_sink sink = {&counts, NULL, count_item, count_event, count_broken};
    const struct reader_settings settings = plain_settings();
    struct error err = {0};
    assert_int_equal(reader_class_find("movielens", NULL)
                         ->read(SOURCE_ROOT "/demo/ml-latest-small", &settings, &sink, NULL, &err),
                     STATUS_OK);
    assert_int_equal(counts.items, rows_of(SOURCE_ROOT "/demo/ml-latest-small/movies.csv"));
    assert_int_equal(counts.events, rows_of(SOURCE_ROOT "/demo/ml-latest-small/ratings.csv"));
    assert_int_equal(counts.broken, 0);
    assert_true(counts.events > 100000 && counts.with_year > 9700);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_100k_folder_becomes_utf8_with_genres_and_users),
        cmocka_unit_test(the_1m_folder_is_read_in_either_encoding),
        cmocka_unit_test(the_csv_folder_keeps_quoted_titles),
        cmocka_unit_test(single_files_are_told_by_their_first_line),
        cmocka_unit_test(a_folder_of_something_else_is_refused),
        cmocka_unit_test(the_demo_data_is_read_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
