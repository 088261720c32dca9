/* TensorBoard's event files: the input as a file, then the input as the text of events that are
 * written, read back, and read once more after a byte was changed and the end cut off. */
#include <stdlib.h>
#include <string.h>

#include "board/event.h"
#include "board/names.h"
#include "board/record.h"
#include "board/summary.h"
#include "fuzz.h"
#include "support/event_reader.h"

static void read_records(const void *bytes, size_t size)
{
    size_t offset = 0, length;
    const void *payload;
    enum status status;
    while ((status = record_next(bytes, size, &offset, &payload, &length)) == STATUS_OK) {
        const char *start = payload;
        assert(start >= (const char *)bytes && start + length <= (const char *)bytes + offset);
        assert(offset <= size);
    }
    assert(status == STATUS_NOT_FOUND || status == STATUS_MALFORMED || status == STATUS_CORRUPT);
}

static void write_events(const char *text, size_t size, struct buffer *file)
{
    struct buffer values = {0}, clean = {0}, event = {0};
    char tag[TAG_BYTES_MAX + 1], run[RUN_NAME_BYTES_MAX + 1];
    run_name_clean(text, run);
    tag_clean(text, tag);
    text_clean(text, size, &clean);
    event_file_version(&event, 1, "fuzz");
    record_append(file, event.data, event.size);
    buffer_clear(&event);
    value_scalar(&values, tag, (float)size);
    value_text(&values, tag, clean.data ? clean.data : "", clean.size, true);
    event_summary(&event, 2, 7, &values);
    record_append(file, event.data, event.size);
    assert(!values.failed && !clean.failed && !event.failed && !file->failed);
    buffer_free(&values);
    buffer_free(&clean);
    buffer_free(&event);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct event events[2];
    int end;
    if (size < 4)
        return 0;
    read_records(data, size);
    struct buffer file = {0};
    char *text = fuzz_text(data, size);
    write_events(text, strlen(text), &file);
    const size_t n = events_read(&file, events, 2, &end);
    assert(n == 2 && end == STATUS_NOT_FOUND && events[1].n_values == 2);
    assert(events[1].step == 7 && events[1].values[0].scalar == (float)strlen(text));
    file.data[(data[0] << 8 | data[1]) % file.size] ^= (char)(data[2] | 1);
    read_records(file.data, file.size);
    read_records(file.data, data[3] * file.size / 256);
    buffer_free(&file);
    free(text);
    return 0;
}
