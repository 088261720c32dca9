#include "data/store_event_id.h"

#include <sodium.h>
#include <string.h>

#include "base/clock.h"

enum { TIME_DIGITS = 10, SEQ_DIGITS = 12, CHECK_DIGITS = 6 };

static const char digits[] = "0123456789abcdefghijklmnopqrstuv";

static void write_digits(uint64_t value, int n, char *out)
{
    for (int i = n - 1; i >= 0; i--, value >>= 5)
        out[i] = digits[value & 31];
}

static uint64_t hash_id(const struct made_id *id, const unsigned char key[16])
{
    const uint64_t fields[4] = {id->seq, id->item, id->type, (uint64_t)id->time_ms};
    unsigned char bytes[sizeof fields], out[crypto_shorthash_BYTES];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(fields[i / 8] >> 8 * (i % 8));
    crypto_shorthash(out, bytes, sizeof bytes, key);
    uint64_t hash = 0;
    for (int i = 0; i < 8; i++)
        hash = hash << 8 | out[i];
    return hash;
}

void made_id_write(const struct made_id *id, const unsigned char key[16],
                   char out[MADE_ID_LENGTH + 1])
{
    const uint64_t time = id->time_ms > 0 ? (uint64_t)id->time_ms : 0;
    write_digits(time, TIME_DIGITS, out);
    write_digits(id->seq, SEQ_DIGITS, out + TIME_DIGITS);
    write_digits(hash_id(id, key), CHECK_DIGITS, out + TIME_DIGITS + SEQ_DIGITS);
    out[MADE_ID_LENGTH] = '\0';
}

bool made_id_seq(const char *text, uint64_t *ret_seq)
{
    if (strlen(text) != MADE_ID_LENGTH || strspn(text, digits) != MADE_ID_LENGTH)
        return false;
    uint64_t seq = 0;
    for (int i = TIME_DIGITS; i < TIME_DIGITS + SEQ_DIGITS; i++)
        seq = seq << 5 | (uint64_t)(strchr(digits, text[i]) - digits);
    *ret_seq = seq;
    return true;
}
