#include "server/auth.h"

#include <assert.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NS_PER_SECOND INT64_C(1000000000)

struct key {
    uint32_t number;
    unsigned scopes; /* expanded; 0: revoked */
    unsigned char hash[KEY_HASH_BYTES];
    _Atomic int64_t full_at_ns; /* see take_turn */
};

struct keyring {
    pthread_rwlock_t lock; /* of keys and n_keys */
    struct key *keys;
    size_t n_keys;
    int64_t rate;
    bool needs_key;
    _Atomic int64_t full_at_ns; /* for requests without a key */
};

void auth_hash_key(const char *text, size_t length, unsigned char ret_hash[KEY_HASH_BYTES])
{
    crypto_generichash(ret_hash, KEY_HASH_BYTES, (const unsigned char *)text, length, NULL, 0);
}

unsigned auth_expand_scopes(unsigned scopes)
{
    if (scopes & SCOPE_ADMIN)
        return SCOPES_ALL;
    if (scopes & SCOPE_WRITE)
        scopes |= SCOPE_READ | SCOPE_EVENTS;
    return scopes;
}

enum status keyring_new(int64_t rate, bool needs_key, struct keyring **ret_keyring)
{
    struct keyring *keyring = calloc(1, sizeof *keyring);
    if (!keyring)
        return STATUS_NO_MEMORY;
    keyring->rate = rate;
    keyring->needs_key = needs_key;
    if (pthread_rwlock_init(&keyring->lock, NULL) != 0) {
        free(keyring);
        return STATUS_NO_MEMORY;
    }
    *ret_keyring = keyring;
    return STATUS_OK;
}

void keyring_free(struct keyring *keyring)
{
    if (!keyring)
        return;
    pthread_rwlock_destroy(&keyring->lock);
    free(keyring->keys);
    free(keyring);
}

static int64_t kept_turn(const struct keyring *keyring, uint32_t number)
{
    for (size_t i = 0; i < keyring->n_keys; i++)
        if (keyring->keys[i].number == number)
            return atomic_load(&keyring->keys[i].full_at_ns);
    return 0;
}

enum status keyring_set(struct keyring *keyring, const struct key_row *keys, size_t n)
{
    struct key *fresh = calloc(n ? n : 1, sizeof *fresh);
    if (!fresh)
        return STATUS_NO_MEMORY;
    pthread_rwlock_wrlock(&keyring->lock);
    for (size_t i = 0; i < n; i++) {
        fresh[i].number = keys[i].number;
        if (keys[i].revoked_ms == TIME_UNKNOWN)
            fresh[i].scopes = auth_expand_scopes(keys[i].scopes);
        memcpy(fresh[i].hash, keys[i].hash, KEY_HASH_BYTES);
        atomic_init(&fresh[i].full_at_ns, kept_turn(keyring, keys[i].number));
    }
    struct key *old = keyring->keys;
    keyring->keys = fresh;
    keyring->n_keys = n;
    pthread_rwlock_unlock(&keyring->lock);
    free(old);
    return STATUS_OK;
}

/* "Bearer KEY" -> the key's text; NULL for another scheme or form. */
static const char *bearer_key(const char *authorization)
{
    if (!authorization || strncasecmp(authorization, "Bearer ", 7) != 0)
        return NULL;
    const char *key = authorization + 7;
    key += strspn(key, " ");
    const size_t length = strlen(key);
    return length > 0 && length <= KEY_TEXT_MAX ? key : NULL;
}

/* Looks at every key, so that the time tells nothing about which one was near. */
static struct key *find_key(const struct keyring *keyring, const char *text)
{
    unsigned char hash[KEY_HASH_BYTES];
    auth_hash_key(text, strlen(text), hash);
    struct key *found = NULL;
    for (size_t i = 0; i < keyring->n_keys; i++)
        if (sodium_memcmp(keyring->keys[i].hash, hash, sizeof hash) == 0)
            found = &keyring->keys[i];
    return found && found->scopes ? found : NULL;
}

/* The generic cell rate algorithm (ITU-T I.371): each request moves the moment at which the
 * account is full again by 1/rate seconds; a request is refused when that lies more than a second
 * ahead. So `rate` requests may come at once, and `rate` a second go on for ever. */
static bool take_turn(_Atomic int64_t *full_at_ns, int64_t rate, int64_t now_ns,
                      unsigned *ret_wait_s)
{
    if (rate <= 0)
        return true;
    const int64_t step = NS_PER_SECOND / rate;
    int64_t old = atomic_load_explicit(full_at_ns, memory_order_relaxed), moved;
    do {
        moved = (old > now_ns ? old : now_ns) + step;
        if (moved > now_ns + NS_PER_SECOND) {
            *ret_wait_s = (unsigned)((moved - now_ns - 1) / NS_PER_SECOND);
            return false;
        }
    } while (!atomic_compare_exchange_weak_explicit(full_at_ns, &old, moved, memory_order_relaxed,
                                                    memory_order_relaxed));
    return true;
}

static enum admission admit_open(struct keyring *keyring, int64_t now_ns, unsigned *ret_scopes,
                                 unsigned *ret_wait_s)
{
    if (keyring->needs_key)
        return ADMISSION_NO_KEY;
    if (!take_turn(&keyring->full_at_ns, keyring->rate, now_ns, ret_wait_s))
        return ADMISSION_TOO_OFTEN;
    *ret_scopes = SCOPES_ALL;
    return ADMITTED;
}

static enum admission admit_key(const struct keyring *keyring, const char *text, unsigned scope,
                                int64_t now_ns, unsigned *ret_scopes, unsigned *ret_wait_s)
{
    if (!text)
        return ADMISSION_NO_KEY;
    struct key *key = find_key(keyring, text);
    if (!key)
        return ADMISSION_BAD_KEY;
    if (!take_turn(&key->full_at_ns, keyring->rate, now_ns, ret_wait_s))
        return ADMISSION_TOO_OFTEN;
    if ((key->scopes & scope) != scope)
        return ADMISSION_NO_SCOPE;
    *ret_scopes = key->scopes;
    return ADMITTED;
}

enum admission keyring_admit(struct keyring *keyring, const char *authorization, unsigned scope,
                             int64_t now_ns, unsigned *ret_scopes, unsigned *ret_wait_s)
{
    assert(scope != 0);
    pthread_rwlock_rdlock(&keyring->lock);
    const enum admission admission =
        keyring->n_keys == 0
            ? admit_open(keyring, now_ns, ret_scopes, ret_wait_s)
            : admit_key(keyring, bearer_key(authorization), scope, now_ns, ret_scopes, ret_wait_s);
    pthread_rwlock_unlock(&keyring->lock);
    return admission;
}
