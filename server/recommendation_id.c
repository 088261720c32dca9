#include "server/site_parts.h"

#include <sodium.h>
#include <string.h>

/* 12 bytes of payload (seconds, version, seed), 16 of a keyed hash over them, URL-safe base64. */
struct payload {
    uint32_t seconds, version, seed;
};

void site_recommendation_id(struct site *site, int64_t now_ms, uint32_t version,
                            char out[RECOMMENDATION_ID_SIZE])
{
    const struct payload payload = {
        .seconds = (uint32_t)(now_ms / 1000), .version = version, .seed = randombytes_random()};
    unsigned char bytes[sizeof payload + crypto_shorthash_siphashx24_BYTES];
    memcpy(bytes, &payload, sizeof payload);
    crypto_shorthash_siphashx24(bytes + sizeof payload, bytes, sizeof payload, site->secret);
    sodium_bin2base64(out, RECOMMENDATION_ID_SIZE, bytes, sizeof bytes,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}
