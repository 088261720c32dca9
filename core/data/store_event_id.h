#pragma once
/* Event ids that the store makes: 28 characters of 0-9a-v that sort by time and lead back to the
 * row without being stored.
 *
 *     10 characters  the event's time in milliseconds (0 when unknown or before 1970)
 *     12 characters  its seq
 *      6 characters  30 bits of SipHash-2-4 over seq, item, type and time, under the store's key
 *
 * All of it follows from the row. The check tells a made id from a client's own one that looks like
 * it, from an id of another store, and from one given after the backup that was restored.
 */
#include <stdbool.h>
#include <stdint.h>

enum { MADE_ID_LENGTH = 28 };

/* What the id is made of. */
struct made_id {
    uint64_t seq;
    uint32_t item;
    uint8_t type;
    int64_t time_ms; /* or TIME_UNKNOWN */
};

void made_id_write(const struct made_id *id, const unsigned char key[16],
                   char out[MADE_ID_LENGTH + 1]);

/* The seq in a text of that form; false for any other text. The check is the caller's: write the id
 * of the row of that seq and compare. */
bool made_id_seq(const char *text, uint64_t *ret_seq);
