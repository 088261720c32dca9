/* What these catch: an item that is shown against one of its rules after any sequence of changes,
 * ids that point at the wrong item, a saved catalogue that differs from the one in memory or is not
 * the same bytes, trust in damaged sections. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>
#include <unistd.h>

#include "base/file.h"
#include "base/rng.h"
#include "recommend/catalogue.h"

static struct item_record plain_item(const char *id)
{
    return (struct item_record){.id = id,
                                .attributes = "{}",
                                .available = true,
                                .listed = true,
                                .price = NAN,
                                .published_ms = TIME_UNKNOWN,
                                .expires_ms = TIME_UNKNOWN,
                                .created_ms = 1};
}

static bool is_eligible(const struct catalogue *catalogue, uint32_t number, int64_t now_ms)
{
    struct bitmap bits = {0};
    assert_int_equal(bitmap_resize(&bits, catalogue_count(catalogue)), 0);
    catalogue_eligible(catalogue, now_ms, &bits);
    const bool eligible = bitmap_test(&bits, number);
    bitmap_free(&bits);
    return eligible;
}

static bool in_category(const struct catalogue *catalogue, const char *path, uint32_t number)
{
    struct bitmap bits = {0};
    assert_int_equal(bitmap_resize(&bits, catalogue_count(catalogue)), 0);
    catalogue_category(catalogue, path, &bits);
    const bool held = bitmap_test(&bits, number);
    bitmap_free(&bits);
    return held;
}

static void each_rule_alone_keeps_an_item_away(void **state)
{
    (void)state;
    struct catalogue *catalogue;
    assert_int_equal(catalogue_new(&catalogue), 0);
    struct item_record item = plain_item("a");
    const struct item_record shown = item;
    assert_int_equal(catalogue_put(catalogue, 3, &item), 0);
    assert_true(is_eligible(catalogue, 3, 1000));
    assert_false(is_eligible(catalogue, 2, 1000)); /* a gap */
    item.hidden = true;
    assert_int_equal(catalogue_put(catalogue, 3, &item), 0);
    assert_false(is_eligible(catalogue, 3, 1000));
    item = shown;
    item.available = false;
    assert_int_equal(catalogue_put(catalogue, 3, &item), 0);
    assert_false(is_eligible(catalogue, 3, 1000));
    item = shown;
    item.listed = false;
    assert_int_equal(catalogue_put(catalogue, 3, &item), 0);
    assert_false(is_eligible(catalogue, 3, 1000));
    assert_int_equal(catalogue_size(catalogue).ghosts, 1);
    item = shown;
    item.published_ms = 500;
    item.expires_ms = 700;
    assert_int_equal(catalogue_put(catalogue, 3, &item), 0);
    assert_false(is_eligible(catalogue, 3, 499));
    assert_true(is_eligible(catalogue, 3, 500) && is_eligible(catalogue, 3, 699));
    assert_false(is_eligible(catalogue, 3, 700));
    catalogue_remove(catalogue, 3);
    assert_false(is_eligible(catalogue, 3, 600));
    assert_int_equal(catalogue_find(catalogue, "a"), UINT32_MAX);
    assert_string_equal(catalogue_id(catalogue, 3), "");
    assert_int_equal(catalogue_size(catalogue).items, 0);
    catalogue_free(catalogue);
}

static void an_id_under_a_new_number_leaves_the_old_one_empty(void **state)
{
    (void)state;
    struct catalogue *catalogue;
    assert_int_equal(catalogue_new(&catalogue), 0);
    const struct item_record item = plain_item("a");
    assert_int_equal(catalogue_put(catalogue, 0, &item), 0);
    assert_int_equal(catalogue_put(catalogue, 5, &item), 0);
    assert_int_equal(catalogue_find(catalogue, "a"), 5);
    assert_false(is_eligible(catalogue, 0, 1));
    catalogue_remove(catalogue, 0); /* its death may come after */
    assert_int_equal(catalogue_find(catalogue, "a"), 5);
    assert_string_equal(catalogue_id(catalogue, 5), "a");
    catalogue_free(catalogue);
}

static void append_all_fields(const struct catalogue *catalogue, uint32_t number,
                              struct buffer *out)
{
    for (size_t field = 0; catalogue_fields[field]; field++)
        catalogue_append_field(catalogue, number, field, out);
}

static void fields_are_json_and_absent_ones_say_nothing(void **state)
{
    (void)state;
    struct catalogue *catalogue;
    assert_int_equal(catalogue_new(&catalogue), 0);
    struct item_record item = plain_item("a");
    item.created_ms = TIME_UNKNOWN;
    assert_int_equal(catalogue_put(catalogue, 0, &item), 0);
    static const char *const categories[] = {"x/y", "z"};
    item = plain_item("b");
    item.title = "say \"hi\"";
    item.categories = categories;
    item.n_categories = 2;
    item.price = 1234567.89;
    item.currency = "CHF";
    item.group_id = "g";
    item.published_ms = 0;
    item.expires_ms = 1500;
    item.created_ms = 86400000;
    item.attributes = "{\"n\":1}";
    assert_int_equal(catalogue_put(catalogue, 1, &item), 0);
    struct buffer out = {0};
    append_all_fields(catalogue, 0, &out);
    assert_int_equal(out.size, 0);
    append_all_fields(catalogue, 7, &out); /* never seen */
    assert_int_equal(out.size, 0);
    append_all_fields(catalogue, 1, &out);
    assert_string_equal(out.data, ",\"title\":\"say \\\"hi\\\"\",\"categories\":[\"x/y\",\"z\"]"
                                  ",\"price\":1234567.89,\"currency\":\"CHF\",\"group_id\":\"g\""
                                  ",\"published_at\":\"1970-01-01T00:00:00.000Z\""
                                  ",\"expires_at\":\"1970-01-01T00:00:01.500Z\""
                                  ",\"created_at\":\"1970-01-02T00:00:00.000Z\""
                                  ",\"attributes\":{\"n\":1}");
    buffer_free(&out);
    catalogue_free(catalogue);
}

/* ---- against a naive catalogue: an array of records ---- */

enum { ITEMS = 60, TEXT = 24 };

struct naive_item {
    struct item_record item;
    bool there;
    char id[TEXT], group[TEXT], path[2][TEXT];
    const char *paths[2];
};

static void random_item(struct rng *rng, uint32_t number, struct naive_item *out)
{
    *out = (struct naive_item){.item = plain_item(out->id), .there = true};
    snprintf(out->id, TEXT, "item %u", number);
    for (int i = 0; i < 2; i++) {
        snprintf(out->path[i], TEXT, "c%u/d%u", rng_below(rng, 3), rng_below(rng, 3));
        out->paths[i] = out->path[i];
    }
    struct item_record *item = &out->item;
    item->categories = out->paths;
    item->n_categories = rng_below(rng, 3);
    item->hidden = rng_below(rng, 6) == 0;
    item->available = rng_below(rng, 6) != 0;
    item->listed = rng_below(rng, 6) != 0;
    if (rng_below(rng, 2))
        item->published_ms = rng_below(rng, 100);
    if (rng_below(rng, 2))
        item->expires_ms = rng_below(rng, 100);
    if (rng_below(rng, 2)) {
        snprintf(out->group, TEXT, "g%u", rng_below(rng, 5));
        item->group_id = out->group;
    }
    item->created_ms = rng_below(rng, 1000);
}

static bool naive_eligible(const struct naive_item *naive, int64_t now_ms)
{
    const struct item_record *item = &naive->item;
    return naive->there && item->listed && item->available && !item->hidden &&
           (item->published_ms == TIME_UNKNOWN || item->published_ms <= now_ms) &&
           (item->expires_ms == TIME_UNKNOWN || now_ms < item->expires_ms);
}

static bool naive_in_category(const struct naive_item *naive, const char *path)
{
    const size_t length = strlen(path);
    for (uint32_t i = 0; naive->there && i < naive->item.n_categories; i++)
        if (strncmp(naive->paths[i], path, length) == 0 &&
            (naive->paths[i][length] == '\0' || naive->paths[i][length] == '/'))
            return true;
    return false;
}

static void check_against(const struct catalogue *catalogue, const struct naive_item *naive)
{
    static const char *const asked[] = {"c0", "c1/d2", "c2", "c", "c0/d0/e"};
    uint32_t items = 0, ghosts = 0;
    for (uint32_t i = 0; i < catalogue_count(catalogue); i++) {
        for (int64_t now_ms = 0; now_ms <= 100; now_ms += 25)
            assert_int_equal(is_eligible(catalogue, i, now_ms), naive_eligible(&naive[i], now_ms));
        for (size_t p = 0; p < sizeof asked / sizeof *asked; p++)
            assert_int_equal(in_category(catalogue, asked[p], i),
                             naive_in_category(&naive[i], asked[p]));
        assert_string_equal(catalogue_id(catalogue, i), naive[i].there ? naive[i].id : "");
        const bool grouped = naive[i].there && naive[i].item.group_id;
        assert_int_equal(bitmap_test(catalogue_grouped(catalogue), i), grouped);
        assert_int_equal(catalogue_group(catalogue, i) != UINT32_MAX, grouped);
        if (naive[i].there) {
            assert_int_equal(catalogue_find(catalogue, naive[i].id), i);
            assert_int_equal(catalogue_created_ms(catalogue, i), naive[i].item.created_ms);
            items++;
            ghosts += !naive[i].item.listed;
        }
        for (uint32_t k = 0; grouped && k < i; k++)
            if (naive[k].there && naive[k].item.group_id)
                assert_int_equal(catalogue_group(catalogue, i) == catalogue_group(catalogue, k),
                                 strcmp(naive[i].group, naive[k].group) == 0);
    }
    assert_int_equal(catalogue_size(catalogue).items, items);
    assert_int_equal(catalogue_size(catalogue).ghosts, ghosts);
}

static struct sections *save_and_open(const struct catalogue *catalogue, const char *path)
{
    struct sections_writer *writer;
    struct sections *sections;
    assert_int_equal(sections_create(path, &writer, NULL), 0);
    assert_int_equal(catalogue_save(catalogue, writer), 0);
    assert_int_equal(sections_finish(writer, NULL), 0);
    assert_int_equal(sections_open(path, &sections, NULL), 0);
    return sections;
}

static void any_changes_and_a_reload_agree_with_an_array_of_records(void **state)
{
    (void)state;
    char folder[] = "/tmp/catalogue-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/items.tvs", folder);
    static struct naive_item naive[ITEMS];
    struct catalogue *catalogue, *again;
    assert_int_equal(catalogue_new(&catalogue), 0);
    struct rng rng = rng_seed(5, 0);
    for (int step = 0; step < 3000; step++) {
        const uint32_t number = rng_below(&rng, ITEMS);
        if (rng_below(&rng, 4) == 0) {
            naive[number].there = false;
            catalogue_remove(catalogue, number);
        } else {
            random_item(&rng, number, &naive[number]);
            assert_int_equal(catalogue_put(catalogue, number, &naive[number].item), 0);
        }
        if (rng_below(&rng, 50) == 0)
            catalogue_advance(catalogue, rng_below(&rng, 100));
        if (step % 300 == 0)
            check_against(catalogue, naive);
    }
    struct sections *sections = save_and_open(catalogue, path);
    const uint32_t crc = sections_crc(sections);
    assert_int_equal(catalogue_load(sections, ITEMS, &again, NULL), 0);
    check_against(again, naive);
    sections_close(sections);
    /* the loaded one has another history, and saves the same bytes */
    sections = save_and_open(again, path);
    assert_int_equal(sections_crc(sections), crc);
    sections_close(sections);
    catalogue_free(catalogue);
    catalogue_free(again);
    assert_int_equal(folder_remove(folder, NULL), 0);
}

/* ---- damaged sections ---- */

struct raw {
    uint32_t numbers[2];
    uint64_t starts[3];
    char bytes[400];
    uint64_t n_bytes;
};

static enum status load_raw(const char *path, const struct raw *raw, uint64_t n_starts)
{
    struct sections_writer *writer;
    struct sections *sections;
    assert_int_equal(sections_create(path, &writer, NULL), 0);
    sections_add(writer, "items/numbers", SECTION_U32, 2, 1, raw->numbers);
    sections_add(writer, "items/starts", SECTION_U64, n_starts, 1, raw->starts);
    sections_add(writer, "items/records", SECTION_BYTES, raw->n_bytes, 1, raw->bytes);
    assert_int_equal(sections_finish(writer, NULL), 0);
    assert_int_equal(sections_open(path, &sections, NULL), 0);
    struct catalogue *catalogue = NULL;
    struct error err = {0};
    const enum status status = catalogue_load(sections, 2, &catalogue, &err);
    assert_int_equal(status == STATUS_OK, err.text[0] == '\0');
    assert_int_equal(status == STATUS_OK, catalogue != NULL);
    sections_close(sections);
    catalogue_free(catalogue);
    return status;
}

static void sections_that_contradict_each_other_are_refused(void **state)
{
    (void)state;
    char folder[] = "/tmp/catalogue-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/items.tvs", folder);
    struct catalogue *catalogue;
    assert_int_equal(catalogue_new(&catalogue), 0);
    for (uint32_t i = 0; i < 2; i++) {
        const struct item_record item = plain_item(i ? "b" : "a");
        assert_int_equal(catalogue_put(catalogue, i, &item), 0);
    }
    struct sections *sections = save_and_open(catalogue, path);
    struct raw good = {.numbers = {0, 1}};
    const struct section *records = sections_find(sections, "items/records");
    good.n_bytes = records->rows;
    memcpy(good.bytes, records->data, good.n_bytes);
    memcpy(good.starts, sections_find(sections, "items/starts")->data, sizeof good.starts);
    sections_close(sections);
    catalogue_free(catalogue);

    assert_int_equal(load_raw(path, &good, 3), STATUS_OK);
    assert_int_equal(load_raw(path, &good, 2), STATUS_CORRUPT);
    struct raw bad = good;
    bad.numbers[1] = 0; /* twice */
    assert_int_equal(load_raw(path, &bad, 3), STATUS_CORRUPT);
    bad = good;
    bad.numbers[1] = 2; /* beyond those there are */
    assert_int_equal(load_raw(path, &bad, 3), STATUS_CORRUPT);
    bad.numbers[1] = UINT32_MAX;
    assert_int_equal(load_raw(path, &bad, 3), STATUS_CORRUPT);
    bad = good;
    bad.starts[2] = UINT64_MAX;
    assert_int_equal(load_raw(path, &bad, 3), STATUS_CORRUPT);
    bad = good;
    bad.starts[1] = bad.starts[2];
    assert_int_equal(load_raw(path, &bad, 3), STATUS_CORRUPT);
    bad = good;
    bad.bytes[0] = '\0'; /* an empty id */
    assert_int_equal(load_raw(path, &bad, 3), STATUS_CORRUPT);
    bad = good;
    memset(bad.bytes, 'x', sizeof bad.bytes); /* nothing ends */
    assert_int_equal(load_raw(path, &bad, 3), STATUS_CORRUPT);
    assert_int_equal(folder_remove(folder, NULL), 0);
}

static void a_catalogue_without_items_saves_and_loads(void **state)
{
    (void)state;
    char folder[] = "/tmp/catalogue-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/items.tvs", folder);
    struct catalogue *catalogue, *again;
    assert_int_equal(catalogue_new(&catalogue), 0);
    struct sections *sections = save_and_open(catalogue, path);
    assert_int_equal(catalogue_load(sections, ITEMS, &again, NULL), 0);
    assert_int_equal(catalogue_count(again), 0);
    sections_close(sections);
    catalogue_free(catalogue);
    catalogue_free(again);
    assert_int_equal(folder_remove(folder, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rule_alone_keeps_an_item_away),
        cmocka_unit_test(an_id_under_a_new_number_leaves_the_old_one_empty),
        cmocka_unit_test(fields_are_json_and_absent_ones_say_nothing),
        cmocka_unit_test(any_changes_and_a_reload_agree_with_an_array_of_records),
        cmocka_unit_test(sections_that_contradict_each_other_are_refused),
        cmocka_unit_test(a_catalogue_without_items_saves_and_loads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
