#pragma once
/* Event files read back, for tests: as much protocol buffer as it takes to see what was written. */
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

enum { EVENT_VALUES_MAX = 128 };

struct event_value {
    char tag[256];
    bool has_scalar, has_text;
    float scalar;
    char text[512]; /* cut */
    char plugin[32];
};

struct event {
    double wall_time;
    int64_t step;
    char file_version[32], writer[32];
    bool session_start;
    size_t n_values;
    struct event_value values[EVENT_VALUES_MAX];
};

/* One field of a message: for wire type 2 bytes[length], otherwise the bits of the number. */
struct wire_field {
    unsigned number, wire;
    uint64_t bits;
    const unsigned char *bytes;
    size_t length;
};

/* The next field of *at .. end; false at the end. Malformed input fails the test. */
bool wire_next(const unsigned char **at, const unsigned char *end, struct wire_field *ret_field);

/* The payload of a record as an event. */
void event_read(const void *payload, size_t length, struct event *ret_event);

/* All whole events of a file's bytes, at most `most`. Returns how many; *ret_end is the status of
 * record_next that ended the reading. */
size_t events_read(const struct buffer *file, struct event *out, size_t most, int *ret_end);
