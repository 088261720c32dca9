/* A snapshot's manifest. What is accepted prints as one that is accepted and prints the same. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "train/manifest.h"

/* True when the text was accepted and could be printed. */
static bool reprint(const char *text, size_t size, struct buffer *out)
{
    struct manifest *m = calloc(1, sizeof *m);
    struct error err = {0};
    assert(m);
    const enum status status = manifest_parse(text, size, m, &err);
    if (status == STATUS_OK) {
        const enum status printed = manifest_print(m, out);
        assert(printed == STATUS_OK);
        (void)printed;
        manifest_free(m);
    } else {
        fuzz_check_failure(status, &err);
    }
    free(m);
    return status == STATUS_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buffer first = {0}, second = {0};
    if (reprint(size ? (const char *)data : "", size, &first)) {
        const bool again = reprint(first.data, first.size, &second);
        assert(again && first.size == second.size);
        assert(memcmp(first.data, second.data, first.size) == 0);
    }
    buffer_free(&first);
    buffer_free(&second);
    return 0;
}
