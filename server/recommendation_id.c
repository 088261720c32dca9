#include "server/site_parts.h"

#include <sodium.h>
#include <string.h>

/* The seed is a hash of a count, not a random number of the system: that takes a system call.
 * 12 bytes of payload (seconds, version, seed), 16 of a keyed hash over them, URL-safe base64. */
struct payload {
    uint32_t seconds, version, seed;
};

static uint32_t new_seed(struct site *site)
{
    unsigned char hash[crypto_shorthash_siphashx24_BYTES];
    const uint64_t count = atomic_fetch_add(&site->n_recommendations, 1);
    crypto_shorthash_siphashx24(hash, (const unsigned char *)&count, sizeof count, site->secret);
    uint32_t seed;
    memcpy(&seed, hash, sizeof seed);
    return seed;
}

void site_recommendation_id(struct site *site, int64_t now_ms, uint32_t version,
                            char out[RECOMMENDATION_ID_SIZE])
{
    struct payload payload = {.seconds = (uint32_t)(now_ms / 1000), .version = version};
    payload.seed = new_seed(site);
    unsigned char bytes[sizeof payload + crypto_shorthash_siphashx24_BYTES];
    memcpy(bytes, &payload, sizeof payload);
    crypto_shorthash_siphashx24(bytes + sizeof payload, bytes, sizeof payload, site->secret);
    sodium_bin2base64(out, RECOMMENDATION_ID_SIZE, bytes, sizeof bytes,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

bool site_recommendation_version(const struct site *site, const char *id, uint32_t *ret_version)
{
    struct payload payload;
    unsigned char bytes[sizeof payload + crypto_shorthash_siphashx24_BYTES];
    unsigned char hash[crypto_shorthash_siphashx24_BYTES];
    size_t n;
    const size_t length = strnlen(id, RECOMMENDATION_ID_SIZE);
    if (length == RECOMMENDATION_ID_SIZE ||
        sodium_base642bin(bytes, sizeof bytes, id, length, NULL, &n, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
        n != sizeof bytes)
        return false;
    crypto_shorthash_siphashx24(hash, bytes, sizeof payload, site->secret);
    if (sodium_memcmp(hash, bytes + sizeof payload, sizeof hash) != 0)
        return false;
    memcpy(&payload, bytes, sizeof payload);
    *ret_version = payload.version;
    return true;
}
