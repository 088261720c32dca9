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
    uint64_t run = UINT64_MAX;
    while (status == STATUS_OK && ret_match->seq == 0 &&
           filters_next_run(store, event_id, run, &run))
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

/* Most stores have none: asked once a transaction, not once an event. */
static enum status look_for_tombstones(struct store *store, struct error *reterr)
{
    uint32_t user;
    if (store->in_transaction && store->tombstones != TOMBSTONES_UNKNOWN)
        return STATUS_OK;
    const enum status status = sql_find(store, sql_get(store, SQL_ANY_TOMBSTONE), &user, reterr);
    if (status == STATUS_OK)
        store->tombstones = user == NUMBER_NONE ? TOMBSTONES_NONE : TOMBSTONES_SOME;
    return status;
}

enum status event_is_tombstoned(struct store *store, const char *event_id, bool *ret_there,
                                struct error *reterr)
{
    uint32_t user = NUMBER_NONE;
    enum status status = look_for_tombstones(store, reterr);
    if (status == STATUS_OK && store->tombstones == TOMBSTONES_SOME) {
        sqlite3_stmt *s = sql_get(store, SQL_FIND_TOMBSTONE);
        sql_bind_text(s, ":event_id", event_id);
        status = sql_find(store, s, &user, reterr);
    }
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
    enum status status = sql_step_text(store, s, &row, reterr);
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

/* Parameters of SQL_ADD_EVENT. */
enum event_parameter {
    AT_SEQ,
    AT_USER,
    AT_ITEM,
    AT_TYPE,
    AT_TIME,
    AT_RATING,
    AT_EVENT_ID,
    AT_SESSION,
    AT_RECOMMENDATION_ID,
    AT_POSITION,
    AT_QUANTITY,
    AT_PRICE,
    AT_CURRENCY,
    AT_ORDER_ID,
    AT_PROGRESS,
    AT_CONTEXT,
};
static const char *const event_parameters[EVENT_PARAMETERS] = {
    [AT_SEQ] = ":seq",
    [AT_USER] = ":user",
    [AT_ITEM] = ":item",
    [AT_TYPE] = ":type",
    [AT_TIME] = ":time",
    [AT_RATING] = ":rating",
    [AT_EVENT_ID] = ":event_id",
    [AT_SESSION] = ":session",
    [AT_RECOMMENDATION_ID] = ":recommendation_id",
    [AT_POSITION] = ":position",
    [AT_QUANTITY] = ":quantity",
    [AT_PRICE] = ":price",
    [AT_CURRENCY] = ":currency",
    [AT_ORDER_ID] = ":order_id",
    [AT_PROGRESS] = ":progress",
    [AT_CONTEXT] = ":context",
};

/* NULL is NULL, for SQLite as for us. */
static void bind_text(sqlite3_stmt *s, int at, const char *text)
{
    sqlite3_bind_text(s, at, text, -1, SQLITE_STATIC);
}

static void bind_real(sqlite3_stmt *s, int at, double value)
{
    if (isnan(value))
        sqlite3_bind_null(s, at);
    else
        sqlite3_bind_double(s, at, value);
}

static void bind_int(sqlite3_stmt *s, int at, int64_t value, bool is_known)
{
    if (is_known)
        sqlite3_bind_int64(s, at, value);
    else
        sqlite3_bind_null(s, at);
}

static void bind_event(sqlite3_stmt *s, int *places, const struct event_record *event,
                       const struct numbers *numbers, uint64_t seq, int64_t time_ms)
{
    if (places[0] == 0)
        sql_find_places(s, event_parameters, EVENT_PARAMETERS, places);
    bind_int(s, places[AT_SEQ], (int64_t)seq, true);
    bind_int(s, places[AT_USER], numbers->user, true);
    bind_int(s, places[AT_ITEM], numbers->item, true);
    bind_int(s, places[AT_TYPE], numbers->type, true);
    bind_int(s, places[AT_TIME], time_ms, time_ms != TIME_UNKNOWN);
    bind_real(s, places[AT_RATING], event->rating);
    bind_text(s, places[AT_EVENT_ID], event->event_id);
    bind_text(s, places[AT_SESSION], numbers->session);
    bind_text(s, places[AT_RECOMMENDATION_ID], event->recommendation_id);
    bind_int(s, places[AT_POSITION], event->position, event->position >= 0);
    bind_real(s, places[AT_QUANTITY], event->quantity);
    bind_real(s, places[AT_PRICE], event->price);
    bind_text(s, places[AT_CURRENCY], event->currency);
    bind_text(s, places[AT_ORDER_ID], event->order_id);
    bind_real(s, places[AT_PROGRESS], event->progress);
    bind_text(s, places[AT_CONTEXT], event->context);
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
    bind_event(s, store->event_places, event, numbers, seq, time_ms);
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
        const size_t length = strnlen(event->event_id, sizeof ret_result->event_id - 1);
        memcpy(ret_result->event_id, event->event_id, length);
        ret_result->event_id[length] = '\0';
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
