/* JSON bodies. The first byte picks the kind of record, the rest is the body. What is accepted is
 * printed as JSON that is accepted again and prints the same. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

union record {
    struct user_record user;
    struct item_record item;
    struct event_record event;
    struct impression_record impression;
};

static enum status parse(int kind, const json_t *value, struct arena *arena, union record *record,
                         struct error *err)
{
    switch (kind) {
    case 0:
        return user_from_json(value, NULL, "", arena, &record->user, err);
    case 1:
        return item_from_json(value, NULL, "", arena, &record->item, err);
    case 2:
        return event_from_json(value, "", arena, &record->event, err);
    default:
        return impression_from_json(value, "", arena, &record->impression, err);
    }
}

static void print(int kind, const union record *record, struct buffer *out)
{
    switch (kind) {
    case 0:
        user_to_json(&record->user, out);
        break;
    case 1:
        item_to_json(&record->item, out);
        break;
    case 2:
        event_to_json(&record->event, out);
        break;
    default:
        impression_to_json(&record->impression, out);
    }
    assert(!out->failed);
}

/* True when the text is a record, whose JSON is then in `out`. */
static bool reprint(int kind, const char *text, size_t size, struct buffer *out)
{
    struct error err = {0};
    struct arena arena = {0};
    json_t *value = NULL;
    union record record;
    enum status status = json_parse(text, size, &value, &err);
    if (status == STATUS_OK)
        status = parse(kind, value, &arena, &record, &err);
    if (status == STATUS_OK)
        print(kind, &record, out);
    else
        fuzz_check_failure(status, &err);
    json_decref(value);
    arena_free(&arena);
    return status == STATUS_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    const int kind = data[0] % 4;
    struct buffer first = {0}, second = {0};
    if (reprint(kind, (const char *)data + 1, size - 1, &first)) {
        const bool again = reprint(kind, first.data, first.size, &second);
        assert(again && first.size == second.size);
        assert(memcmp(first.data, second.data, first.size) == 0);
    }
    buffer_free(&first);
    buffer_free(&second);
    return 0;
}
