#pragma once
/* Access keys: who may do what, and how often.
 *
 * A key is 256 random bits as text; only its hash is stored, so a plain fast hash is enough (there
 * is nothing to guess). A presented key is hashed and compared with every stored hash in constant
 * time. admin implies every scope, write implies read and events.
 *
 * Threads: any number may ask; the keys may be replaced meanwhile.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "data/store.h"

enum { SCOPES_ALL = SCOPE_READ | SCOPE_EVENTS | SCOPE_WRITE | SCOPE_ADMIN, KEY_TEXT_MAX = 256 };

/* What is stored of a key: crypto_generichash (BLAKE2b, 32 bytes) of its text. */
void auth_hash_key(const char *text, size_t length, unsigned char ret_hash[KEY_HASH_BYTES]);

/* The scopes with those that they imply. */
unsigned auth_expand_scopes(unsigned scopes);

struct keyring;

enum admission {
    ADMITTED,
    ADMISSION_NO_KEY,    /* none was sent, or not as "Bearer KEY" */
    ADMISSION_BAD_KEY,   /* unknown or revoked */
    ADMISSION_NO_SCOPE,  /* the key may not do this */
    ADMISSION_TOO_OFTEN, /* past the rate; ret_wait_s says when to come again */
};

/* rate: requests a second for each key, and for all together while no key is needed; 0: no limit.
 * needs_key: refuse everything while there is no key (bound beyond loopback). */
enum status keyring_new(int64_t rate, bool needs_key, struct keyring **ret_keyring);
void keyring_free(struct keyring *keyring);

/* Replaces all keys. Revoked ones are refused, but count as keys: a site whose last key was revoked
 * is closed, not open. Rates go on. NO_MEMORY: the old keys stay. */
enum status keyring_set(struct keyring *keyring, const struct key_row *keys, size_t n);

/* `authorization` is the header or NULL; `scope` is one of enum key_scope. On ADMITTED ret_scopes
 * holds all that the key may do. */
enum admission keyring_admit(struct keyring *keyring, const char *authorization, unsigned scope,
                             int64_t now_ns, unsigned *ret_scopes, unsigned *ret_wait_s);
