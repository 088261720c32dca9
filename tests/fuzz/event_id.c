/* Event ids that the store makes: any text may come back as one, and a made one gives its seq. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "data/store_event_id.h"
#include "fuzz.h"

enum { KEY_BYTES = 16 };
#define SEQ_MAX ((UINT64_C(1) << 60) - 1) /* what twelve characters hold */

static void check_made(const uint8_t *data)
{
    const unsigned char key[KEY_BYTES] = {1, 2, 3};
    struct made_id id = {.type = data[0]};
    char text[MADE_ID_LENGTH + 1];
    uint64_t seq = 0;
    memcpy(&id.item, data + 1, sizeof id.item);
    memcpy(&id.seq, data + 5, sizeof id.seq);
    memcpy(&id.time_ms, data + 13, sizeof id.time_ms);
    id.seq &= SEQ_MAX;
    if (id.time_ms > TIME_MS_MAX || id.time_ms < TIME_MS_MIN)
        id.time_ms = TIME_UNKNOWN;
    made_id_write(&id, key, text);
    assert(strlen(text) == MADE_ID_LENGTH);
    const bool made = made_id_seq(text, &seq);
    assert(made && seq == id.seq);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t seq;
    char *text = fuzz_text(data, size);
    if (made_id_seq(text, &seq))
        assert(strlen(text) == MADE_ID_LENGTH &&
               strspn(text, "0123456789abcdefghijklmnopqrstuv") == MADE_ID_LENGTH);
    free(text);
    if (size >= 21)
        check_made(data);
    return 0;
}
