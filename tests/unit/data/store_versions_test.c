/* What these catch: a version's number used again, two active at once, a key that is lost or stays
 * in force, settings that do not survive. */
#include "store_fixture.h"

#include <string.h>

struct versions {
    size_t n;
    struct model_version of[8];
    char states[8][16], reasons[8][16], reports[8][16];
};

static enum status note_version(void *context, const struct model_version *version)
{
    struct versions *versions = context;
    const size_t i = versions->n++;
    assert_true(i < 8);
    versions->of[i] = *version;
    snprintf(versions->states[i], 16, "%s", version->state);
    snprintf(versions->reasons[i], 16, "%s", version->reason);
    snprintf(versions->reports[i], 16, "%s", version->report);
    return STATUS_OK;
}

static struct versions list(struct fixture *f, uint32_t before, uint32_t limit)
{
    struct versions versions = {0};
    assert_ok(f, store_list_versions(f->store, before, limit, note_version, &versions, &f->err));
    return versions;
}

static void a_version_is_made_finished_and_activated(void **state)
{
    struct fixture *f = *state;
    uint32_t number;
    fixture_write(f);
    for (uint32_t i = 1; i <= 3; i++) {
        assert_ok(f, store_add_version(f->store, 10 * i, NOW_MS, &number, &f->err));
        assert_int_equal(number, i);
    }
    const struct model_version second = {.version = 2,
                                         .seq = 20,
                                         .finished_ms = NOW_MS + 5,
                                         .state = "refused",
                                         .reason = "worse",
                                         .report = "{\"a\":1}",
                                         .kept = true};
    assert_ok(f, store_update_version(f->store, &second, &f->err));
    assert_ok(f, store_activate_version(f->store, 1, &f->err));
    assert_ok(f, store_activate_version(f->store, 2, &f->err));
    assert_int_equal(store_activate_version(f->store, 9, &f->err), STATUS_NOT_FOUND);
    assert_ok(f, store_activate_version(f->store, 2, &f->err));
    fixture_commit(f);
    const struct versions all = list(f, UINT32_MAX, 8);
    assert_int_equal(all.n, 3);
    assert_int_equal(all.of[0].version, 3);
    assert_string_equal(all.states[0], "training");
    assert_true(all.of[0].finished_ms == TIME_UNKNOWN && !all.of[0].kept && !all.of[0].active);
    assert_int_equal(all.of[1].seq, 20);
    assert_string_equal(all.states[1], "refused");
    assert_string_equal(all.reasons[1], "worse");
    assert_string_equal(all.reports[1], "{\"a\":1}");
    assert_true(all.of[1].active && all.of[1].kept && all.of[1].finished_ms == NOW_MS + 5);
    assert_true(!all.of[2].active && all.of[2].started_ms == NOW_MS);
    assert_int_equal(list(f, 3, 1).of[0].version, 2);
    fixture_write(f);
    assert_ok(f, store_activate_version(f->store, 0, &f->err));
    fixture_commit(f);
    assert_false(list(f, 3, 1).of[0].active);
}

static void an_unknown_version_is_not_found(void **state)
{
    struct fixture *f = *state;
    const struct model_version version = {
        .version = 7, .state = "failed", .reason = "", .report = "{}"};
    fixture_write(f);
    assert_int_equal(store_update_version(f->store, &version, &f->err), STATUS_NOT_FOUND);
    fixture_commit(f);
}

struct keys {
    size_t n;
    struct key_row of[4];
    char names[4][16];
};

static enum status note_key(void *context, const struct key_row *key)
{
    struct keys *keys = context;
    assert_true(keys->n < 4);
    snprintf(keys->names[keys->n], 16, "%s", key->name);
    keys->of[keys->n++] = *key;
    return STATUS_OK;
}

static enum status count_key_changes(void *context, const struct change *change)
{
    *(int *)context += change->kind == CHANGE_KEY;
    return STATUS_OK;
}

static void keys_are_kept_and_revoked(void **state)
{
    struct fixture *f = *state;
    struct keys keys = {0};
    unsigned char hash[KEY_HASH_BYTES];
    uint32_t first, second;
    int changes = 0;
    memset(hash, 0xa5, sizeof hash);
    fixture_write(f);
    assert_ok(f, store_add_key(f->store, "shop", SCOPE_READ | SCOPE_EVENTS, hash, NOW_MS, &first,
                               &f->err));
    assert_ok(f, store_add_key(f->store, "ops", SCOPE_ADMIN, hash, NOW_MS, &second, &f->err));
    assert_ok(f, store_revoke_key(f->store, first, NOW_MS + 1, &f->err));
    assert_ok(f, store_revoke_key(f->store, first, NOW_MS + 2, &f->err)); /* the first time stays */
    assert_int_equal(store_revoke_key(f->store, 99, NOW_MS, &f->err), STATUS_NOT_FOUND);
    fixture_commit(f);
    assert_ok(f, store_list_keys(f->store, note_key, &keys, &f->err));
    assert_int_equal(keys.n, 2);
    assert_int_equal(keys.of[0].number, first);
    assert_string_equal(keys.names[0], "shop");
    assert_int_equal(keys.of[0].scopes, SCOPE_READ | SCOPE_EVENTS);
    assert_memory_equal(keys.of[0].hash, hash, sizeof hash);
    assert_true(keys.of[0].created_ms == NOW_MS && keys.of[0].revoked_ms == NOW_MS + 1);
    assert_true(keys.of[1].revoked_ms == TIME_UNKNOWN);
    assert_ok(f, store_read_changes(f->store, 0, UINT64_MAX, count_key_changes, &changes, &f->err));
    assert_int_equal(changes, 2); /* one a key, however often it changed */
}

static void settings_survive_with_every_byte(void **state)
{
    struct fixture *f = *state;
    struct buffer value = {0};
    static const char bytes[] = {0, 1, 'x', 0, -1};
    fixture_write(f);
    assert_int_equal(store_get_setting(f->store, "a", &value, &f->err), STATUS_NOT_FOUND);
    assert_ok(f, store_put_setting(f->store, "a", "first", 5, &f->err));
    assert_ok(f, store_put_setting(f->store, "a", bytes, sizeof bytes, &f->err));
    assert_ok(f, store_put_setting(f->store, "b", NULL, 0, &f->err));
    fixture_commit(f);
    store_close(f->store);
    fixture_open(f);
    assert_ok(f, store_get_setting(f->store, "a", &value, &f->err));
    assert_int_equal(value.size, sizeof bytes);
    assert_memory_equal(value.data, bytes, sizeof bytes);
    assert_ok(f, store_get_setting(f->store, "b", &value, &f->err));
    assert_int_equal(value.size, 0);
    buffer_free(&value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(a_version_is_made_finished_and_activated),
        WITH_STORE(an_unknown_version_is_not_found),
        WITH_STORE(keys_are_kept_and_revoked),
        WITH_STORE(settings_survive_with_every_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
