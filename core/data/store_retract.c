#include <stdio.h>

#include "data/store_internal.h"

enum status event_delete(struct store *store, uint64_t seq, struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, SQL_DELETE_EVENT);
    sql_bind_seq(s, ":seq", seq);
    const enum status status = sql_run(store, s, reterr);
    if (status == STATUS_OK) {
        store->counts.events--;
        store->counts_changed = true;
    }
    return status;
}

/* Takes an event away and leaves a tombstone. */
static enum status retract(struct store *store, uint64_t seq, uint32_t user, const char *event_id,
                           struct error *reterr)
{
    store->tombstones = TOMBSTONES_SOME;
    sqlite3_stmt *s = sql_get(store, SQL_ADD_TOMBSTONE);
    sql_bind_text(s, ":event_id", event_id);
    sql_bind_int(s, ":user", user);
    const enum status status = sql_run(store, s, reterr);
    return status == STATUS_OK ? event_delete(store, seq, reterr) : status;
}

enum status store_retract_event(struct store *store, const char *event_id, int64_t now_ms,
                                struct error *reterr)
{
    (void)now_ms; /* a tombstone has no time: it stays for good */
    struct event_match match;
    bool tombstoned = false;
    enum status status = event_find(store, event_id, &match, reterr);
    if (status == STATUS_OK && match.seq == 0)
        status = event_is_tombstoned(store, event_id, &tombstoned, reterr);
    if (status != STATUS_OK || tombstoned)
        return status;
    if (match.seq == 0)
        return error_set(reterr, STATUS_NOT_FOUND, "there is no event %.200s", event_id);
    status = retract(store, match.seq, match.user, event_id, reterr);
    return status == STATUS_OK ? store_add_change(store, CHANGE_USER_EVENTS, match.user, reterr)
                               : status;
}

/* What is to be retracted: a user's events of an item and type, NULL and 0: of any. */
struct pattern {
    uint32_t user;
    const char *item;
    uint8_t type;
};

/* The next match after *seq within a run: its id is copied out, so that the statement is over
 * before the row goes. */
static enum status next_match(struct store *store, const struct pattern *pattern, uint64_t run,
                              uint64_t *seq, char event_id[ID_BYTES_MAX + 1], bool *ret_found,
                              struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, SQL_MATCH_USER_EVENTS);
    sql_bind_seq(s, ":run", run);
    sql_bind_int(s, ":user", pattern->user);
    sql_bind_text(s, ":item", pattern->item);
    sql_bind_int(s, ":type", pattern->type);
    sql_bind_seq(s, ":after", *seq);
    const enum status status = sql_step_text(store, s, ret_found, reterr);
    if (status != STATUS_OK || !*ret_found)
        return status;
    char made_id[MADE_ID_LENGTH + 1];
    *seq = (uint64_t)sqlite3_column_int64(s, 0);
    snprintf(event_id, ID_BYTES_MAX + 1, "%s", event_id_of_row(store, s, 5, made_id));
    sqlite3_reset(s);
    return STATUS_OK;
}

static enum status retract_in_run(struct store *store, const struct pattern *pattern, uint64_t run,
                                  uint64_t *retracted, struct error *reterr)
{
    char event_id[ID_BYTES_MAX + 1];
    uint64_t seq = 0;
    bool found = true;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && found) {
        status = next_match(store, pattern, run, &seq, event_id, &found, reterr);
        if (status == STATUS_OK && found) {
            status = retract(store, seq, pattern->user, event_id, reterr);
            (*retracted)++;
        }
    }
    return status;
}

static enum status retract_matches(struct store *store, const struct pattern *pattern,
                                   uint64_t *ret_retracted, struct error *reterr)
{
    const uint64_t last = run_of(store->counts.seq);
    uint64_t n = 0;
    enum status status = STATUS_OK;
    for (uint64_t run = 0; status == STATUS_OK && run <= last; run++)
        status = retract_in_run(store, pattern, run, &n, reterr);
    if (status == STATUS_OK && n)
        status = store_add_change(store, CHANGE_USER_EVENTS, pattern->user, reterr);
    if (status == STATUS_OK)
        *ret_retracted = n;
    return status;
}

enum status store_retract_events(struct store *store, const struct event_types *types,
                                 const char *user, const char *item, const char *type,
                                 int64_t now_ms, uint64_t *ret_retracted, struct error *reterr)
{
    (void)now_ms;
    struct pattern pattern = {.item = item,
                              .type = type ? event_types_code_stored(types, type) : 0};
    enum status status = STATUS_OK;
    if (type && !pattern.type)
        status = event_type_find(types, type, &pattern.type, reterr); /* says what is near */
    if (status == STATUS_OK)
        status = user_find(store, user, &pattern.user, reterr);
    if (status != STATUS_OK)
        return status;
    if (pattern.user == NUMBER_NONE)
        return error_set(reterr, STATUS_NOT_FOUND, "there is no user %.200s", user);
    return retract_matches(store, &pattern, ret_retracted, reterr);
}

/* ---- erasure: nothing of the user is left but the number ---- */

static enum status delete_in_runs(struct store *store, enum sql id, uint32_t user,
                                  uint64_t *ret_deleted, struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, id);
    sql_bind_int(s, ":user", user);
    return runs_write(store, s, ret_deleted, reterr);
}

static enum status delete_all_of(struct store *store, uint32_t user, struct error *reterr)
{
    static const enum sql deletes[] = {SQL_DELETE_SESSIONS, SQL_DELETE_MERGES,
                                       SQL_DELETE_TOMBSTONES};
    uint64_t events, impressions;
    enum status status = delete_in_runs(store, SQL_DELETE_USER_EVENTS, user, &events, reterr);
    if (status == STATUS_OK)
        status = delete_in_runs(store, SQL_DELETE_IMPRESSIONS, user, &impressions, reterr);
    if (status == STATUS_OK)
        store->counts.events -= events;
    for (size_t i = 0; status == STATUS_OK && i < sizeof deletes / sizeof *deletes; i++) {
        sqlite3_stmt *s = sql_get(store, deletes[i]);
        sql_bind_int(s, ":user", user);
        status = sql_run(store, s, reterr);
    }
    return status;
}

enum status store_erase_user(struct store *store, const char *id, int64_t now_ms,
                             struct error *reterr)
{
    (void)now_ms; /* when somebody left is not kept either */
    uint32_t number;
    enum status status = user_find(store, id, &number, reterr);
    if (status != STATUS_OK)
        return status;
    if (number == NUMBER_NONE)
        return error_set(reterr, STATUS_NOT_FOUND, "there is no user %.200s", id);
    status = delete_all_of(store, number, reterr);
    return status == STATUS_OK ? user_end(store, number, false, reterr) : status;
}
