/* What these catch: a rule of the interface that is not applied or points at the wrong place, a
 * field that gets lost between JSON and the record, numbers that change when they are written. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "data/records.h"

struct outcome {
    enum status status;
    struct error err;
};

/* Parses `text` as one of the records and gives what came of it. */
static struct outcome read_as(char kind, const char *text, const char *id)
{
    struct outcome out = {0};
    struct arena arena = {0};
    json_t *value = NULL;
    struct user_record user;
    struct item_record item;
    struct event_record event;
    struct impression_record impression;
    assert_int_equal(json_parse(text, strlen(text), &value, &out.err), STATUS_OK);
    if (kind == 'u')
        out.status = user_from_json(value, id, "/0", &arena, &user, &out.err);
    else if (kind == 'i')
        out.status = item_from_json(value, id, "/0", &arena, &item, &out.err);
    else if (kind == 'e')
        out.status = event_from_json(value, "/0", &arena, &event, &out.err);
    else
        out.status = impression_from_json(value, "/0", &arena, &impression, &out.err);
    json_decref(value);
    arena_free(&arena);
    return out;
}

static void every_bad_record_is_refused_at_its_place(void **state)
{
    (void)state;
    static const struct {
        char kind;
        const char *text;
        enum status status;
        const char *pointer;
    } cases[] = {
        {'u', "[]", STATUS_MALFORMED, "/0"},
        {'u', "{}", STATUS_OUT_OF_RANGE, "/0/id"},
        {'u', "{\"id\":\"\"}", STATUS_OUT_OF_RANGE, "/0/id"},
        {'u', "{\"id\":\"a\\u0007\"}", STATUS_OUT_OF_RANGE, "/0/id"},
        {'u', "{\"id\":5}", STATUS_MALFORMED, "/0/id"},
        {'u', "{\"id\":\"a\",\"atributes\":{}}", STATUS_NOT_FOUND, "/0/atributes"},
        {'u', "{\"id\":\"a\",\"x/y~\":{}}", STATUS_NOT_FOUND, "/0/x~1y~0"},
        {'u', "{\"id\":\"a\",\"attributes\":[]}", STATUS_MALFORMED, "/0/attributes"},
        {'u', "{\"id\":\"a\",\"attributes\":{\"b\":null}}", STATUS_MALFORMED, "/0/attributes/b"},
        {'u', "{\"id\":\"a\",\"attributes\":{\"b\":{}}}", STATUS_MALFORMED, "/0/attributes/b"},
        {'u', "{\"id\":\"a\",\"attributes\":{\"b\":[1]}}", STATUS_MALFORMED, "/0/attributes/b"},
        {'u', "{\"id\":\"a\",\"attributes\":{\"\":1}}", STATUS_OUT_OF_RANGE, "/0/attributes/"},
        {'i', "{\"id\":\"a\",\"title\":null}", STATUS_MALFORMED, "/0/title"},
        {'i', "{\"id\":\"a\",\"categories\":\"x\"}", STATUS_MALFORMED, "/0/categories"},
        {'i', "{\"id\":\"a\",\"categories\":[1]}", STATUS_MALFORMED, "/0/categories/0"},
        {'i', "{\"id\":\"a\",\"categories\":[\"b\",\"/c\"]}", STATUS_OUT_OF_RANGE,
         "/0/categories/1"},
        {'i', "{\"id\":\"a\",\"categories\":[\"b//c\"]}", STATUS_OUT_OF_RANGE, "/0/categories/0"},
        {'i', "{\"id\":\"a\",\"categories\":[\"b\",\"b\"]}", STATUS_OUT_OF_RANGE,
         "/0/categories/1"},
        {'i', "{\"id\":\"a\",\"hidden\":0}", STATUS_MALFORMED, "/0/hidden"},
        {'i', "{\"id\":\"a\",\"price\":-1}", STATUS_OUT_OF_RANGE, "/0/price"},
        {'i', "{\"id\":\"a\",\"price\":\"1\"}", STATUS_MALFORMED, "/0/price"},
        {'i', "{\"id\":\"a\",\"currency\":\"eur\"}", STATUS_OUT_OF_RANGE, "/0/currency"},
        {'i', "{\"id\":\"a\",\"currency\":\"EURO\"}", STATUS_OUT_OF_RANGE, "/0/currency"},
        {'i', "{\"id\":\"a\",\"group_id\":\"..\"}", STATUS_OUT_OF_RANGE, "/0/group_id"},
        {'i', "{\"id\":\"a\",\"published_at\":1}", STATUS_MALFORMED, "/0/published_at"},
        {'i', "{\"id\":\"a\",\"published_at\":\"2026-02-30T00:00:00Z\"}", STATUS_OUT_OF_RANGE,
         "/0/published_at"},
        {'i', "{\"id\":\"a\",\"expires_at\":\"0001-01-01T00:00:00+01:00\"}", STATUS_OUT_OF_RANGE,
         "/0/expires_at"},
        {'i', "{\"id\":\"a\",\"vector\":[]}", STATUS_OUT_OF_RANGE, "/0/vector"},
        {'i', "{\"id\":\"a\",\"vector\":[1,\"2\"]}", STATUS_MALFORMED, "/0/vector/1"},
        {'i', "{\"id\":\"a\",\"vector\":[1,1e39]}", STATUS_OUT_OF_RANGE, "/0/vector/1"},
        {'e', "{\"item\":\"i\",\"type\":\"view\"}", STATUS_OUT_OF_RANGE, "/0"},
        {'e', "{\"user\":\"u\",\"type\":\"view\"}", STATUS_OUT_OF_RANGE, "/0/item"},
        {'e', "{\"user\":\"u\",\"item\":\"i\"}", STATUS_OUT_OF_RANGE, "/0/type"},
        {'e', "{\"session\":\".\",\"item\":\"i\",\"type\":\"view\"}", STATUS_OUT_OF_RANGE,
         "/0/session"},
        {'e', "{\"user\":\"u\",\"item\":\"i\",\"type\":\"rating\",\"rating\":1e7}",
         STATUS_OUT_OF_RANGE, "/0/rating"},
        {'e', "{\"user\":\"u\",\"item\":\"i\",\"type\":\"v\",\"quantity\":-1}", STATUS_OUT_OF_RANGE,
         "/0/quantity"},
        {'e', "{\"user\":\"u\",\"item\":\"i\",\"type\":\"v\",\"progress\":1.5}",
         STATUS_OUT_OF_RANGE, "/0/progress"},
        {'e', "{\"user\":\"u\",\"item\":\"i\",\"type\":\"v\",\"position\":-1}", STATUS_OUT_OF_RANGE,
         "/0/position"},
        {'e', "{\"user\":\"u\",\"item\":\"i\",\"type\":\"v\",\"position\":1.5}", STATUS_MALFORMED,
         "/0/position"},
        {'e', "{\"user\":\"u\",\"item\":\"i\",\"type\":\"v\",\"position\":9e18}",
         STATUS_OUT_OF_RANGE, "/0/position"},
        {'e', "{\"user\":\"u\",\"item\":\"i\",\"type\":\"v\",\"timestamp\":\"yesterday\"}",
         STATUS_OUT_OF_RANGE, "/0/timestamp"},
        {'e', "{\"user\":\"u\",\"item\":\"i\",\"type\":\"v\",\"context\":{\"a\":{}}}",
         STATUS_MALFORMED, "/0/context/a"},
        {'e', "{\"user\":\"u\",\"item\":\"i\",\"type\":\"v\",\"event_id\":\"\"}",
         STATUS_OUT_OF_RANGE, "/0/event_id"},
        {'m', "{\"items\":[]}", STATUS_OUT_OF_RANGE, "/0/items"},
        {'m', "{\"user\":\"u\"}", STATUS_OUT_OF_RANGE, "/0/items"},
        {'m', "{\"items\":[\"a\",\"\"]}", STATUS_OUT_OF_RANGE, "/0/items/1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct outcome out = read_as(cases[i].kind, cases[i].text, NULL);
        if (out.status != cases[i].status || strcmp(out.err.pointer, cases[i].pointer) != 0)
            fail_msg("%s: %s at '%s' (%s)", cases[i].text, status_name(out.status), out.err.pointer,
                     out.err.text);
        assert_true(strlen(out.err.text) > 10);
    }
}

static void an_unknown_field_names_the_nearest_one(void **state)
{
    (void)state;
    const struct outcome out = read_as('i', "{\"id\":\"a\",\"catgories\":[]}", NULL);
    assert_string_equal(out.err.text,
                        "unknown field 'catgories' of an item; did you mean 'categories'?");
}

static void a_long_unknown_name_leaves_valid_text_in_the_error(void **state)
{
    (void)state;
    char text[400] = "{\"id\":\"a\",\"x";
    for (int i = 0; i < 100; i++)
        strcat(text, "é"); /* cut after 60 bytes, in the middle of one */
    strcat(text, "\":1}");
    const struct outcome out = read_as('u', text, NULL);
    assert_int_equal(out.status, STATUS_NOT_FOUND);
    json_t *kept = json_string(out.err.text); /* jansson checks the encoding */
    assert_non_null(kept);
    json_decref(kept);
    kept = json_string(out.err.pointer);
    assert_non_null(kept);
    json_decref(kept);
}

static void the_body_may_repeat_the_id_of_the_path_only(void **state)
{
    (void)state;
    assert_int_equal(read_as('u', "{}", "a").status, STATUS_OK);
    assert_int_equal(read_as('u', "{\"id\":\"a\"}", "a").status, STATUS_OK);
    const struct outcome out = read_as('i', "{\"id\":\"b\"}", "a");
    assert_int_equal(out.status, STATUS_CONFLICT);
    assert_string_equal(out.err.pointer, "/0/id");
    assert_int_equal(read_as('i', "{}", "..").status, STATUS_OUT_OF_RANGE);
}

static void what_the_server_sets_is_accepted_and_ignored(void **state)
{
    (void)state;
    assert_int_equal(
        read_as('u', "{\"id\":\"a\",\"created_at\":\"x\",\"updated_at\":3}", NULL).status,
        STATUS_OK);
}

static void limits_hold_at_their_edge(void **state)
{
    (void)state;
    struct buffer text = {0};
    for (int extra = 0; extra < 2; extra++) {
        buffer_clear(&text);
        buffer_append_text(&text, "{\"id\":\"a\",\"categories\":[");
        for (int i = 0; i < CATEGORIES_MAX + extra; i++)
            buffer_printf(&text, "%s\"c%d\"", i ? "," : "", i);
        buffer_append_text(&text, "]}");
        assert_int_equal(read_as('i', text.data, NULL).status,
                         extra ? STATUS_TOO_LARGE : STATUS_OK);

        buffer_clear(&text);
        buffer_append_text(&text, "{\"id\":\"a\",\"vector\":[0");
        for (int i = 1; i < VECTOR_DIMENSIONS_MAX + extra; i++)
            buffer_append_text(&text, ",1");
        buffer_append_text(&text, "]}");
        assert_int_equal(read_as('i', text.data, NULL).status,
                         extra ? STATUS_TOO_LARGE : STATUS_OK);

        buffer_clear(&text);
        buffer_append_text(&text, "{\"id\":\"a\",\"attributes\":{\"z\":1");
        for (int i = 1; i < ATTRIBUTES_MAX + extra; i++)
            buffer_printf(&text, ",\"a%d\":true", i);
        buffer_append_text(&text, "}}");
        assert_int_equal(read_as('u', text.data, NULL).status,
                         extra ? STATUS_TOO_LARGE : STATUS_OK);

        buffer_clear(&text);
        buffer_append_text(&text, "{\"id\":\"a\",\"title\":\"");
        for (int i = 0; i < TITLE_BYTES_MAX + extra; i++)
            buffer_append_byte(&text, 't');
        buffer_append_text(&text, "\"}");
        assert_int_equal(read_as('i', text.data, NULL).status,
                         extra ? STATUS_TOO_LARGE : STATUS_OK);

        buffer_clear(&text);
        buffer_append_text(&text, "{\"id\":\"a\",\"attributes\":{\"t\":\"");
        for (size_t i = 0; i < ATTRIBUTE_BYTES_MAX - strlen("{\"t\":\"\"}") + (size_t)extra; i++)
            buffer_append_byte(&text, 't');
        buffer_append_text(&text, "\"}}");
        assert_int_equal(read_as('u', text.data, NULL).status,
                         extra ? STATUS_TOO_LARGE : STATUS_OK);
    }
    buffer_free(&text);
}

static void attributes_are_kept_in_one_canonical_text(void **state)
{
    (void)state;
    const char *text = "{\"id\":\"a\",\"attributes\":{ \"b\" : 0.10 , \"a\":[\"x\",\"\\u00e9\\n\"],"
                       "\"n\":-0.0,\"t\":true,\"i\":9007199254740993,\"e\":5e0}}";
    struct arena arena = {0};
    struct user_record user;
    json_t *value = NULL;
    assert_int_equal(json_parse(text, strlen(text), &value, NULL), STATUS_OK);
    assert_int_equal(user_from_json(value, NULL, "", &arena, &user, NULL), STATUS_OK);
    assert_string_equal(user.attributes, "{\"a\":[\"x\",\"é\\n\"],\"b\":0.1,\"e\":5,"
                                         "\"i\":9007199254740993,\"n\":0,\"t\":true}");
    json_decref(value);
    arena_free(&arena);
}

static void records_from_elsewhere_obey_the_same_rules(void **state)
{
    (void)state;
    struct error err = {0};
    const struct user_record user = {.id = "a", .attributes = "{\"b\":[1]}"};
    assert_int_equal(user_check(&user, &err), STATUS_MALFORMED);
    assert_string_equal(err.pointer, "/attributes/b");
    const struct user_record bad_id = {.id = "\xff", .attributes = "{}"};
    assert_int_equal(user_check(&bad_id, &err), STATUS_MALFORMED);
    const struct item_record item = {.id = "a",
                                     .attributes = "{",
                                     .price = NAN,
                                     .published_ms = TIME_UNKNOWN,
                                     .expires_ms = TIME_UNKNOWN};
    assert_int_equal(item_check(&item, &err), STATUS_MALFORMED);
    assert_string_equal(err.pointer, "/attributes");
}

static void an_event_may_lie_a_day_ahead_and_no_more(void **state)
{
    (void)state;
    struct event_record event = {.user = "u",
                                 .item = "i",
                                 .type = "view",
                                 .time_ms = 1000 + TIME_AHEAD_MS,
                                 .rating = NAN,
                                 .quantity = NAN,
                                 .price = NAN,
                                 .progress = NAN,
                                 .position = -1};
    struct error err = {0};
    assert_int_equal(event_check(&event, 1000, &err), STATUS_OK);
    event.time_ms++;
    assert_int_equal(event_check(&event, 1000, &err), STATUS_OUT_OF_RANGE);
    assert_string_equal(err.pointer, "/timestamp");
    event.time_ms = TIME_UNKNOWN;
    assert_int_equal(event_check(&event, 1000, &err), STATUS_OK);
    event.rating = INFINITY;
    assert_int_equal(event_check(&event, 1000, &err), STATUS_OUT_OF_RANGE);
}

/* ---- random records: written, read and written again ---- */

static const char *random_text(struct rng *rng, struct arena *arena)
{
    static const char *const pieces[] = {"a", "é", "漢", "😀", "\"", "\\", "0", " ", "~", "#"};
    char text[128] = "x";
    for (uint32_t n = rng_below(rng, 12); n; n--)
        strcat(text, pieces[rng_below(rng, sizeof pieces / sizeof *pieces)]);
    return arena_strndup(arena, text, strlen(text));
}

static const char *maybe_text(struct rng *rng, struct arena *arena)
{
    return rng_below(rng, 2) ? random_text(rng, arena) : NULL;
}

static double maybe_number(struct rng *rng, double max)
{
    return rng_below(rng, 2) ? rng_uniform(rng) * max : NAN;
}

static int64_t maybe_time(struct rng *rng)
{
    const double share = rng_uniform(rng);
    return rng_below(rng, 2) ? TIME_MS_MIN + (int64_t)(share * (double)(TIME_MS_MAX - TIME_MS_MIN))
                             : TIME_UNKNOWN;
}

static struct item_record random_item(struct rng *rng, struct arena *arena)
{
    struct item_record item = {.id = random_text(rng, arena),
                               .attributes = "{\"a\":[\"b\"],\"c\":0.30000000000000004}",
                               .title = maybe_text(rng, arena),
                               .n_categories = rng_below(rng, 4),
                               .hidden = rng_below(rng, 2),
                               .available = rng_below(rng, 2),
                               .price = maybe_number(rng, PRICE_MAX),
                               .currency = rng_below(rng, 2) ? "EUR" : NULL,
                               .group_id = maybe_text(rng, arena),
                               .published_ms = maybe_time(rng),
                               .expires_ms = maybe_time(rng),
                               .n_vector = rng_below(rng, 5),
                               .created_ms = TIME_UNKNOWN,
                               .updated_ms = TIME_UNKNOWN};
    const char **categories = arena_zalloc(arena, item.n_categories, sizeof *categories);
    for (uint32_t i = 0; i < item.n_categories; i++) {
        char path[16];
        snprintf(path, sizeof path, "a/%u", i);
        categories[i] = arena_strndup(arena, path, strlen(path));
    }
    float *vector = arena_zalloc(arena, item.n_vector, sizeof *vector);
    for (uint32_t i = 0; i < item.n_vector; i++)
        vector[i] = (float)(rng_normal(rng) * pow(10, rng_below(rng, 60) - 30.0));
    item.categories = categories;
    item.vector = vector;
    return item;
}

static struct event_record random_event(struct rng *rng, struct arena *arena)
{
    return (struct event_record){
        .user = random_text(rng, arena),
        .session = maybe_text(rng, arena),
        .item = random_text(rng, arena),
        .type = random_text(rng, arena),
        .time_ms = maybe_time(rng),
        .rating = rng_below(rng, 2) ? rng_normal(rng) : NAN,
        .quantity = maybe_number(rng, QUANTITY_MAX),
        .price = maybe_number(rng, PRICE_MAX),
        .progress = maybe_number(rng, 1),
        .currency = rng_below(rng, 2) ? "USD" : NULL,
        .order_id = maybe_text(rng, arena),
        .context = rng_below(rng, 2) ? "{\"device\":\"tv\"}" : NULL,
        .event_id = maybe_text(rng, arena),
        .recommendation_id = maybe_text(rng, arena),
        .position = (int32_t)rng_below(rng, 10) - 1,
    };
}

static bool same_number(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static void any_item_reads_back_as_it_was_written(void **state)
{
    (void)state;
    struct rng rng = rng_seed(7, 1);
    struct arena arena = {0};
    struct buffer first = {0}, second = {0};
    for (int round = 0; round < 2000; round++) {
        const struct item_record item = random_item(&rng, &arena);
        struct item_record back;
        json_t *value = NULL;
        struct error err = {0};
        buffer_clear(&first);
        buffer_clear(&second);
        item_to_json(&item, &first);
        assert_int_equal(json_parse(first.data, first.size, &value, &err), STATUS_OK);
        if (item_from_json(value, NULL, "", &arena, &back, &err) != STATUS_OK)
            fail_msg("%s: %s %s", first.data, err.pointer, err.text);
        item_to_json(&back, &second);
        assert_string_equal(first.data, second.data);
        assert_true(same_number(item.price, back.price));
        assert_true(item.published_ms == back.published_ms && item.expires_ms == back.expires_ms);
        assert_int_equal(item.n_vector, back.n_vector);
        for (uint32_t i = 0; i < item.n_vector; i++)
            assert_true(item.vector[i] == back.vector[i]);
        assert_int_equal(item.hidden, back.hidden);
        assert_int_equal(item.available, back.available);
        json_decref(value);
        arena_reset(&arena);
    }
    buffer_free(&first);
    buffer_free(&second);
    arena_free(&arena);
}

static void any_event_reads_back_as_it_was_written(void **state)
{
    (void)state;
    struct rng rng = rng_seed(7, 2);
    struct arena arena = {0};
    struct buffer first = {0}, second = {0};
    for (int round = 0; round < 2000; round++) {
        const struct event_record event = random_event(&rng, &arena);
        struct event_record back;
        json_t *value = NULL;
        struct error err = {0};
        buffer_clear(&first);
        buffer_clear(&second);
        event_to_json(&event, &first);
        assert_int_equal(json_parse(first.data, first.size, &value, &err), STATUS_OK);
        if (event_from_json(value, "", &arena, &back, &err) != STATUS_OK)
            fail_msg("%s: %s %s", first.data, err.pointer, err.text);
        event_to_json(&back, &second);
        assert_string_equal(first.data, second.data);
        assert_true(same_number(event.rating, back.rating));
        assert_true(same_number(event.quantity, back.quantity));
        assert_true(same_number(event.price, back.price));
        assert_true(same_number(event.progress, back.progress));
        assert_true(event.time_ms == back.time_ms);
        assert_int_equal(event.position, back.position);
        json_decref(value);
        arena_reset(&arena);
    }
    buffer_free(&first);
    buffer_free(&second);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bad_record_is_refused_at_its_place),
        cmocka_unit_test(an_unknown_field_names_the_nearest_one),
        cmocka_unit_test(a_long_unknown_name_leaves_valid_text_in_the_error),
        cmocka_unit_test(the_body_may_repeat_the_id_of_the_path_only),
        cmocka_unit_test(what_the_server_sets_is_accepted_and_ignored),
        cmocka_unit_test(limits_hold_at_their_edge),
        cmocka_unit_test(attributes_are_kept_in_one_canonical_text),
        cmocka_unit_test(records_from_elsewhere_obey_the_same_rules),
        cmocka_unit_test(an_event_may_lie_a_day_ahead_and_no_more),
        cmocka_unit_test(any_item_reads_back_as_it_was_written),
        cmocka_unit_test(any_event_reads_back_as_it_was_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
