#include <string.h>

#include "data/store_internal.h"

enum status user_find(struct store *store, const char *id, uint32_t *ret_number,
                      struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, SQL_FIND_USER);
    sql_bind_text(s, ":id", id);
    return sql_find(store, s, ret_number, reterr);
}

/* A new row of `users`; id NULL makes a guest. */
static enum status add_user(struct store *store, const char *id, const char *attributes,
                            int64_t now_ms, uint32_t *ret_number, struct error *reterr)
{
    struct store_counts *counts = &store->counts;
    if (counts->next_user == NUMBER_NONE)
        return error_set(reterr, STATUS_TOO_LARGE, "the store has given all numbers for users");
    const uint32_t number = counts->next_user;
    sqlite3_stmt *s = sql_get(store, SQL_ADD_USER);
    sql_bind_int(s, ":number", number);
    sql_bind_int(s, ":kind", id ? USER_NAMED : USER_GUEST);
    sql_bind_text(s, ":id", id);
    sql_bind_text(s, ":attributes", attributes);
    sql_bind_time(s, ":now", now_ms);
    const enum status status = sql_run(store, s, reterr);
    if (status != STATUS_OK)
        return status;
    counts->next_user++;
    (*(id ? &counts->users : &counts->guests))++;
    *ret_number = number;
    return store_add_change(store, CHANGE_USER, number, reterr);
}

enum status user_need(struct store *store, const char *id, int64_t now_ms, uint32_t *ret_number,
                      struct error *reterr)
{
    uint32_t number;
    if (numbers_find(&store->users, id, ret_number))
        return STATUS_OK;
    enum status status = user_find(store, id, &number, reterr);
    if (status == STATUS_OK && number == NUMBER_NONE)
        status = add_user(store, id, "{}", now_ms, &number, reterr);
    if (status != STATUS_OK)
        return status;
    numbers_keep(&store->users, id, number);
    *ret_number = number;
    return STATUS_OK;
}

enum status user_end(struct store *store, uint32_t number, bool guest, struct error *reterr)
{
    store_forget_numbers(store);
    enum status status = store_add_change(store, CHANGE_USER_DEATH, number, reterr);
    if (status != STATUS_OK)
        return status;
    sqlite3_stmt *s = sql_get(store, SQL_END_USER);
    sql_bind_int(s, ":number", number);
    sql_bind_seq(s, ":seq", store->counts.seq);
    status = sql_run(store, s, reterr);
    if (status == STATUS_OK)
        (*(guest ? &store->counts.guests : &store->counts.users))--;
    return status;
}

/* The row of a statement over USER_COLUMNS. Texts are copied to the arena. */
static enum status user_from_row(sqlite3_stmt *s, struct arena *arena, struct user_record *ret_user,
                                 struct error *reterr)
{
    const char *id = sql_text(s, 1), *attributes = sql_text(s, 2);
    struct user_record user = {.created_ms = sql_time(s, 3), .updated_ms = sql_time(s, 4)};
    user.id = id ? arena_strndup(arena, id, strlen(id)) : NULL;
    user.attributes = attributes ? arena_strndup(arena, attributes, strlen(attributes)) : NULL;
    if (!user.attributes || (id && !user.id))
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory while reading a user");
    *ret_user = user;
    return STATUS_OK;
}

enum status store_get_user(struct store *store, const char *id, struct arena *arena,
                           struct user_record *ret_user, uint32_t *ret_number, struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, SQL_GET_USER);
    sql_bind_text(s, ":id", id);
    bool row;
    enum status status = sql_step_text(store, s, &row, reterr);
    if (status != STATUS_OK)
        return status;
    if (!row)
        return error_set(reterr, STATUS_NOT_FOUND, "there is no user %.200s", id);
    const uint32_t number = (uint32_t)sqlite3_column_int64(s, 0);
    status = user_from_row(s, arena, ret_user, reterr);
    sqlite3_reset(s);
    if (status == STATUS_OK)
        *ret_number = number;
    return status;
}

static enum status update_user(struct store *store, uint32_t number, const char *attributes,
                               int64_t now_ms, struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, SQL_UPDATE_USER);
    sql_bind_int(s, ":number", number);
    sql_bind_text(s, ":attributes", attributes);
    sql_bind_time(s, ":now", now_ms);
    const enum status status = sql_run(store, s, reterr);
    return status == STATUS_OK ? store_add_change(store, CHANGE_USER, number, reterr) : status;
}

enum status store_put_user(struct store *store, const struct user_record *user, int64_t now_ms,
                           uint32_t *ret_number, bool *ret_created, struct error *reterr)
{
    const char *attributes = user->attributes ? user->attributes : "{}";
    enum status status = attributes_claim(store, OWNER_USER, attributes, reterr);
    struct user_record present;
    uint32_t number = NUMBER_NONE;
    if (status == STATUS_OK) {
        arena_reset(&store->scratch);
        status = store_get_user(store, user->id, &store->scratch, &present, &number, reterr);
    }
    const bool created = status == STATUS_NOT_FOUND;
    if (created)
        status = add_user(store, user->id, attributes, now_ms, &number, reterr);
    else if (status == STATUS_OK && strcmp(present.attributes, attributes) != 0)
        status = update_user(store, number, attributes, now_ms, reterr);
    if (status != STATUS_OK)
        return status;
    *ret_number = number;
    *ret_created = created;
    return STATUS_OK;
}

enum status store_list_users(struct store *store, uint32_t from_number, uint32_t limit,
                             store_each_user each, void *context, struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, SQL_LIST_USERS);
    sql_bind_int(s, ":from", from_number);
    sql_bind_int(s, ":limit", limit);
    bool row;
    enum status status;
    while ((status = sql_step_text(store, s, &row, reterr)) == STATUS_OK && row) {
        struct user_record user;
        arena_reset(&store->scratch);
        status = user_from_row(s, &store->scratch, &user, reterr);
        if (status == STATUS_OK)
            status = each(context, (uint32_t)sqlite3_column_int64(s, 0), &user);
        if (status != STATUS_OK)
            break;
    }
    sqlite3_reset(s);
    return status;
}

/* ---- sessions ---- */

enum status session_find(struct store *store, const char *id, struct session_row *ret_session,
                         struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, SQL_FIND_SESSION);
    sql_bind_text(s, ":id", id);
    bool row;
    const enum status status = sql_step(store, s, &row, reterr);
    if (status != STATUS_OK)
        return status;
    *ret_session = (struct session_row){.number = NUMBER_NONE, .user = NUMBER_NONE};
    if (row)
        *ret_session = (struct session_row){.number = (uint32_t)sqlite3_column_int64(s, 0),
                                            .user = (uint32_t)sqlite3_column_int64(s, 1),
                                            .guest = sqlite3_column_int(s, 2) != 0};
    sqlite3_reset(s);
    return STATUS_OK;
}

enum status session_need(struct store *store, const char *id, int64_t now_ms,
                         struct session_row *ret_session, struct error *reterr)
{
    struct session_row session;
    enum status status = session_find(store, id, &session, reterr);
    if (status == STATUS_OK && session.number == NUMBER_NONE) {
        session.guest = true;
        status = add_user(store, NULL, "{}", now_ms, &session.user, reterr);
        if (status != STATUS_OK)
            return status;
        sqlite3_stmt *s = sql_get(store, SQL_ADD_SESSION);
        sql_bind_text(s, ":id", id);
        sql_bind_int(s, ":user", session.user);
        status = sql_run(store, s, reterr);
        session.number = (uint32_t)sqlite3_last_insert_rowid(store->db);
        if (status == STATUS_OK)
            status = store_add_change(store, CHANGE_SESSION, session.number, reterr);
    }
    if (status == STATUS_OK)
        *ret_session = session;
    return status;
}

enum status store_find_session(struct store *store, const char *session, uint32_t *ret_number,
                               struct error *reterr)
{
    struct session_row row;
    const enum status status = session_find(store, session, &row, reterr);
    if (status != STATUS_OK)
        return status;
    if (row.number == NUMBER_NONE)
        return error_set(reterr, STATUS_NOT_FOUND, "there is no session %.200s", session);
    *ret_number = row.user;
    return STATUS_OK;
}

enum status merge_find(struct store *store, const char *source_id, uint32_t *ret_user,
                       struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, SQL_FIND_MERGE);
    sql_bind_text(s, ":id", source_id);
    return sql_find(store, s, ret_user, reterr);
}
