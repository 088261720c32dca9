/* What these catch: a field that does not survive, bytes that depend on more than the record,
 * reading past the end of cut or forged bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "recommend/item_bytes.h"

static const char *const paths[] = {"a/b", "c"};

static struct item_record full_item(void)
{
    return (struct item_record){.id = "i1",
                                .attributes = "{\"brand\":\"x\"}",
                                .title = "Été",
                                .categories = paths,
                                .n_categories = 2,
                                .hidden = true,
                                .available = true,
                                .price = 49.9,
                                .currency = "EUR",
                                .group_id = "g",
                                .published_ms = 1,
                                .expires_ms = 2,
                                .created_ms = 3,
                                .updated_ms = 4,
                                .listed = true};
}

static void all_fields_come_back(void **state)
{
    (void)state;
    const struct item_record item = full_item();
    struct buffer bytes = {0};
    item_bytes_append(&item, &bytes);
    const char *categories[CATEGORIES_MAX];
    struct item_record back;
    assert_int_equal(item_bytes_read((unsigned char *)bytes.data, bytes.size, categories, &back),
                     0);
    assert_string_equal(back.title, item.title);
    assert_string_equal(back.attributes, item.attributes);
    assert_string_equal(back.currency, "EUR");
    assert_string_equal(back.group_id, "g");
    assert_int_equal(back.n_categories, 2);
    assert_string_equal(back.categories[0], "a/b");
    assert_string_equal(back.categories[1], "c");
    assert_true(back.hidden && back.available && back.listed && back.price == 49.9);
    assert_true(back.published_ms == 1 && back.expires_ms == 2 && back.created_ms == 3);
    buffer_free(&bytes);
}

static void what_is_absent_comes_back_absent_and_not_empty(void **state)
{
    (void)state;
    const struct item_record item = {.id = "i", .price = NAN, .expires_ms = TIME_UNKNOWN};
    struct buffer bytes = {0}, other = {0};
    item_bytes_append(&item, &bytes);
    const char *categories[CATEGORIES_MAX];
    struct item_record back;
    assert_int_equal(item_bytes_read((unsigned char *)bytes.data, bytes.size, categories, &back),
                     0);
    assert_null(back.title);
    assert_null(back.group_id);
    assert_null(back.currency);
    assert_true(isnan(back.price) && back.expires_ms == TIME_UNKNOWN);
    assert_false(back.hidden || back.available || back.listed);
    const struct item_record same = {.id = "i", .price = -NAN, .expires_ms = TIME_UNKNOWN};
    item_bytes_append(&same, &other);
    assert_int_equal(bytes.size, other.size);
    assert_memory_equal(bytes.data, other.data, bytes.size); /* whichever NaN it was */
    buffer_free(&bytes);
    buffer_free(&other);
}

static void cut_or_longer_bytes_are_corrupt(void **state)
{
    (void)state;
    const struct item_record item = full_item();
    struct buffer bytes = {0};
    item_bytes_append(&item, &bytes);
    const char *categories[CATEGORIES_MAX];
    struct item_record back;
    for (size_t size = 0; size <= bytes.size + 1; size++) {
        unsigned char *exact = calloc(1, size ? size : 1); /* so that a sanitizer sees an overrun */
        memcpy(exact, bytes.data, size < bytes.size ? size : bytes.size);
        assert_int_equal(item_bytes_read(exact, size, categories, &back),
                         size == bytes.size ? STATUS_OK : STATUS_CORRUPT);
        free(exact);
    }
    buffer_free(&bytes);
}

static void any_forged_byte_is_read_within_bounds(void **state)
{
    (void)state;
    const struct item_record item = full_item();
    struct buffer bytes = {0};
    item_bytes_append(&item, &bytes);
    const char *categories[CATEGORIES_MAX];
    unsigned refused = 0;
    for (size_t at = 0; at < bytes.size; at++) {
        unsigned char *forged = malloc(bytes.size);
        memcpy(forged, bytes.data, bytes.size);
        forged[at] ^= 0xff;
        struct item_record back = {.attributes = ""};
        if (item_bytes_read(forged, bytes.size, categories, &back) == STATUS_CORRUPT)
            refused++;
        else
            assert_true(strlen(back.attributes) < bytes.size);
        free(forged);
    }
    assert_true(refused > 0);
    buffer_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_fields_come_back),
        cmocka_unit_test(what_is_absent_comes_back_absent_and_not_empty),
        cmocka_unit_test(cut_or_longer_bytes_are_corrupt),
        cmocka_unit_test(any_forged_byte_is_read_within_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
