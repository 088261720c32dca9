/* The configuration file. What is accepted prints as a file that is accepted and prints the same.
 */
#include <string.h>

#include "base/text.h"
#include "data/settings.h"
#include "fuzz.h"

/* True when the text was accepted; `out` then has all settings. */
static bool reprint(const char *text, size_t size, struct buffer *out)
{
    struct settings settings;
    struct error err = {0};
    enum status status = settings_init(&settings);
    assert(status == STATUS_OK);
    status = settings_read_yaml(&settings, "f.yaml", text, size, &err);
    if (status == STATUS_OK)
        settings_print(&settings, NULL, out);
    else
        fuzz_check_failure(status, &err);
    settings_free(&settings);
    assert(!out->failed);
    return status == STATUS_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buffer first = {0}, second = {0}, third = {0};
    if (reprint(size ? (const char *)data : "", size, &first)) {
        bool again = reprint(first.data, first.size, &second);
        assert(again);
        /* The first print says where values stood in the input, so only the later two compare. */
        again = reprint(second.data, second.size, &third);
        assert(again && second.size == third.size);
        assert(memcmp(second.data, third.data, second.size) == 0);
    }
    buffer_free(&first);
    buffer_free(&second);
    buffer_free(&third);
    return 0;
}
