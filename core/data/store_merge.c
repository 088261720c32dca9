#include "data/store_internal.h"

/* A merge moves all rows of one user to another; the source keeps a death row. What a user id was
 * merged into is remembered, so that the same request again, and a late retry of an event under the
 * old id, are recognised. */

/* Who is merged; number NUMBER_NONE: nothing is left to do. */
struct source {
    uint32_t number;
    bool guest;
    const char *id;      /* of a user */
    const char *session; /* of a guest: its events keep it */
};

static enum status find_user_source(struct store *store, const char *from_user, uint32_t target,
                                    struct source *ret_source, struct error *reterr)
{
    struct source source = {.id = from_user};
    enum status status = user_find(store, from_user, &source.number, reterr);
    uint32_t merged = NUMBER_NONE;
    if (status == STATUS_OK && source.number == NUMBER_NONE)
        status = merge_find(store, from_user, &merged, reterr);
    if (status != STATUS_OK)
        return status;
    if (source.number == NUMBER_NONE && (merged == NUMBER_NONE || merged != target))
        return error_set(reterr, STATUS_NOT_FOUND, "there is no user %.200s", from_user);
    if (source.number != NUMBER_NONE && source.number == target)
        return error_set(reterr, STATUS_OUT_OF_RANGE, "a user cannot be merged into itself");
    *ret_source = source;
    return STATUS_OK;
}

static enum status find_session_source(struct store *store, const char *from_session,
                                       uint32_t target, struct source *ret_source,
                                       struct error *reterr)
{
    struct session_row row;
    const enum status status = session_find(store, from_session, &row, reterr);
    if (status != STATUS_OK)
        return status;
    if (row.number == NUMBER_NONE)
        return error_set(reterr, STATUS_NOT_FOUND, "there is no session %.200s", from_session);
    const bool moved = !row.guest && row.user == target;
    if (!row.guest && !moved)
        return error_set(reterr, STATUS_CONFLICT, "the session %.200s belongs to another user",
                         from_session);
    *ret_source = (struct source){
        .number = moved ? NUMBER_NONE : row.user, .guest = true, .session = from_session};
    return STATUS_OK;
}

/* Rows that are found by runs; they keep the session of a guest. */
static enum status move_in_runs(struct store *store, enum sql id, const struct source *source,
                                uint32_t to, uint64_t *ret_moved, struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, id);
    sql_bind_int(s, ":from", source->number);
    sql_bind_int(s, ":to", to);
    sql_bind_text(s, ":session", source->session);
    return runs_write(store, s, ret_moved, reterr);
}

static enum status move_all(struct store *store, const struct source *source, uint32_t to,
                            uint64_t *ret_moved, struct error *reterr)
{
    static const enum sql moves[] = {SQL_MOVE_SESSIONS, SQL_MOVE_MERGES, SQL_MOVE_TOMBSTONES};
    uint64_t impressions;
    enum status status = move_in_runs(store, SQL_MOVE_EVENTS, source, to, ret_moved, reterr);
    if (status == STATUS_OK)
        status = move_in_runs(store, SQL_MOVE_IMPRESSIONS, source, to, &impressions, reterr);
    for (size_t i = 0; status == STATUS_OK && i < sizeof moves / sizeof *moves; i++) {
        sqlite3_stmt *s = sql_get(store, moves[i]);
        sql_bind_int(s, ":from", source->number);
        sql_bind_int(s, ":to", to);
        status = sql_run(store, s, reterr);
    }
    return status;
}

/* Each session of the source belongs to somebody else soon: one change each. */
static enum status announce_sessions(struct store *store, uint32_t user, struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, SQL_LIST_SESSIONS);
    sql_bind_int(s, ":user", user);
    bool row;
    enum status status;
    while ((status = sql_step(store, s, &row, reterr)) == STATUS_OK && row) {
        status =
            store_add_change(store, CHANGE_SESSION, (uint32_t)sqlite3_column_int64(s, 0), reterr);
        if (status != STATUS_OK)
            break;
    }
    sqlite3_reset(s);
    return status;
}

static enum status remember(struct store *store, const char *source_id, uint32_t to,
                            struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, SQL_PUT_MERGE);
    sql_bind_text(s, ":id", source_id);
    sql_bind_int(s, ":user", to);
    return sql_run(store, s, reterr);
}

static enum status merge(struct store *store, const struct source *source, uint32_t to,
                         uint64_t *ret_moved, struct error *reterr)
{
    uint64_t moved = 0;
    enum status status = announce_sessions(store, source->number, reterr);
    if (status == STATUS_OK)
        status = move_all(store, source, to, &moved, reterr);
    if (status == STATUS_OK && source->id)
        status = remember(store, source->id, to, reterr);
    if (status == STATUS_OK)
        status = user_end(store, source->number, source->guest, reterr);
    if (status == STATUS_OK)
        status = store_add_change(store, CHANGE_USER_EVENTS, to, reterr);
    if (status == STATUS_OK)
        *ret_moved = moved;
    return status;
}

enum status store_merge_user(struct store *store, const char *user, const char *from_user,
                             const char *from_session, int64_t now_ms, uint64_t *ret_moved,
                             struct error *reterr)
{
    struct source source = {.number = NUMBER_NONE};
    uint32_t to;
    enum status status = user_find(store, user, &to, reterr);
    if (status == STATUS_OK && from_user)
        status = find_user_source(store, from_user, to, &source, reterr);
    else if (status == STATUS_OK)
        status = find_session_source(store, from_session, to, &source, reterr);
    if (status != STATUS_OK)
        return status;
    if (source.number == NUMBER_NONE) {
        *ret_moved = 0;
        return STATUS_OK;
    }
    status = user_need(store, user, now_ms, &to, reterr);
    return status == STATUS_OK ? merge(store, &source, to, ret_moved, reterr) : status;
}
