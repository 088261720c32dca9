#include "data/store_internal.h"

/* The items as shown lie in one blob: 32-bit numbers, little-endian. */

static enum status write_numbers(struct store *store, const struct impression_record *impression,
                                 int64_t now_ms, struct buffer *out, struct error *reterr)
{
    enum status status = STATUS_OK;
    for (uint32_t i = 0; status == STATUS_OK && i < impression->n_items; i++) {
        uint32_t number = 0;
        status = item_need(store, impression->items[i], false, now_ms, &number, reterr);
        buffer_append_u32(out, number);
    }
    if (status == STATUS_OK && out->failed)
        status = error_set(reterr, STATUS_NO_MEMORY, "out of memory while storing an impression");
    return status;
}

enum status store_add_impression(struct store *store, const struct impression_record *impression,
                                 int64_t now_ms, struct error *reterr)
{
    struct buffer numbers = {0};
    const char *session = NULL;
    int64_t user = TIME_UNKNOWN; /* NULL in the row: of nobody */
    enum status status = write_numbers(store, impression, now_ms, &numbers, reterr);
    if (status == STATUS_OK && (impression->user || impression->session)) {
        uint32_t number = 0;
        status = event_need_who(store, impression->user, impression->session, now_ms, &number,
                                &session, reterr);
        user = number;
    }
    if (status == STATUS_OK) {
        const int64_t time_ms = impression->time_ms;
        sqlite3_stmt *s = sql_get(store, SQL_ADD_IMPRESSION);
        sql_bind_seq(s, ":seq", store_next_seq(store));
        sql_bind_time(s, ":user", user);
        sql_bind_text(s, ":session", session);
        sql_bind_text(s, ":recommendation_id", impression->recommendation_id);
        sql_bind_time(s, ":time", time_ms == TIME_UNKNOWN ? now_ms : time_ms);
        sql_bind_text(s, ":context", impression->context);
        sql_bind_blob(s, ":items", numbers.size ? numbers.data : "", numbers.size);
        status = sql_run(store, s, reterr);
    }
    buffer_free(&numbers);
    return status;
}

static uint32_t number_at(const unsigned char *bytes, size_t i)
{
    uint32_t number = 0;
    for (size_t k = 0; k < 4; k++)
        number |= (uint32_t)bytes[4 * i + k] << 8 * k;
    return number;
}

/* The id of an item's number, copied to the arena; also of a deleted item. */
static enum status item_id(struct store *store, uint32_t number, const char **ret_id,
                           struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, SQL_GET_ITEM_ID);
    sql_bind_int(s, ":number", number);
    bool row;
    const enum status status = sql_step_text(store, s, &row, reterr);
    if (status != STATUS_OK)
        return status;
    const char *id = row ? sql_text(s, 0) : "";
    *ret_id = id ? arena_strndup(&store->scratch, id, strlen(id)) : NULL;
    sqlite3_reset(s);
    return *ret_id ? STATUS_OK : error_set(reterr, STATUS_NO_MEMORY, "out of memory");
}

static enum status read_items(struct store *store, sqlite3_stmt *s, int column,
                              struct impression_record *impression, struct error *reterr)
{
    const unsigned char *bytes = sqlite3_column_blob(s, column);
    const size_t n = (size_t)sqlite3_column_bytes(s, column) / 4;
    const char **items = arena_zalloc(&store->scratch, n, sizeof *items);
    if (!items)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory while reading an impression");
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < n; i++)
        status = item_id(store, number_at(bytes, i), &items[i], reterr);
    impression->items = items;
    impression->n_items = (uint32_t)n;
    return status;
}

/* The impressions of one run, the statement being bound; *n counts them. */
static enum status walk_run(struct store *store, sqlite3_stmt *s, store_each_impression each,
                            void *context, uint32_t *n, struct error *reterr)
{
    bool row;
    enum status status;
    while ((status = sql_step_text(store, s, &row, reterr)) == STATUS_OK && row) {
        struct impression_record impression = {.recommendation_id = sql_text(s, 3),
                                               .user = sql_text(s, 1),
                                               .session = sql_text(s, 2),
                                               .time_ms = sql_time(s, 4),
                                               .context = sql_text(s, 6)};
        (*n)++;
        arena_reset(&store->scratch);
        status = read_items(store, s, 5, &impression, reterr);
        if (status == STATUS_OK)
            status = each(context, (uint64_t)sqlite3_column_int64(s, 0), &impression);
        if (status != STATUS_OK)
            break;
    }
    sqlite3_reset(s);
    return status;
}

enum status store_list_user_impressions(struct store *store, uint32_t user, uint64_t before_seq,
                                        uint32_t limit, store_each_impression each, void *context,
                                        struct error *reterr)
{
    uint64_t run = 0;
    uint32_t n = 0;
    enum status status = store_begin_read(store, reterr);
    if (status != STATUS_OK)
        return status;
    status = runs_last(store, &run, reterr);
    sqlite3_stmt *s = sql_get(store, SQL_LIST_USER_IMPRESSIONS);
    sql_bind_int(s, ":user", user);
    sql_bind_seq(s, ":before", before_seq);
    if (run > run_of(before_seq))
        run = run_of(before_seq);
    while (status == STATUS_OK && n < limit) {
        sql_bind_seq(s, ":run", run);
        sql_bind_int(s, ":limit", limit - n);
        status = walk_run(store, s, each, context, &n, reterr);
        if (run-- == 0)
            break;
    }
    store_end_read(store);
    return status;
}

/* ---- reading by seq ---- */

/* Up to PAGE_ROWS lists; the numbers go to `items`, which has room for the largest. */
static enum status read_page(struct store *store, uint64_t *after_seq, uint64_t upto_seq,
                             uint32_t *items, store_each_shown each, void *context, size_t *ret_n,
                             struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, SQL_READ_IMPRESSIONS);
    sql_bind_seq(s, ":after", *after_seq);
    sql_bind_seq(s, ":upto", upto_seq);
    sql_bind_int(s, ":limit", PAGE_ROWS);
    bool row;
    enum status status;
    size_t n = 0;
    while ((status = sql_step_text(store, s, &row, reterr)) == STATUS_OK && row) {
        const unsigned char *bytes = sqlite3_column_blob(s, 3);
        size_t n_items = (size_t)sqlite3_column_bytes(s, 3) / 4;
        if (n_items > IMPRESSION_ITEMS_MAX)
            n_items = IMPRESSION_ITEMS_MAX;
        for (size_t i = 0; i < n_items; i++)
            items[i] = number_at(bytes, i);
        const struct shown_row shown = {.user = (uint32_t)sqlite3_column_int64(s, 1),
                                        .time_ms = sql_time(s, 2),
                                        .items = items,
                                        .n_items = (uint32_t)n_items,
                                        .context = sql_text(s, 4)};
        *after_seq = (uint64_t)sqlite3_column_int64(s, 0);
        n++;
        status = each(context, &shown);
        if (status != STATUS_OK)
            break;
    }
    sqlite3_reset(s);
    *ret_n = n;
    return status;
}

enum status store_read_impressions(struct store *store, uint64_t after_seq, uint64_t upto_seq,
                                   store_each_shown each, void *context, struct error *reterr)
{
    arena_reset(&store->scratch);
    uint32_t *items = arena_alloc(&store->scratch, IMPRESSION_ITEMS_MAX * sizeof *items);
    if (!items)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory while reading impressions");
    enum status status = STATUS_OK;
    size_t n = PAGE_ROWS;
    while (status == STATUS_OK && n == PAGE_ROWS)
        status = read_page(store, &after_seq, upto_seq, items, each, context, &n, reterr);
    return status;
}
