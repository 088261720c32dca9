#include "data/store_internal.h"

/* Lists of whole events and impressions, with the ids that their numbers stand for. */

/* Steps through a bound statement; *n counts the rows. */
static enum status walk_events(struct store *store, sqlite3_stmt *s, store_each_event each,
                               void *context, uint32_t *n, struct error *reterr)
{
    bool row;
    enum status status;
    while ((status = sql_step_text(store, s, &row, reterr)) == STATUS_OK && row) {
        char made_id[MADE_ID_LENGTH + 1];
        struct event_record event;
        event_from_row(store, s, made_id, &event);
        (*n)++;
        status = each(context, (uint64_t)sqlite3_column_int64(s, 0), &event);
        if (status != STATUS_OK)
            break;
    }
    sqlite3_reset(s);
    return status;
}

/* The newest run first, until the page is full. */
static enum status walk_runs(struct store *store, sqlite3_stmt *s, uint64_t before_seq,
                             uint32_t limit, store_each_event each, void *context,
                             struct error *reterr)
{
    uint64_t run;
    uint32_t n = 0;
    enum status status = runs_last(store, &run, reterr);
    if (status == STATUS_OK && run > run_of(before_seq))
        run = run_of(before_seq);
    while (status == STATUS_OK && n < limit) {
        sql_bind_seq(s, ":run", run);
        sql_bind_int(s, ":limit", limit - n);
        status = walk_events(store, s, each, context, &n, reterr);
        if (run-- == 0)
            break;
    }
    return status;
}

static enum status list_newest(struct store *store, enum sql id, uint32_t number, const char *type,
                               uint64_t before_seq, uint32_t limit, store_each_event each,
                               void *context, struct error *reterr)
{
    enum status status = store_begin_read(store, reterr);
    if (status != STATUS_OK)
        return status;
    sqlite3_stmt *s = sql_get(store, id);
    sql_bind_int(s, ":number", number);
    sql_bind_text(s, ":type", type);
    sql_bind_seq(s, ":before", before_seq);
    status = walk_runs(store, s, before_seq, limit, each, context, reterr);
    store_end_read(store);
    return status;
}

enum status store_list_user_events(struct store *store, uint32_t user, const char *type,
                                   uint64_t before_seq, uint32_t limit, store_each_event each,
                                   void *context, struct error *reterr)
{
    return list_newest(store, SQL_LIST_USER_EVENTS, user, type, before_seq, limit, each, context,
                       reterr);
}

enum status store_list_item_events(struct store *store, uint32_t item, const char *type,
                                   uint64_t before_seq, uint32_t limit, store_each_event each,
                                   void *context, struct error *reterr)
{
    return list_newest(store, SQL_LIST_ITEM_EVENTS, item, type, before_seq, limit, each, context,
                       reterr);
}

enum status store_list_events(struct store *store, uint64_t after_seq, uint32_t limit,
                              store_each_event each, void *context, struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, SQL_LIST_EVENTS);
    sql_bind_seq(s, ":after", after_seq);
    sql_bind_int(s, ":limit", limit);
    uint32_t n = 0;
    return walk_events(store, s, each, context, &n, reterr);
}
