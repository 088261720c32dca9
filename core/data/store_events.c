#include <stdio.h>
#include <string.h>

#include "data/store_internal.h"

/* ---- rows ---- */

void event_row_read(sqlite3_stmt *s, int column, struct event_row *ret_row)
{
    *ret_row = (struct event_row){
        .seq = (uint64_t)sqlite3_column_int64(s, 0),
        .user = (uint32_t)sqlite3_column_int64(s, column),
        .item = (uint32_t)sqlite3_column_int64(s, column + 1),
        .type = (uint8_t)sqlite3_column_int(s, column + 2),
        .time_ms = sql_time(s, column + 3),
        .value = (float)sql_real(s, column + 4),
    };
}

/* The id that the store made for the row whose first columns are seq, user, item, type, time. */
static void made_id_of_row(const struct store *store, sqlite3_stmt *s, char out[MADE_ID_LENGTH + 1])
{
    const struct made_id id = {.seq = (uint64_t)sqlite3_column_int64(s, 0),
                               .item = (uint32_t)sqlite3_column_int64(s, 2),
                               .type = (uint8_t)sqlite3_column_int(s, 3),
                               .time_ms = sql_time(s, 4)};
    made_id_write(&id, store->event_key, out);
}

const char *event_id_of_row(const struct store *store, sqlite3_stmt *s, int column,
                            char made_id[MADE_ID_LENGTH + 1])
{
    const char *given = sql_text(s, column);
    if (given)
        return given;
    made_id_of_row(store, s, made_id);
    return made_id;
}

void event_from_row(struct store *store, sqlite3_stmt *s, char made_id[MADE_ID_LENGTH + 1],
                    struct event_record *ret_event)
{
    const int64_t time_ms = sql_time(s, 4);
    *ret_event = (struct event_record){
        .user = sql_text(s, 16),
        .session = sql_text(s, 15),
        .item = sql_text(s, 17),
        .type = sql_text(s, 18),
        .time_ms = time_ms,
        .time_is_unknown = time_ms == TIME_UNKNOWN,
        .rating = sql_real(s, 5),
        .quantity = sql_real(s, 6),
        .price = sql_real(s, 7),
        .progress = sql_real(s, 8),
        .currency = sql_text(s, 9),
        .order_id = sql_text(s, 10),
        .context = sql_text(s, 11),
        .event_id = event_id_of_row(store, s, 12, made_id),
        .recommendation_id = sql_text(s, 13),
        .position = sqlite3_column_type(s, 14) == SQLITE_NULL ? -1 : sqlite3_column_int(s, 14),
    };
}

/* ---- finding by id ---- */

static enum status find_made(struct store *store, const char *event_id, uint64_t seq,
                             struct event_match *ret_match, struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, SQL_GET_EVENT_KEY);
    sql_bind_seq(s, ":seq", seq);
    bool row;
    const enum status status = sql_step(store, s, &row, reterr);
    if (status != STATUS_OK || !row)
        return status;
    char made[MADE_ID_LENGTH + 1];
    made_id_of_row(store, s, made);
    if (strcmp(made, event_id) == 0)
        *ret_match = (struct event_match){.seq = seq, .user = (uint32_t)sqlite3_column_int64(s, 1)};
    sqlite3_reset(s);
    return STATUS_OK;
}

static enum status find_in_run(struct store *store, const char *event_id, uint64_t run,
                               struct event_match *ret_match, struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, SQL_FIND_EVENT);
    sql_bind_seq(s, ":run", run);
    sql_bind_text(s, ":event_id", event_id);
    bool row;
    const enum status status = sql_step(store, s, &row, reterr);
    if (status != STATUS_OK || !row)
        return status;
    *ret_match = (struct event_match){.seq = (uint64_t)sqlite3_column_int64(s, 0),
                                      .user = (uint32_t)sqlite3_column_int64(s, 1)};
    sqlite3_reset(s);
    return STATUS_OK;
}

/* The newest run first: retries come soon. */
static enum status find_given(struct store *store, const char *event_id,
                              struct event_match *ret_match, struct error *reterr)
{
    enum status status = filters_update(store, reterr);
    uint64_t run = run_of(store->counts.seq) + 1;
    while (status == STATUS_OK && ret_match->seq == 0 && run-- > 0)
        if (filters_may_have(store, run, event_id))
            status = find_in_run(store, event_id, run, ret_match, reterr);
    return status;
}

enum status event_find(struct store *store, const char *event_id, struct event_match *ret_match,
                       struct error *reterr)
{
    struct event_match match = {0};
    uint64_t seq;
    enum status status = STATUS_OK;
    if (made_id_seq(event_id, &seq))
        status = find_made(store, event_id, seq, &match, reterr);
    if (status == STATUS_OK && match.seq == 0)
        status = find_given(store, event_id, &match, reterr);
    if (status == STATUS_OK)
        *ret_match = match;
    return status;
}

enum status event_is_tombstoned(struct store *store, const char *event_id, bool *ret_there,
                                struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, SQL_FIND_TOMBSTONE);
    sql_bind_text(s, ":event_id", event_id);
    uint32_t user;
    const enum status status = sql_find(store, s, &user, reterr);
    if (status == STATUS_OK)
        *ret_there = user != NUMBER_NONE;
    return status;
}

/* ---- the same id again ---- */

static bool same_time(const struct event_record *event, const struct event_record *stored)
{
    const bool missing = event->time_ms == TIME_UNKNOWN && !event->time_is_unknown;
    return missing || event->time_ms == stored->time_ms;
}

/* All but who. */
static bool same_what(const struct event_record *a, const struct event_record *b)
{
    return same_text(a->item, b->item) && same_text(a->type, b->type) && same_time(a, b) &&
           same_real(a->rating, b->rating) && same_real(a->quantity, b->quantity) &&
           same_real(a->price, b->price) && same_real(a->progress, b->progress) &&
           same_text(a->currency, b->currency) && same_text(a->order_id, b->order_id) &&
           same_text(a->context, b->context) &&
           same_text(a->recommendation_id, b->recommendation_id) && a->position == b->position;
}

/* Who: the ids as they were given, or what a merge has made of them since. */
static enum status same_who(struct store *store, const struct event_record *event,
                            const char *stored_user, const char *stored_session, uint32_t user,
                            bool *ret_same, struct error *reterr)
{
    uint32_t merged = NUMBER_NONE;
    enum status status = STATUS_OK;
    *ret_same = same_text(event->user, stored_user) && same_text(event->session, stored_session);
    if (*ret_same)
        return STATUS_OK;
    if (event->user) {
        status = merge_find(store, event->user, &merged, reterr);
    } else {
        struct session_row session;
        status = session_find(store, event->session, &session, reterr);
        merged = status == STATUS_OK ? session.user : NUMBER_NONE;
    }
    *ret_same = merged == user && (!event->session || same_text(event->session, stored_session));
    return status;
}

static enum status compare(struct store *store, const struct event_record *event,
                           const struct event_match *match, struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, SQL_GET_EVENT);
    sql_bind_seq(s, ":seq", match->seq);
    bool row, same = false;
    enum status status = sql_step(store, s, &row, reterr);
    if (status != STATUS_OK)
        return status;
    if (row) {
        char made[MADE_ID_LENGTH + 1];
        struct event_record stored;
        event_from_row(store, s, made, &stored);
        if (same_what(event, &stored))
            status =
                same_who(store, event, stored.user, stored.session, match->user, &same, reterr);
        sqlite3_reset(s);
    }
    if (status == STATUS_OK && !same)
        return error_set_at(reterr, STATUS_CONFLICT, "/event_id",
                            "the event %.200s is there already with other content",
                            event->event_id);
    return status;
}

/* Whether the id was seen before: OK with true is a duplicate. */
static enum status check_duplicate(struct store *store, const struct event_record *event,
                                   bool *ret_duplicate, struct error *reterr)
{
    struct event_match match;
    enum status status = event_find(store, event->event_id, &match, reterr);
    if (status != STATUS_OK)
        return status;
    if (match.seq == 0)
        return event_is_tombstoned(store, event->event_id, ret_duplicate, reterr);
    status = compare(store, event, &match, reterr);
    if (status == STATUS_OK)
        *ret_duplicate = true;
    return status;
}

/* ---- adding ---- */

/* Numbers of an event on its way in. */
struct numbers {
    uint32_t user, item;
    uint8_t type;
    const char *session; /* what the row keeps of it */
};

enum status event_type_find(const struct event_types *types, const char *name, uint8_t *ret_code,
                            struct error *reterr)
{
    *ret_code = event_types_code(types, name);
    if (*ret_code)
        return STATUS_OK;
    const char *nearest = event_types_nearest(types, name);
    return error_set_at(reterr, STATUS_NOT_FOUND, "/type",
                        "%.100s is no type of interaction that is configured%s%s%s", name,
                        nearest ? "; did you mean " : "", nearest ? nearest : "",
                        nearest ? "?" : "");
}

/* A guest's own session follows from the guest; any other is kept as it was given. */
enum status event_need_who(struct store *store, const char *user, const char *session,
                           int64_t now_ms, uint32_t *ret_user, const char **ret_session,
                           struct error *reterr)
{
    *ret_session = session;
    if (user)
        return user_need(store, user, now_ms, ret_user, reterr);
    struct session_row row;
    const enum status status = session_need(store, session, now_ms, &row, reterr);
    if (status != STATUS_OK)
        return status;
    *ret_user = row.user;
    if (row.guest)
        *ret_session = NULL;
    return STATUS_OK;
}

static void bind_event(sqlite3_stmt *s, const struct event_record *event,
                       const struct numbers *numbers, uint64_t seq, int64_t time_ms)
{
    sql_bind_seq(s, ":seq", seq);
    sql_bind_int(s, ":user", numbers->user);
    sql_bind_int(s, ":item", numbers->item);
    sql_bind_int(s, ":type", numbers->type);
    sql_bind_time(s, ":time", time_ms);
    sql_bind_real(s, ":rating", event->rating);
    sql_bind_text(s, ":event_id", event->event_id);
    sql_bind_text(s, ":session", numbers->session);
    sql_bind_text(s, ":recommendation_id", event->recommendation_id);
    sql_bind_time(s, ":position", event->position < 0 ? TIME_UNKNOWN : event->position);
    sql_bind_real(s, ":quantity", event->quantity);
    sql_bind_real(s, ":price", event->price);
    sql_bind_text(s, ":currency", event->currency);
    sql_bind_text(s, ":order_id", event->order_id);
    sql_bind_real(s, ":progress", event->progress);
    sql_bind_text(s, ":context", event->context);
}

static enum status insert_event(struct store *store, const struct event_record *event,
                                const struct numbers *numbers, int64_t time_ms,
                                struct error *reterr)
{
    const uint64_t seq = store_next_seq(store);
    enum status status = STATUS_OK;
    if (event->event_id)
        status = filters_add(store, run_of(seq), event->event_id, reterr);
    if (status != STATUS_OK)
        return status;
    sqlite3_stmt *s = sql_get(store, SQL_ADD_EVENT);
    bind_event(s, event, numbers, seq, time_ms);
    status = sql_run(store, s, reterr);
    if (status == STATUS_OK)
        store->counts.events++;
    return status;
}

static void write_event_id(const struct store *store, const struct event_record *event,
                           const struct numbers *numbers, int64_t time_ms,
                           struct event_result *ret_result)
{
    if (event->event_id) {
        snprintf(ret_result->event_id, sizeof ret_result->event_id, "%s", event->event_id);
        return;
    }
    const struct made_id id = {
        .seq = store->counts.seq, .item = numbers->item, .type = numbers->type, .time_ms = time_ms};
    made_id_write(&id, store->event_key, ret_result->event_id);
}

static int64_t time_of(const struct event_record *event, int64_t now_ms)
{
    const bool missing = event->time_ms == TIME_UNKNOWN && !event->time_is_unknown;
    return missing ? now_ms : event->time_ms;
}

enum status store_add_event(struct store *store, const struct event_types *types,
                            const struct event_record *event, bool auto_items, int64_t now_ms,
                            struct event_result *ret_result, struct error *reterr)
{
    struct numbers numbers;
    const int64_t time_ms = time_of(event, now_ms);
    bool duplicate = false;
    enum status status = event_type_find(types, event->type, &numbers.type, reterr);
    if (status == STATUS_OK && event->event_id)
        status = check_duplicate(store, event, &duplicate, reterr);
    if (status == STATUS_OK && !duplicate)
        status = event_need_who(store, event->user, event->session, now_ms, &numbers.user,
                                &numbers.session, reterr);
    if (status == STATUS_OK && !duplicate)
        status = item_need(store, event->item, auto_items, now_ms, &numbers.item, reterr);
    if (status == STATUS_OK && !duplicate)
        status = insert_event(store, event, &numbers, time_ms, reterr);
    if (status != STATUS_OK)
        return status;
    ret_result->duplicate = duplicate;
    write_event_id(store, event, &numbers, time_ms, ret_result);
    return STATUS_OK;
}
