/* What these catch: a checksum that others do not share, or that depends on the processor. */
#include "base/crc32c.h"

#include <string.h>

#include "support/test.h"

/* RFC 3720, appendix B.4, and the check value of the polynomial. */
static void the_published_values_are_met(void **state)
{
    (void)state;
    unsigned char bytes[32];
    assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283);
    memset(bytes, 0, 32);
    assert_int_equal(crc32c(0, bytes, 32), 0x8a9136aa);
    memset(bytes, 0xff, 32);
    assert_int_equal(crc32c(0, bytes, 32), 0x62a8ab43);
    for (int i = 0; i < 32; i++)
        bytes[i] = (unsigned char)i;
    assert_int_equal(crc32c(0, bytes, 32), 0x46dd794e);
    assert_int_equal(crc32c(0, NULL, 0), 0);
}

static uint32_t bit_by_bit(const unsigned char *at, size_t length)
{
    uint32_t crc = ~0u;
    while (length--) {
        crc ^= *at++;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
    }
    return ~crc;
}

/* Every length around the eight bytes of a step, at every alignment. */
static void both_ways_equal_the_definition(void **state)
{
    (void)state;
    unsigned char bytes[1000];
    for (int i = 0; i < 1000; i++)
        bytes[i] = (unsigned char)(i * 7 + 3);
    assert_int_equal(crc32c(0, bytes, 1000), 0xdd2edff7);
    for (size_t start = 0; start < 8; start++)
        for (size_t length = 0; length < 70; length++) {
            const uint32_t wanted = bit_by_bit(bytes + start, length);
            assert_int_equal(crc32c(0, bytes + start, length), wanted);
            assert_int_equal(crc32c_portable(0, bytes + start, length), wanted);
        }
}

static void parts_continue_to_the_whole(void **state)
{
    (void)state;
    static const char text[] = "the same bytes, in two parts";
    const uint32_t whole = crc32c(0, text, sizeof text);
    for (size_t cut = 0; cut <= sizeof text; cut++) {
        const uint32_t before = crc32c(0, text, cut);
        assert_int_equal(crc32c(before, text + cut, sizeof text - cut), whole);
        assert_int_equal(crc32c_portable(before, text + cut, sizeof text - cut), whole);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_values_are_met),
        cmocka_unit_test(both_ways_equal_the_definition),
        cmocka_unit_test(parts_continue_to_the_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
