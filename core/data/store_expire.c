#include <stdlib.h>

#include "data/store_internal.h"

/* Retention. There is no index by time, which would slow every event down for the sake of a chore.
 * Instead each call walks on through the events by seq from where the last one stopped (kept as a
 * setting) and starts again at the end, so that back-dated events are found as well. */

enum { ROWS_WALKED = 20 }; /* for each one that may be deleted */

static const char cursor_name[] = "expire_after_seq";

struct walk {
    uint64_t after; /* the last seq looked at; 0: from the start */
    uint64_t *seqs;
    uint32_t *users;
    uint32_t n, limit;
};

static enum status read_cursor(struct store *store, uint64_t *ret_after, struct error *reterr)
{
    struct buffer value = {0};
    enum status status = store_get_setting(store, cursor_name, &value, reterr);
    *ret_after = 0;
    if (status == STATUS_OK && value.size == 8)
        for (size_t i = 0; i < 8; i++)
            *ret_after |= (uint64_t)(unsigned char)value.data[i] << 8 * i;
    buffer_free(&value);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status write_cursor(struct store *store, uint64_t after, struct error *reterr)
{
    unsigned char bytes[8];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(after >> 8 * i);
    return store_put_setting(store, cursor_name, bytes, sizeof bytes, reterr);
}

static bool is_expired(const struct event_types *types, int type, int64_t time_ms, int64_t now_ms)
{
    const int64_t retention = types->of[type & (EVENT_TYPES_MAX - 1)].retention_ms;
    return time_ms != TIME_UNKNOWN && retention != RETAIN_FOREVER && time_ms < now_ms - retention;
}

/* Looks at the rows after walk->after and notes the expired ones; after the last row of all it
 * starts from 0 next time. */
static enum status find_expired(struct store *store, const struct event_types *types,
                                int64_t now_ms, struct walk *walk, struct error *reterr)
{
    const uint64_t n_rows_max = (uint64_t)walk->limit * ROWS_WALKED;
    sqlite3_stmt *s = sql_get(store, SQL_WALK_TIMES);
    sql_bind_seq(s, ":after", walk->after);
    sql_bind_seq(s, ":limit", n_rows_max);
    bool row = true;
    uint64_t n_rows = 0;
    enum status status = STATUS_OK;
    while (walk->n < walk->limit && (status = sql_step(store, s, &row, reterr)) == STATUS_OK &&
           row) {
        n_rows++;
        walk->after = (uint64_t)sqlite3_column_int64(s, 0);
        if (!is_expired(types, sqlite3_column_int(s, 2), sql_time(s, 3), now_ms))
            continue;
        walk->seqs[walk->n] = walk->after;
        walk->users[walk->n++] = (uint32_t)sqlite3_column_int64(s, 1);
    }
    sqlite3_reset(s);
    if (!row && n_rows < n_rows_max)
        walk->after = 0;
    return status;
}

static int compare_numbers(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Deletes what was found; one change for each user that lost something. */
static enum status delete_found(struct store *store, struct walk *walk, struct error *reterr)
{
    enum status status = STATUS_OK;
    for (uint32_t i = 0; status == STATUS_OK && i < walk->n; i++)
        status = event_delete(store, walk->seqs[i], reterr);
    if (walk->n)
        qsort(walk->users, walk->n, sizeof *walk->users, compare_numbers);
    for (uint32_t i = 0; status == STATUS_OK && i < walk->n; i++)
        if (i == 0 || walk->users[i] != walk->users[i - 1])
            status = store_add_change(store, CHANGE_USER_EVENTS, walk->users[i], reterr);
    return status;
}

static bool any_retention(const struct event_types *types)
{
    for (int i = 1; i < EVENT_TYPES_MAX; i++)
        if (types->of[i].name[0] && types->of[i].retention_ms != RETAIN_FOREVER)
            return true;
    return false;
}

enum status store_expire_events(struct store *store, const struct event_types *types,
                                int64_t now_ms, uint32_t limit, uint32_t *ret_deleted,
                                struct error *reterr)
{
    if (!any_retention(types) || limit == 0) {
        *ret_deleted = 0;
        return STATUS_OK;
    }
    arena_reset(&store->scratch);
    struct walk walk = {.limit = limit};
    walk.seqs = arena_zalloc(&store->scratch, limit, sizeof *walk.seqs);
    walk.users = arena_zalloc(&store->scratch, limit, sizeof *walk.users);
    if (!walk.seqs || !walk.users)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory while expiring events");
    enum status status = read_cursor(store, &walk.after, reterr);
    if (status == STATUS_OK)
        status = find_expired(store, types, now_ms, &walk, reterr);
    if (status == STATUS_OK)
        status = delete_found(store, &walk, reterr);
    if (status == STATUS_OK)
        status = write_cursor(store, walk.after, reterr);
    if (status == STATUS_OK)
        *ret_deleted = walk.n;
    return status;
}
