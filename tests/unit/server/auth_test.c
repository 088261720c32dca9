/* What these catch: a key that may more or less than its scopes, a site that opens when its last
 * key is revoked, forms of Authorization that slip through, a rate that is not kept or not
 * forgotten. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "server/auth.h"
#include "support/test.h"

#define SECOND INT64_C(1000000000)

static struct key_row make_key(uint32_t number, const char *text, unsigned scopes)
{
    struct key_row key = {.number = number, .scopes = scopes, .revoked_ms = TIME_UNKNOWN};
    auth_hash_key(text, strlen(text), key.hash);
    return key;
}

static struct keyring *make_keyring(int64_t rate, const struct key_row *keys, size_t n)
{
    struct keyring *keyring;
    assert_int_equal(keyring_new(rate, false, &keyring), STATUS_OK);
    assert_int_equal(keyring_set(keyring, keys, n), STATUS_OK);
    return keyring;
}

static enum admission ask(struct keyring *keyring, const char *authorization, unsigned scope)
{
    unsigned scopes = 0, wait_s = 0;
    return keyring_admit(keyring, authorization, scope, 0, &scopes, &wait_s);
}

static void scopes_imply_what_they_should_and_no_more(void **state)
{
    (void)state;
    assert_int_equal(auth_expand_scopes(SCOPE_ADMIN), SCOPES_ALL);
    assert_int_equal(auth_expand_scopes(SCOPE_WRITE), SCOPE_WRITE | SCOPE_READ | SCOPE_EVENTS);
    assert_int_equal(auth_expand_scopes(SCOPE_READ), SCOPE_READ);
    assert_int_equal(auth_expand_scopes(SCOPE_EVENTS), SCOPE_EVENTS);
}

static void each_key_may_what_its_scopes_say(void **state)
{
    (void)state;
    static const unsigned scopes[] = {SCOPE_READ, SCOPE_EVENTS, SCOPE_WRITE, SCOPE_ADMIN};
    static const char *const headers[] = {"Bearer r", "Bearer e", "Bearer w", "Bearer a"};
    static const bool may[4][4] = {{1, 0, 0, 0}, {0, 1, 0, 0}, {1, 1, 1, 0}, {1, 1, 1, 1}};
    const struct key_row keys[] = {make_key(1, "r", SCOPE_READ), make_key(2, "e", SCOPE_EVENTS),
                                   make_key(3, "w", SCOPE_WRITE), make_key(4, "a", SCOPE_ADMIN)};
    struct keyring *keyring = make_keyring(0, keys, 4);
    for (size_t key = 0; key < 4; key++)
        for (size_t scope = 0; scope < 4; scope++)
            assert_int_equal(ask(keyring, headers[key], scopes[scope]),
                             may[key][scope] ? ADMITTED : ADMISSION_NO_SCOPE);
    keyring_free(keyring);
}

static void an_admitted_key_tells_all_its_scopes(void **state)
{
    (void)state;
    const struct key_row key = make_key(1, "w", SCOPE_WRITE);
    struct keyring *keyring = make_keyring(0, &key, 1);
    unsigned scopes = 0, wait_s = 0;
    assert_int_equal(keyring_admit(keyring, "bearer  w", SCOPE_READ, 0, &scopes, &wait_s),
                     ADMITTED);
    assert_int_equal(scopes, SCOPE_WRITE | SCOPE_READ | SCOPE_EVENTS);
    keyring_free(keyring);
}

static void what_is_no_bearer_key_is_no_key(void **state)
{
    (void)state;
    static const char *const others[] = {NULL,     "",        "secret",      "Basic secret",
                                         "Bearer", "Bearer ", "Bearersecret"};
    const struct key_row key = make_key(1, "secret", SCOPE_ADMIN);
    struct keyring *keyring = make_keyring(0, &key, 1);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_int_equal(ask(keyring, others[i], SCOPE_READ), ADMISSION_NO_KEY);
    assert_int_equal(ask(keyring, "Bearer secretx", SCOPE_READ), ADMISSION_BAD_KEY);
    assert_int_equal(ask(keyring, "Bearer secre", SCOPE_READ), ADMISSION_BAD_KEY);
    assert_int_equal(ask(keyring, "Bearer secret", SCOPE_READ), ADMITTED);
    keyring_free(keyring);
}

static void a_key_that_is_too_long_is_not_hashed(void **state)
{
    (void)state;
    char text[KEY_TEXT_MAX + 2], header[KEY_TEXT_MAX + 16];
    memset(text, 'k', sizeof text);
    text[KEY_TEXT_MAX + 1] = '\0';
    const struct key_row key = make_key(1, text, SCOPE_ADMIN);
    struct keyring *keyring = make_keyring(0, &key, 1);
    snprintf(header, sizeof header, "Bearer %s", text);
    assert_int_equal(ask(keyring, header, SCOPE_READ), ADMISSION_NO_KEY);
    keyring_free(keyring);
}

static void a_site_without_keys_is_open_only_where_it_may_be(void **state)
{
    (void)state;
    struct keyring *open = make_keyring(0, NULL, 0), *closed;
    assert_int_equal(ask(open, NULL, SCOPE_ADMIN), ADMITTED);
    assert_int_equal(keyring_new(0, true, &closed), STATUS_OK);
    assert_int_equal(ask(closed, NULL, SCOPE_READ), ADMISSION_NO_KEY);
    keyring_free(open);
    keyring_free(closed);
}

static void revoking_the_last_key_does_not_open_the_site(void **state)
{
    (void)state;
    struct key_row key = make_key(1, "secret", SCOPE_ADMIN);
    struct keyring *keyring = make_keyring(0, &key, 1);
    assert_int_equal(ask(keyring, "Bearer secret", SCOPE_READ), ADMITTED);
    key.revoked_ms = 5;
    assert_int_equal(keyring_set(keyring, &key, 1), STATUS_OK);
    assert_int_equal(ask(keyring, "Bearer secret", SCOPE_READ), ADMISSION_BAD_KEY);
    assert_int_equal(ask(keyring, NULL, SCOPE_READ), ADMISSION_NO_KEY);
    keyring_free(keyring);
}

static size_t admitted(struct keyring *keyring, const char *header, int64_t now_ns, size_t tries,
                       unsigned *ret_wait_s)
{
    size_t count = 0;
    unsigned scopes;
    for (size_t i = 0; i < tries; i++)
        count +=
            keyring_admit(keyring, header, SCOPE_READ, now_ns, &scopes, ret_wait_s) == ADMITTED;
    return count;
}

static void each_key_has_its_own_rate(void **state)
{
    (void)state;
    const struct key_row keys[] = {make_key(1, "a", SCOPE_READ), make_key(2, "b", SCOPE_READ)};
    struct keyring *keyring = make_keyring(10, keys, 2);
    unsigned wait_s = 0;
    assert_int_equal(admitted(keyring, "Bearer a", SECOND, 50, &wait_s), 10);
    assert_int_equal(wait_s, 1);
    assert_int_equal(admitted(keyring, "Bearer b", SECOND, 5, &wait_s), 5);
    assert_int_equal(admitted(keyring, "Bearer a", SECOND + SECOND / 2, 50, &wait_s), 5);
    /* New keys do not forgive what was used. */
    assert_int_equal(keyring_set(keyring, keys, 2), STATUS_OK);
    assert_int_equal(admitted(keyring, "Bearer a", SECOND + SECOND / 2, 50, &wait_s), 0);
    assert_int_equal(admitted(keyring, "Bearer a", 10 * SECOND, 50, &wait_s), 10);
    keyring_free(keyring);
}

static void *keep_asking(void *argument)
{
    struct keyring *keyring = argument;
    size_t refused = 0;
    for (int i = 0; i < 20000; i++)
        refused += ask(keyring, "Bearer a", SCOPE_READ) != ADMITTED;
    return (void *)refused;
}

static void keys_can_be_replaced_while_they_are_asked(void **state)
{
    (void)state;
    const struct key_row keys[] = {make_key(1, "a", SCOPE_READ), make_key(2, "b", SCOPE_READ)};
    struct keyring *keyring = make_keyring(0, keys, 1);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, keep_asking, keyring), 0);
    for (int i = 0; i < 500; i++)
        assert_int_equal(keyring_set(keyring, keys, 1 + (size_t)i % 2), STATUS_OK);
    void *refused;
    pthread_join(thread, &refused);
    assert_null(refused);
    keyring_free(keyring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scopes_imply_what_they_should_and_no_more),
        cmocka_unit_test(each_key_may_what_its_scopes_say),
        cmocka_unit_test(an_admitted_key_tells_all_its_scopes),
        cmocka_unit_test(what_is_no_bearer_key_is_no_key),
        cmocka_unit_test(a_key_that_is_too_long_is_not_hashed),
        cmocka_unit_test(a_site_without_keys_is_open_only_where_it_may_be),
        cmocka_unit_test(revoking_the_last_key_does_not_open_the_site),
        cmocka_unit_test(each_key_has_its_own_rate),
        cmocka_unit_test(keys_can_be_replaced_while_they_are_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
