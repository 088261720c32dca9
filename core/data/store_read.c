#include <assert.h>
#include <string.h>

#include "data/store_internal.h"

/* Reading by seq in pages: each page is a short transaction, so that no reader holds back the
 * checkpoint for longer than some thousand rows take. */

/* Rows of `s` (already bound) behind rows[*n], which has room for PAGE_ROWS; the short transaction
 * is over on return. */
static enum status fill_page(struct store *store, sqlite3_stmt *s, struct event_row *rows,
                             size_t *n, struct error *reterr)
{
    bool row;
    enum status status;
    while ((status = sql_step(store, s, &row, reterr)) == STATUS_OK && row) {
        assert(*n < PAGE_ROWS);
        event_row_read(s, 1, &rows[(*n)++]);
    }
    return status;
}

static enum status page_new(struct store *store, struct event_row **ret_rows, struct error *reterr)
{
    arena_reset(&store->scratch);
    *ret_rows = arena_zalloc(&store->scratch, PAGE_ROWS, sizeof **ret_rows);
    if (!*ret_rows)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory while reading events");
    return STATUS_OK;
}

enum status store_read_events(struct store *store, uint64_t after_seq, uint64_t upto_seq,
                              store_each_row each, void *context, struct error *reterr)
{
    struct event_row *rows;
    enum status status = page_new(store, &rows, reterr);
    size_t n = PAGE_ROWS;
    while (status == STATUS_OK && n == PAGE_ROWS) {
        sqlite3_stmt *s = sql_get(store, SQL_READ_EVENTS);
        sql_bind_seq(s, ":after", after_seq);
        sql_bind_seq(s, ":upto", upto_seq);
        sql_bind_int(s, ":limit", PAGE_ROWS);
        n = 0;
        status = fill_page(store, s, rows, &n, reterr);
        if (status == STATUS_OK && n) {
            after_seq = rows[n - 1].seq;
            status = each(context, rows, n);
        }
    }
    return status;
}

enum status store_read_contexts(struct store *store, uint64_t after_seq, uint64_t upto_seq,
                                store_each_context each, void *context, struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, SQL_READ_CONTEXTS);
    sql_bind_seq(s, ":after", after_seq);
    sql_bind_seq(s, ":upto", upto_seq);
    bool row;
    enum status status;
    while ((status = sql_step_text(store, s, &row, reterr)) == STATUS_OK && row) {
        struct event_row event;
        event_row_read(s, 1, &event);
        status = each(context, &event, sql_text(s, 6));
        if (status != STATUS_OK)
            break;
    }
    sqlite3_reset(s);
    return status;
}

/* Fills the page from run to run; *run is past the last one when all are read. */
static enum status fill_page_by_runs(struct store *store, sqlite3_stmt *s, uint64_t *run,
                                     uint64_t last, struct event_row *rows, size_t *n,
                                     struct error *reterr)
{
    enum status status = STATUS_OK;
    for (; status == STATUS_OK && *run <= last; (*run)++) {
        sql_bind_seq(s, ":run", *run);
        sql_bind_int(s, ":limit", (int64_t)(PAGE_ROWS - *n));
        status = fill_page(store, s, rows, n, reterr);
        if (*n == PAGE_ROWS)
            break; /* the run may have more */
    }
    return status;
}

/* One page of a user's events, in a transaction of its own. */
static enum status read_user_page(struct store *store, uint32_t user, uint64_t after_seq,
                                  uint64_t upto_seq, uint64_t *run, uint64_t last,
                                  struct event_row *rows, size_t *ret_n, struct error *reterr)
{
    enum status status = store_begin_read(store, reterr);
    if (status != STATUS_OK)
        return status;
    sqlite3_stmt *s = sql_get(store, SQL_READ_USER_EVENTS);
    sql_bind_int(s, ":user", user);
    sql_bind_seq(s, ":after", after_seq);
    sql_bind_seq(s, ":upto", upto_seq);
    *ret_n = 0;
    status = fill_page_by_runs(store, s, run, last, rows, ret_n, reterr);
    store_end_read(store);
    return status;
}

enum status store_read_user_events(struct store *store, uint32_t user, uint64_t upto_seq,
                                   store_each_row each, void *context, struct error *reterr)
{
    struct event_row *rows;
    uint64_t after_seq = 0, run = 0, last = 0;
    enum status status = page_new(store, &rows, reterr);
    if (status == STATUS_OK)
        status = runs_last(store, &last, reterr);
    if (last > run_of(upto_seq))
        last = run_of(upto_seq);
    while (status == STATUS_OK && run <= last) {
        size_t n;
        status = read_user_page(store, user, after_seq, upto_seq, &run, last, rows, &n, reterr);
        if (status == STATUS_OK && n) {
            after_seq = rows[n - 1].seq;
            status = each(context, rows, n);
        }
    }
    return status;
}

/* ---- changes: what a row of `changes` means now ---- */

static void take_user(struct change *change, sqlite3_stmt *s)
{
    change->id = sql_text(s, 1);
    change->attributes = sql_text(s, 2);
}

static enum status look_up_user(struct store *store, struct change *change, sqlite3_stmt **ret_open,
                                struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, SQL_GET_USER_BY_NUMBER);
    sql_bind_int(s, ":number", change->number);
    bool row;
    const enum status status = sql_step_text(store, s, &row, reterr);
    if (status != STATUS_OK)
        return status;
    if (!row || sqlite3_column_int(s, 5) == USER_GONE)
        change->kind = CHANGE_USER_DEATH;
    else if (change->kind == CHANGE_USER)
        take_user(change, s);
    *ret_open = s;
    return STATUS_OK;
}

static enum status look_up_item(struct store *store, struct change *change,
                                struct item_record *item, sqlite3_stmt **ret_open,
                                struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, SQL_GET_ITEM_BY_NUMBER);
    sql_bind_int(s, ":number", change->number);
    bool row;
    enum status status = sql_step_text(store, s, &row, reterr);
    if (status != STATUS_OK)
        return status;
    *ret_open = s;
    enum item_state state = ITEM_DELETED;
    if (row)
        status = item_from_row(s, &store->scratch, &change->number, &state, item, reterr);
    if (state == ITEM_DELETED)
        change->kind = CHANGE_ITEM_DEATH;
    else
        change->item = item;
    return status;
}

/* A session that an erasure has taken since is no change any more: kind 0. */
static enum status look_up_session(struct store *store, struct change *change,
                                   sqlite3_stmt **ret_open, struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, SQL_GET_SESSION);
    sql_bind_int(s, ":number", change->number);
    bool row;
    const enum status status = sql_step_text(store, s, &row, reterr);
    if (status != STATUS_OK)
        return status;
    *ret_open = s;
    change->id = row ? sql_text(s, 0) : NULL;
    change->number = row ? (uint32_t)sqlite3_column_int64(s, 1) : NUMBER_NONE;
    if (!row)
        change->kind = 0;
    return STATUS_OK;
}

static enum status report(struct store *store, struct change *change, store_each_change each,
                          void *context, struct error *reterr)
{
    sqlite3_stmt *open = NULL;
    struct item_record item;
    enum status status = STATUS_OK;
    if (change->kind == CHANGE_USER || change->kind == CHANGE_USER_EVENTS)
        status = look_up_user(store, change, &open, reterr);
    else if (change->kind == CHANGE_ITEM)
        status = look_up_item(store, change, &item, &open, reterr);
    else if (change->kind == CHANGE_SESSION)
        status = look_up_session(store, change, &open, reterr);
    if (status == STATUS_OK && change->kind != 0)
        status = each(context, change);
    sqlite3_reset(open);
    return status;
}

/* Up to PAGE_ROWS changes; the last seq seen and how many there were. */
static enum status read_change_page(struct store *store, uint64_t *after_seq, uint64_t upto_seq,
                                    store_each_change each, void *context, size_t *ret_n,
                                    struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, SQL_READ_CHANGES);
    sql_bind_seq(s, ":after", *after_seq);
    sql_bind_seq(s, ":upto", upto_seq);
    sql_bind_int(s, ":limit", PAGE_ROWS);
    bool row;
    enum status status;
    size_t n = 0;
    while ((status = sql_step(store, s, &row, reterr)) == STATUS_OK && row) {
        struct change change = {.seq = (uint64_t)sqlite3_column_int64(s, 0),
                                .kind = (enum change_kind)sqlite3_column_int(s, 1),
                                .number = (uint32_t)sqlite3_column_int64(s, 2)};
        if (change.kind == CHANGE_EVENT)
            event_row_read(s, 2, &change.event);
        arena_reset(&store->scratch);
        status = report(store, &change, each, context, reterr);
        if (status != STATUS_OK)
            break;
        *after_seq = change.seq;
        n++;
    }
    sqlite3_reset(s);
    *ret_n = n;
    return status;
}

enum status store_read_changes(struct store *store, uint64_t after_seq, uint64_t upto_seq,
                               store_each_change each, void *context, struct error *reterr)
{
    enum status status = STATUS_OK;
    size_t n = PAGE_ROWS;
    while (status == STATUS_OK && n == PAGE_ROWS) {
        status = store_begin_read(store, reterr);
        if (status != STATUS_OK)
            return status;
        status = read_change_page(store, &after_seq, upto_seq, each, context, &n, reterr);
        store_end_read(store);
    }
    return status;
}

/* ---- ids ---- */

/* One page of (number, id, …) rows into the map; *from moves past them. */
static enum status read_id_page(struct store *store, enum sql id, uint32_t *from, struct idmap *map,
                                size_t *ret_n, struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, id);
    sql_bind_int(s, ":from", *from);
    sql_bind_int(s, ":limit", PAGE_ROWS);
    bool row;
    enum status status;
    size_t n = 0;
    while ((status = sql_step_text(store, s, &row, reterr)) == STATUS_OK && row) {
        const uint32_t number = (uint32_t)sqlite3_column_int64(s, 0);
        const char *text = sql_text(s, 1);
        status = text ? idmap_add(map, number, text, (size_t)sqlite3_column_bytes(s, 1))
                      : STATUS_NO_MEMORY;
        if (status != STATUS_OK) {
            error_set(reterr, status, "cannot hold the ids of the store: %s", status_name(status));
            break;
        }
        *from = number + 1;
        n++;
    }
    sqlite3_reset(s);
    *ret_n = n;
    return status;
}

static enum status read_ids(struct store *store, enum sql id, struct idmap *map,
                            struct error *reterr)
{
    enum status status = STATUS_OK;
    uint32_t from = 0;
    size_t n = PAGE_ROWS;
    while (status == STATUS_OK && n == PAGE_ROWS)
        status = read_id_page(store, id, &from, map, &n, reterr);
    return status;
}

enum status store_read_ids(struct store *store, struct idmap *ret_users, struct idmap *ret_items,
                           struct error *reterr)
{
    struct idmap users = {0}, items = {0};
    enum status status = read_ids(store, SQL_LIST_USERS, &users, reterr);
    if (status == STATUS_OK)
        status = read_ids(store, SQL_LIST_ITEM_IDS, &items, reterr);
    if (status != STATUS_OK) {
        idmap_free(&users);
        idmap_free(&items);
        return status;
    }
    *ret_users = users;
    *ret_items = items;
    return STATUS_OK;
}

enum status store_read_deaths(struct store *store, uint64_t after_seq, uint32_t *users, size_t room,
                              size_t *ret_n, uint64_t *ret_seq, struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, SQL_READ_DEATHS);
    sql_bind_seq(s, ":after", after_seq);
    sql_bind_int(s, ":limit", (int64_t)room);
    size_t n = 0;
    uint64_t seq = after_seq;
    bool row;
    enum status status;
    while ((status = sql_step(store, s, &row, reterr)) == STATUS_OK && row) {
        users[n++] = (uint32_t)sqlite3_column_int64(s, 0);
        seq = (uint64_t)sqlite3_column_int64(s, 1);
    }
    sqlite3_reset(s);
    if (status != STATUS_OK)
        return status;
    *ret_n = n;
    *ret_seq = seq;
    return STATUS_OK;
}
