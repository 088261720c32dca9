/* Times, durations, sizes, numbers, ids and the cells of text formats. What a parser takes, the
 * printer of the same thing gives back. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "data/readers/cells.h"
#include "fuzz.h"

static void check_time(const char *text)
{
    int64_t ms, again;
    char printed[TIME_TEXT_SIZE];
    if (time_parse(text, &ms) != STATUS_OK)
        return;
    assert(ms >= TIME_MS_MIN && ms <= TIME_MS_MAX);
    time_format(ms, printed);
    const enum status status = time_parse(printed, &again);
    assert(status == STATUS_OK && again == ms);
    (void)status;
}

static void check_numbers(const char *text)
{
    int64_t whole, duration;
    uint64_t bytes;
    double real, again;
    struct buffer out = {0};
    if (text_to_int64(text, &whole) == STATUS_OK) {
        buffer_printf(&out, "%lld", (long long)whole);
        assert(text_to_int64(out.data, &duration) == STATUS_OK && duration == whole);
        buffer_clear(&out);
    }
    if (text_to_double(text, &real) == STATUS_OK) {
        assert(isfinite(real));
        buffer_append_double(&out, real);
        assert(text_to_double(out.data, &again) == STATUS_OK && again == real);
    }
    if (text_to_duration_ms(text, &duration) == STATUS_OK)
        assert(duration >= 0 && duration <= INT64_C(36600) * 86400000);
    if (text_to_size(text, &bytes) == STATUS_OK)
        assert(bytes <= INT64_MAX);
    buffer_free(&out);
}

static void check_cells(const char *text)
{
    struct arena arena = {0};
    struct error err = {0};
    const char *const *parts;
    uint32_t n;
    int64_t ms;
    double number;
    bool flag;
    enum status status;
    if ((status = cell_time(text, &ms, &err)) != STATUS_OK)
        fuzz_check_failure(status, &err);
    if ((status = cell_number("n", text, &number, &err)) != STATUS_OK)
        fuzz_check_failure(status, &err);
    if ((status = cell_bool("b", text, &flag, &err)) != STATUS_OK)
        fuzz_check_failure(status, &err);
    if ((status = cell_list(text, '|', 64, &arena, &parts, &n, &err)) != STATUS_OK)
        fuzz_check_failure(status, &err);
    else
        for (uint32_t i = 0; i < n; i++)
            assert(parts[i][0]);
    arena_free(&arena);
}

static void check_utf8(const char *text, size_t size)
{
    struct error err = {0};
    char *copy = fuzz_text((const uint8_t *)text, size);
    char *wide = malloc(2 * size + 1);
    assert(wide);
    if (id_check(text, size, "item id", &err) == STATUS_OK)
        assert(utf8_is_printable(copy) && utf8_count(text, size) <= ID_CODE_POINTS_MAX);
    else
        fuzz_check_failure(err.status, &err);
    utf8_make_printable(copy);
    assert(utf8_is_printable(copy));
    utf8_trim_partial(copy);
    const size_t length = utf8_from_latin1(text, size, wide);
    assert(length <= 2 * size && utf8_is_valid(wide, length));
    free(wide);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    check_time(text);
    check_numbers(text);
    check_cells(text);
    check_utf8(text, size);
    assert(text_distance(text, "recommendations", 5) <= 6);
    free(text);
    return 0;
}
