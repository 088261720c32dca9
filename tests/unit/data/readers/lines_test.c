/* Readers of one record a line: pairs and ndjson. What these catch: a line that is taken for
 * another kind of record, one broken line that ends the import, a reader that cannot be stopped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/data/readers/collect.h"

#define PAIR(user, item, type)                                                                     \
    "timeless event {\"user\":\"" user "\",\"item\":\"" item "\",\"type\":\"" type "\"}\n"

static void pairs_give_one_like_an_item(void **state)
{
    (void)state;
    expect("pairs", "f", "u a  b\t c \n\n   \nlonely\nv a\n", NULL,
           PAIR("u", "a", "like") PAIR("u", "b", "like") PAIR("u", "c", "like")
               PAIR("v", "a", "like"));
    struct reader_settings settings = plain_settings();
    settings.type = "purchase";
    expect("pairs", "f", "u a\n", &settings, PAIR("u", "a", "purchase"));
}

static void lines_of_json_are_told_apart(void **state)
{
    (void)state;
    expect("ndjson", "f",
           "{\"id\":\"u\",\"attributes\":{}}\n"
           "{\"id\":\"i\",\"hidden\":true}\n"
           "{\"user\":\"u\",\"item\":\"i\",\"type\":\"view\"}\r\n"
           "{\"kind\":\"item\",\"id\":\"j\"}\n",
           NULL,
           "user {\"id\":\"u\",\"attributes\":{}}\n"
           "item {\"id\":\"i\",\"hidden\":true,\"available\":true,\"attributes\":{}}\n" PAIR(
               "u", "i", "view") "item {\"id\":\"j\",\"hidden\":false,\"available\":true,"
                                 "\"attributes\":{}}\n");
    struct reader_settings settings = plain_settings();
    settings.kind = "items";
    expect("ndjson", "f", "{\"id\":\"i\"}\n", &settings,
           "item {\"id\":\"i\",\"hidden\":false,\"available\":true,\"attributes\":{}}\n");
    settings.kind = "widgets";
    expect_refusal("ndjson", "f", "{}", &settings, STATUS_OUT_OF_RANGE, "widgets");
}

static void broken_json_breaks_its_line_only(void **state)
{
    (void)state;
    struct buffer out = {0};
    static const char text[] = "{\"id\":\"a\"}\n{\"id\":\n[1]\n{\"kind\":5}\n{\"id\":\"\xff\"}\n"
                               "{\"id\":\"a\",\"id\":\"b\"}\n{\"idd\":\"c\"}\n\0\n{\"id\":\"z\"}\n";
    assert_int_equal(read_bytes("ndjson", "f", text, sizeof text - 1, NULL, &out, NULL), STATUS_OK);
    for (int line = 2; line <= 8; line++) {
        char wanted[32];
        snprintf(wanted, sizeof wanted, "broken %d ", line);
        assert_non_null(strstr(out.data, wanted));
    }
    assert_null(strstr(out.data, "broken 1 "));
    assert_non_null(strstr(out.data, "user {\"id\":\"z\""));
    buffer_free(&out);
}

static enum status refuse(void *context, const struct reader_place *place, const struct error *why)
{
    (void)place;
    (void)why;
    ++*(int *)context;
    return STATUS_CONFLICT;
}

static bool always(void *context)
{
    (void)context;
    return true;
}

static void the_sink_and_the_observer_can_stop_a_reader(void **state)
{
    (void)state;
    int calls = 0;
    const struct reader_sink sink = {.context = &calls, .broken = refuse};
    const struct reader_settings settings = plain_settings();
    const struct observer observer = {.stop = always};
    char folder[64], path[PATH_BYTES_MAX];
    make_folder(folder);
    write_bytes(folder, "f", "x\nx\n", 4);
    path_join(path, folder, "f");
    const struct reader_class *reader = reader_class_find("ndjson", NULL);
    assert_int_equal(reader->read(path, &settings, &sink, NULL, NULL), STATUS_CONFLICT);
    assert_int_equal(calls, 1);
    assert_int_equal(reader->read(path, &settings, &sink, &observer, NULL), STATUS_CANCELLED);
    assert_int_equal(calls, 1);
    folder_remove(folder, NULL);
}

static void a_misspelt_format_finds_the_nearest_one(void **state)
{
    (void)state;
    const char *nearest = NULL;
    assert_null(reader_class_find("movielense", &nearest));
    assert_string_equal(nearest, "movielens");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_give_one_like_an_item),
        cmocka_unit_test(lines_of_json_are_told_apart),
        cmocka_unit_test(broken_json_breaks_its_line_only),
        cmocka_unit_test(the_sink_and_the_observer_can_stop_a_reader),
        cmocka_unit_test(a_misspelt_format_finds_the_nearest_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
