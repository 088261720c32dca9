/* What these catch: quoting that differs from RFC 4180, columns taken for others, cells that become
 * wrong values in silence, one broken line that spoils its neighbours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/data/readers/collect.h"

#define EVENT(user, item, rest)                                                                    \
    "event {\"user\":\"" user "\",\"item\":\"" item "\",\"type\":" rest "}\n"

static void quotes_follow_rfc_4180(void **state)
{
    (void)state;
    expect("csv", "f.csv",
           "id,title,note\r\n"
           "1,\"a, \"\"b\"\"\r\nc\",\"\"\r\n"
           "2,plain \"quotes\" stay,x\r\n",
           NULL,
           "item {\"id\":\"1\",\"title\":\"a, \\\"b\\\"\\r\\nc\",\"hidden\":false,"
           "\"available\":true,\"attributes\":{}}\n"
           "item {\"id\":\"2\",\"title\":\"plain \\\"quotes\\\" stay\",\"hidden\":false,"
           "\"available\":true,\"attributes\":{\"note\":\"x\"}}\n");
}

static void broken_lines_are_told_and_their_neighbours_read(void **state)
{
    (void)state;
    expect("csv", "f.csv",
           "user,item,rating\n"
           "u,a,1\n"
           "u,b\n"
           "u,c,good\n"
           "u,\"d\"x,1\n"
           "\n"
           "u,\xff,1\n"
           "u,e,2\n",
           NULL,
           "timeless " EVENT(
               "u", "a", "\"rating\",\"rating\":1") "broken 3 malformed: the line has 2 cells; "
                                                    "there are 3 columns\n"
                                                    "broken 4 malformed: rating is 'good', which "
                                                    "is not a number\n"
                                                    "broken 5 malformed: a cell goes on after its "
                                                    "closing quote; double the quotes within\n"
                                                    "broken 7 malformed: the line is not valid "
                                                    "UTF-8; convert the file, for example with "
                                                    "iconv\n"
                                                    "timeless " EVENT("u", "e",
                                                                      "\"rating\",\"rating\":2"));
}

static void line_numbers_count_lines_within_quotes(void **state)
{
    (void)state;
    expect("csv", "f.csv", "id,title\n1,\"a\nb\n\nc\"\n2\n", NULL,
           "item {\"id\":\"1\",\"title\":\"a\\nb\\n\\nc\",\"hidden\":false,\"available\":true,"
           "\"attributes\":{}}\n"
           "broken 6 malformed: the line has 1 cell; there are 2 columns\n");
}

static void a_nul_byte_breaks_its_line_only(void **state)
{
    (void)state;
    static const char text[] = "user,item,type\nu,a\0b,view\nu,c,view\n";
    struct buffer out = {0};
    assert_int_equal(read_bytes("csv", "f.csv", text, sizeof text - 1, NULL, &out, NULL),
                     STATUS_OK);
    assert_string_equal(out.data, "broken 2 malformed: the line holds a NUL byte\n"
                                  "timeless " EVENT("u", "c", "\"view\""));
    buffer_free(&out);
}

static void an_open_quote_cannot_swallow_more_than_one_line_may_hold(void **state)
{
    (void)state;
    struct buffer text = {0}, out = {0};
    buffer_append_text(&text, "user,item,type\nu,\"a,view\n");
    for (int i = 0; i < READER_LINE_MAX; i++)
        buffer_append_byte(&text, i % 64 ? 'x' : '\n');
    buffer_append_text(&text, "\nu,c,view\n");
    assert_int_equal(read_bytes("csv", "f.csv", text.data, text.size, NULL, &out, NULL), STATUS_OK);
    assert_non_null(strstr(out.data, "broken 2 too large: "));
    assert_non_null(strstr(out.data, EVENT("u", "c", "\"view\"")));
    buffer_free(&text);
    buffer_free(&out);
}

static void a_stray_quote_costs_its_own_line_only(void **state)
{
    (void)state;
    struct buffer text = {0}, out = {0};
    buffer_append_text(&text, "user,item,type\r\n");
    for (int i = 0; i < 2000; i++)
        buffer_printf(&text, i == 700 ? "u,\"%d,view\r\n" : "u,%d,view\r\n", i);
    assert_int_equal(read_bytes("csv", "f.csv", text.data, text.size, NULL, &out, NULL), STATUS_OK);
    size_t events = 0;
    for (const char *at = out.data; (at = strstr(at, "event {")); at++)
        events++;
    assert_int_equal(events, 1999);
    assert_non_null(strstr(out.data, "broken 702 malformed: a quote opens here that is not closed\n"
                                     "timeless " EVENT("u", "701", "\"view\"")));
    assert_null(strstr(strstr(out.data, "broken ") + 1, "broken "));
    buffer_free(&text);
    buffer_free(&out);
}

static void a_quote_that_a_later_line_closes_costs_its_own_line_only(void **state)
{
    (void)state;
#define JOINED "malformed: a quote opens here that a later line closes, so that "
#define GOES_ON                                                                                    \
    "malformed: a quote opens here that is closed in a later line, where its cell goes on; close " \
    "it here, or double the quotes within\n"
    /* The quotes join lines to three cells, to one that goes on after its closing quote, to two
     * cells, and to four. */
    expect("csv", "f.csv",
           "user,item,type\n"
           "u,\"a,view\nu,b\",view\n"
           "u,\"c,view\nu,\"d\",view\n"
           "u,\"e,view\n\"\nu,f,view\n"
           "u,g,\"view\n\",x\n",
           NULL,
           "broken 2 " JOINED "item holds a line end\n"
           "timeless " EVENT("u", "b\\\"", "\"view\"") "broken 4 " GOES_ON "timeless " EVENT(
               "u", "d", "\"view\"") "broken 6 " JOINED
                                     "the line has 2 cells; there are 3 columns\n"
                                     "broken 7 " GOES_ON "timeless " EVENT(
                                         "u", "f", "\"view\"") "broken 9 " JOINED
                                                               "there are more cells than columns\n"
                                                               "broken 10 malformed: a quote opens "
                                                               "here that is not closed\n");
#undef JOINED
#undef GOES_ON
}

static void a_misspelt_column_makes_no_table_of_another_kind(void **state)
{
    (void)state;
    struct reader_settings settings = plain_settings();
    expect_refusal("csv", "f.csv", "user,type\nu,v\n", NULL, STATUS_OUT_OF_RANGE,
                   "no column 'item' among user, type");
    expect_refusal("csv", "f.csv", "user,itm\nu,v\n", NULL, STATUS_NOT_FOUND,
                   "did you mean 'item'");
    expect_refusal("csv", "f.csv", "usr,itm\nu,v\n", NULL, STATUS_OUT_OF_RANGE,
                   "did you mean 'user' by 'usr'");
    expect_refusal("csv", "f.csv", "item,city\nu,v\n", NULL, STATUS_NOT_FOUND, "say the kind");
    expect_refusal("csv", "f.csv", "user,item,title\nu,v,t\n", NULL, STATUS_OUT_OF_RANGE,
                   "do not tell");
    settings.columns = "usr,item";
    expect_refusal("csv", "f.csv", "u,a\n", &settings, STATUS_NOT_FOUND, "did you mean 'user'");
}

static void a_quote_that_the_file_does_not_close_is_told(void **state)
{
    (void)state;
    expect("csv", "f.csv", "user,item,type\nu,a,view\nu,\"b,view\n", NULL,
           "timeless " EVENT(
               "u", "a", "\"view\"") "broken 3 malformed: a quote opens here that is not closed\n");
}

static void names_of_columns_come_in_many_spellings(void **state)
{
    (void)state;
    expect("csv", "f.csv",
           "\xef\xbb\xbf\"User ID\",productId,Event-Type,TIMESTAMP,price\ru,a,buy,1000,2.50\r",
           NULL,
           EVENT("u", "a", "\"buy\",\"timestamp\":\"1970-01-01T00:16:40.000Z\",\"price\":2.5"));
}

static void times_are_read_as_databases_print_them(void **state)
{
    (void)state;
    expect(
        "csv", "f.csv",
        "user,item,type,timestamp\n"
        "u,1,v,978300760\n"
        "u,2,v,978300760123\n"
        "u,3,v,2000-12-31T22:12:40Z\n"
        "u,4,v,2000-12-31 22:12:40.5\n"
        "u,5,v,2000-12-31 22:12:40+00\n"
        "u,6,v,2001-01-01 00:12:40+0200\n"
        "u,7,v,2000-12-31\n"
        "u,8,v,978300760.0\n"
        "u,9,v,31.12.2000\n"
        "u,10,v,1e300\n",
        NULL,
        EVENT("u", "1", "\"v\",\"timestamp\":\"2000-12-31T22:12:40.000Z\"") EVENT(
            "u", "2", "\"v\",\"timestamp\":\"2000-12-31T22:12:40.123Z\"")
            EVENT("u", "3", "\"v\",\"timestamp\":\"2000-12-31T22:12:40.000Z\"") EVENT(
                "u", "4", "\"v\",\"timestamp\":\"2000-12-31T22:12:40.500Z\"")
                EVENT("u", "5", "\"v\",\"timestamp\":\"2000-12-31T22:12:40.000Z\"") EVENT(
                    "u", "6", "\"v\",\"timestamp\":\"2000-12-31T22:12:40.000Z\"")
                    EVENT("u", "7", "\"v\",\"timestamp\":\"2000-12-31T00:00:00.000Z\"") EVENT(
                        "u", "8",
                        "\"v\",\"timestamp\":\"2000-12-31T22:12:40.000Z\"") "broken 10 malformed: "
                                                                            "'31.12.2000' is not a "
                                                                            "time; RFC 3339, unix "
                                                                            "seconds and "
                                                                            "milliseconds are "
                                                                            "read\n"
                                                                            "broken 11 out of "
                                                                            "range: there is no "
                                                                            "time '1e300'\n");
}

static void items_have_categories_flags_and_typed_attributes(void **state)
{
    (void)state;
    expect("csv", "f.csv",
           "item_id,title,genres,hidden,weight:number,new:bool,tags:list,zip,vector\n"
           "1,T, a/b | c|c,yes,1.50,F,x|y,01234,1|-2.5\n"
           "2,,,,,,,,\n",
           NULL,
           "item {\"id\":\"1\",\"title\":\"T\",\"categories\":[\"a/b\",\"c\"],\"hidden\":true,"
           "\"available\":true,\"vector\":[1,-2.5],\"attributes\":{\"weight\":1.5,\"new\":false,"
           "\"tags\":[\"x\",\"y\"],\"zip\":\"01234\"}}\n"
           "item {\"id\":\"2\",\"hidden\":false,\"available\":true,\"attributes\":{}}\n");
}

static void users_have_attributes(void **state)
{
    (void)state;
    struct reader_settings settings = plain_settings();
    settings.kind = "users";
    expect("csv", "f.tsv", "user\tcity\nu\tBrünn\n", &settings,
           "user {\"id\":\"u\",\"attributes\":{\"city\":\"Brünn\"}}\n");
}

static void given_columns_name_a_file_without_a_header_or_with_one(void **state)
{
    (void)state;
    struct reader_settings settings = plain_settings();
    settings.columns = "user,item,-,rating";
    expect("csv", "f.csv", "u,a,junk,3\n", &settings,
           "timeless " EVENT("u", "a", "\"rating\",\"rating\":3"));
    expect("csv", "f.csv", "userId,movieId,junk,rating\nu,a,junk,3\n", &settings,
           "timeless " EVENT("u", "a", "\"rating\",\"rating\":3"));
}

static void ratings_can_become_likes(void **state)
{
    (void)state;
    struct reader_settings settings = plain_settings();
    settings.positive_from = 4;
    expect("csv", "f.csv", "user,item,rating\nu,a,3.5\nu,b,4\n", &settings,
           "timeless " EVENT("u", "b", "\"like\""));
    settings.type = "purchase";
    expect("csv", "f.csv", "user,item,rating\nu,b,4\n", &settings,
           "timeless " EVENT("u", "b", "\"purchase\""));
}

static void tables_that_cannot_be_understood_are_refused_whole(void **state)
{
    (void)state;
    struct reader_settings settings = plain_settings();
    expect_refusal("csv", "f.csv", "user,item,tyype\nu,a,v\n", NULL, STATUS_NOT_FOUND,
                   "did you mean 'type'");
    expect_refusal("csv", "f.csv", "user,item\nu,a\n", NULL, STATUS_OUT_OF_RANGE, "which type");
    expect_refusal("csv", "f.csv", "id,city\nu,a\n", NULL, STATUS_OUT_OF_RANGE, "users, items");
    expect_refusal("csv", "f.csv", "user,user_id,item,type\nu,u,a,v\n", NULL, STATUS_OUT_OF_RANGE,
                   "twice");
    expect_refusal("csv", "f.csv", "id,title,city,city\na,b,c,d\n", NULL, STATUS_OUT_OF_RANGE,
                   "twice");
    expect_refusal("csv", "f.csv", "\"user,item", NULL, STATUS_MALFORMED, "first line");
    settings.kind = "interactions";
    expect_refusal("csv", "f.csv", "user,type\nu,v\n", &settings, STATUS_OUT_OF_RANGE, "'item'");
    settings.kind = "things";
    expect_refusal("csv", "f.csv", "user,type\nu,v\n", &settings, STATUS_OUT_OF_RANGE, "things");
}

static void more_columns_than_allowed_are_a_broken_line(void **state)
{
    (void)state;
    struct buffer text = {0}, out = {0};
    buffer_append_text(&text, "user,item,type\n");
    for (int i = 0; i < READER_COLUMNS_MAX; i++)
        buffer_append_text(&text, "x,");
    buffer_append_text(&text, "\nu,a,v\n");
    assert_int_equal(read_bytes("csv", "f.csv", text.data, text.size, NULL, &out, NULL), STATUS_OK);
    assert_string_equal(out.data, "broken 2 too large: the line has more than 256 columns\n"
                                  "timeless " EVENT("u", "a", "\"v\""));
    buffer_free(&text);
    buffer_free(&out);
}

static void empty_files_hold_nothing(void **state)
{
    (void)state;
    expect("csv", "f.csv", "", NULL, "");
    expect("csv", "f.csv", "\n\r\n", NULL, "");
    expect("csv", "f.csv", "user,item,type\n", NULL, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotes_follow_rfc_4180),
        cmocka_unit_test(broken_lines_are_told_and_their_neighbours_read),
        cmocka_unit_test(line_numbers_count_lines_within_quotes),
        cmocka_unit_test(a_nul_byte_breaks_its_line_only),
        cmocka_unit_test(an_open_quote_cannot_swallow_more_than_one_line_may_hold),
        cmocka_unit_test(a_stray_quote_costs_its_own_line_only),
        cmocka_unit_test(a_quote_that_a_later_line_closes_costs_its_own_line_only),
        cmocka_unit_test(a_misspelt_column_makes_no_table_of_another_kind),
        cmocka_unit_test(a_quote_that_the_file_does_not_close_is_told),
        cmocka_unit_test(names_of_columns_come_in_many_spellings),
        cmocka_unit_test(times_are_read_as_databases_print_them),
        cmocka_unit_test(items_have_categories_flags_and_typed_attributes),
        cmocka_unit_test(users_have_attributes),
        cmocka_unit_test(given_columns_name_a_file_without_a_header_or_with_one),
        cmocka_unit_test(ratings_can_become_likes),
        cmocka_unit_test(tables_that_cannot_be_understood_are_refused_whole),
        cmocka_unit_test(more_columns_than_allowed_are_a_broken_line),
        cmocka_unit_test(empty_files_hold_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
