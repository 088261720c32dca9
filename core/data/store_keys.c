#include <string.h>

#include "data/store_internal.h"

enum status store_add_key(struct store *store, const char *name, unsigned scopes,
                          const unsigned char hash[KEY_HASH_BYTES], int64_t now_ms,
                          uint32_t *ret_number, struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, SQL_ADD_KEY);
    sql_bind_text(s, ":name", name);
    sql_bind_int(s, ":scopes", scopes);
    sql_bind_blob(s, ":hash", hash, KEY_HASH_BYTES);
    sql_bind_int(s, ":now", now_ms);
    enum status status = sql_run(store, s, reterr);
    if (status != STATUS_OK)
        return status;
    const uint32_t number = (uint32_t)sqlite3_last_insert_rowid(store->db);
    status = store_add_change(store, CHANGE_KEY, number, reterr);
    if (status == STATUS_OK)
        *ret_number = number;
    return status;
}

enum status store_revoke_key(struct store *store, uint32_t number, int64_t now_ms,
                             struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, SQL_REVOKE_KEY);
    sql_bind_int(s, ":number", number);
    sql_bind_int(s, ":now", now_ms);
    const enum status status = sql_run(store, s, reterr);
    if (status != STATUS_OK)
        return status;
    if (sqlite3_changes64(store->db) == 0)
        return error_set(reterr, STATUS_NOT_FOUND, "there is no key %u", number);
    return store_add_change(store, CHANGE_KEY, number, reterr);
}

enum status store_list_keys(struct store *store, store_each_key each, void *context,
                            struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, SQL_LIST_KEYS);
    bool row;
    enum status status;
    while ((status = sql_step_text(store, s, &row, reterr)) == STATUS_OK && row) {
        struct key_row key = {.number = (uint32_t)sqlite3_column_int64(s, 0),
                              .name = sql_text(s, 1),
                              .scopes = (unsigned)sqlite3_column_int(s, 2),
                              .created_ms = sql_time(s, 4),
                              .revoked_ms = sql_time(s, 5)};
        if (sqlite3_column_bytes(s, 3) == KEY_HASH_BYTES) {
            memcpy(key.hash, sqlite3_column_blob(s, 3), KEY_HASH_BYTES);
            status = each(context, &key);
        } else {
            status = error_set(reterr, STATUS_CORRUPT, "%s: the hash of key %u has a wrong size",
                               store->path, key.number);
        }
        if (status != STATUS_OK)
            break;
    }
    sqlite3_reset(s);
    return status;
}

enum status store_get_setting(struct store *store, const char *name, struct buffer *ret_value,
                              struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, SQL_GET_SETTING);
    sql_bind_text(s, ":name", name);
    bool row;
    const enum status status = sql_step_text(store, s, &row, reterr);
    if (status != STATUS_OK)
        return status;
    if (!row)
        return error_set(reterr, STATUS_NOT_FOUND, "the store has no setting %.100s", name);
    buffer_clear(ret_value);
    buffer_append(ret_value, sqlite3_column_blob(s, 0), (size_t)sqlite3_column_bytes(s, 0));
    sqlite3_reset(s);
    if (ret_value->failed)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory while reading %.100s", name);
    return STATUS_OK;
}

enum status store_put_setting(struct store *store, const char *name, const void *bytes,
                              size_t length, struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, SQL_PUT_SETTING);
    sql_bind_text(s, ":name", name);
    sql_bind_blob(s, ":value", length ? bytes : "", length);
    return sql_run(store, s, reterr);
}
