/* Likeness by content against an independent implementation (tests/golden/content.py). What these
 * catch: a field that outweighs its share, words cut elsewhere, vectors of other lengths taken in,
 * an item that came after the fit compared otherwise than one of the fit, what is gone still found.
 * The rest is in tests/contract. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "models/content.h"
#include "models/content_terms.h"
#include "support/fitted.h"

#include "golden/content_golden.h"

#define PATHS(...)                                                                                 \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define VECTOR(...)                                                                                \
    (const float[])                                                                                \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static const struct item_record records[GOLDEN_RECORDS] = {
    {.title = "The Red Shoe",
     .categories = PATHS("shoes/running"),
     .n_categories = 1,
     .attributes = "{\"brand\":\"Acme\",\"size\":42,\"tags\":[\"light\",\"red\"]}",
     .vector = VECTOR(3, 4),
     .n_vector = 2},
    {.title = "The Blue Shoe",
     .categories = PATHS("shoes/running", "sale"),
     .n_categories = 2,
     .attributes = "{\"brand\":\"Acme\",\"new\":true,\"tags\":[\"light\"]}",
     .vector = VECTOR(4, 3),
     .n_vector = 2},
    {.title = "Boot, boot and BOOT",
     .categories = PATHS("shoes/boots"),
     .n_categories = 1,
     .attributes = "{\"brand\":\"Zenith\",\"size\":42}"},
    {.title = "Kettle",
     .categories = PATHS("kitchen"),
     .n_categories = 1,
     .attributes = "{\"brand\":\"Zenith\",\"text\":\"A kettle of steel for the kitchen, light as a "
                   "feather and of a red that lasts.\"}",
     .vector = VECTOR(-1, 0),
     .n_vector = 2},
    {.title = "Teekanne \xc3\x9c"
              "bergro\xc3\x9f",
     .categories = PATHS("kitchen"),
     .n_categories = 1,
     .attributes = "{}",
     .vector = VECTOR(0, 0),
     .n_vector = 2},
    {.attributes = "{}"},
    {.title = "Pan",
     .categories = PATHS("kitchen"),
     .n_categories = 1,
     .attributes = "{\"text\":\"Steel. Light. Steel again: and so on and so on and so on and so on "
                   "and so on and so on \"}",
     .vector = VECTOR(1, 2, 3),
     .n_vector = 3},
};

static enum status read_records(void *context, item_records_each each, void *each_context,
                                struct error *reterr)
{
    const uint32_t *n = context;
    enum status status = STATUS_OK;
    (void)reterr;
    for (uint32_t i = 0; i < *n && status == STATUS_OK; i++)
        status = each(each_context, i, &records[i]);
    return status;
}

/* n_records of a catalogue of n_items. */
static struct model *fit(uint32_t n_records, uint32_t n_items)
{
    const struct event_types types = test_types();
    const struct test_event events[] = {{0, 0, TEST_LIKE, 1, NAN},
                                        {0, n_items - 1, TEST_SEEN, 1, NAN}};
    struct test_data *data = test_data_new(&types, events, 2, 1);
    const struct item_records all = {.context = &n_records, .read = read_records};
    struct arena arena = {0};
    struct model *model = NULL;
    data->train.items = &all;
    const void *settings = model_settings_new(&content_class, &arena);
    assert_int_equal(content_class.fit(&data->train, settings, NULL, NULL, &model, NULL),
                     STATUS_OK);
    arena_free(&arena);
    test_data_free(data);
    return model;
}

static void assert_likeness(const float *likeness, uint32_t item)
{
    for (uint32_t i = 0; i < GOLDEN_RECORDS; i++) {
        const double cosine = golden_cosines[item][i];
        if (i == item || cosine <= 0)
            assert_true(likeness[i] == -INFINITY);
        else if (!(fabs(likeness[i] - cosine) < 1e-6))
            fail_msg("%u, %u: %.9g instead of %.9g", item, i, (double)likeness[i], cosine);
    }
}

static void likeness_is_the_cosine_of_weighted_fields(void **state)
{
    (void)state;
    struct model *model = fit(GOLDEN_RECORDS, GOLDEN_RECORDS);
    struct arena arena = {0};
    float likeness[GOLDEN_RECORDS];
    for (uint32_t item = 0; item < GOLDEN_RECORDS; item++) {
        assert_int_equal(content_class.similar(model, item, likeness, &arena), STATUS_OK);
        assert_likeness(likeness, item);
    }
    assert_int_equal(content_likes(model)[0], 1);
    assert_int_equal(content_likes(model)[1], 0);
    model_free(model);
    arena_free(&arena);
}

static void a_score_is_the_mean_likeness_to_what_the_user_likes(void **state)
{
    (void)state;
    struct model *model = fit(GOLDEN_RECORDS, GOLDEN_RECORDS);
    struct arena arena = {0};
    float scores[GOLDEN_RECORDS];
    const struct signal history[] = {{0, 2}, {1, -3}, {2, 1}, {99, 1}};
    const struct query query = {.user = QUERY_NO_USER, .n = 4, .history = history};
    assert_int_equal(content_class.score(model, &query, 1, NULL, GOLDEN_RECORDS, scores, &arena),
                     STATUS_OK);
    for (uint32_t i = 0; i < GOLDEN_RECORDS; i++)
        assert_true(fabs(scores[i] - (golden_cosines[0][i] + golden_cosines[2][i]) / 2) < 1e-6);
    model_free(model);
    arena_free(&arena);
}

/* Records that the model was fitted with, told again: nothing may change, whichever side of the
 * comparison comes from the overlay. */
static void what_an_overlay_is_told_compares_as_what_was_fitted(void **state)
{
    (void)state;
    struct model *model = fit(GOLDEN_RECORDS, GOLDEN_RECORDS);
    struct arena arena = {0};
    uint32_t items[GOLDEN_RECORDS];
    float likeness[GOLDEN_RECORDS];
    for (uint32_t i = 0; i < GOLDEN_RECORDS; i++)
        items[i] = i;
    for (uint32_t told = 0; told < 1u << GOLDEN_RECORDS; told++) {
        struct overlay *overlay;
        assert_int_equal(content_class.overlay_new(model, &overlay), STATUS_OK);
        for (uint32_t i = GOLDEN_RECORDS; i-- > 0;)
            if (told & 1u << i)
                assert_int_equal(content_class.overlay_item(overlay, i, &records[i]), STATUS_OK);
        for (uint32_t item = 0; item < GOLDEN_RECORDS; item++) {
            assert_int_equal(content_class.similar_among(model, overlay, item, items,
                                                         GOLDEN_RECORDS, likeness, &arena),
                             STATUS_OK);
            assert_likeness(likeness, item);
        }
        content_class.overlay_free(overlay);
        arena_reset(&arena);
    }
    model_free(model);
    arena_free(&arena);
}

/* Items 2 and 3 come after a fit on two; they share a brand that the model has never seen. */
static void items_that_come_after_the_fit_are_found_and_can_go(void **state)
{
    (void)state;
    struct model *model = fit(2, 2);
    struct arena arena = {0};
    struct overlay *overlay;
    const uint32_t items[] = {0, 1, 2, 3, 4};
    float likeness[5];
    assert_int_equal(content_class.overlay_new(model, &overlay), STATUS_OK);
    assert_int_equal(content_class.overlay_item(overlay, 3, &records[3]), STATUS_OK);
    assert_int_equal(content_class.overlay_item(overlay, 2, &records[2]), STATUS_OK);
    assert_true(content_class.overlay_bytes(overlay) > 0);
    assert_int_equal(content_class.similar_among(model, overlay, 2, items, 5, likeness, &arena),
                     STATUS_OK);
    assert_true(likeness[0] > 0); /* shoes, size 42 */
    assert_true(likeness[3] > 0); /* the brand */
    assert_true(likeness[2] == -INFINITY && likeness[4] == -INFINITY);
    assert_int_equal(content_class.overlay_item(overlay, 3, NULL), STATUS_OK);
    assert_int_equal(content_class.overlay_item(overlay, 0, &records[5]), STATUS_OK);
    assert_int_equal(content_class.similar_among(model, overlay, 2, items, 5, likeness, &arena),
                     STATUS_OK);
    assert_true(likeness[0] == -INFINITY && likeness[3] == -INFINITY && likeness[1] > 0);
    content_class.overlay_free(overlay);
    model_free(model);
    arena_free(&arena);
}

/* Terms past the limit are left out; attributes that are no object give none. */
static void a_record_of_any_size_gives_a_bounded_number_of_terms(void **state)
{
    (void)state;
    struct buffer title = {0};
    struct content_terms terms;
    for (int i = 0; i < 5000; i++)
        buffer_printf(&title, "w%d ", i);
    const struct item_record large = {.title = title.data, .attributes = "[1, 2"};
    assert_int_equal(content_terms_read(&large, &terms), STATUS_OK);
    assert_int_equal(terms.n, CONTENT_TERMS_MAX);
    for (size_t i = 1; i < terms.n; i++)
        assert_true(terms.terms[i - 1].hash < terms.terms[i].hash);
    buffer_free(&title);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(likeness_is_the_cosine_of_weighted_fields),
        cmocka_unit_test(a_score_is_the_mean_likeness_to_what_the_user_likes),
        cmocka_unit_test(what_an_overlay_is_told_compares_as_what_was_fitted),
        cmocka_unit_test(items_that_come_after_the_fit_are_found_and_can_go),
        cmocka_unit_test(a_record_of_any_size_gives_a_bounded_number_of_terms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
