#include "data/store_internal.h"

/* Both walk by seq through at most `limit` rows; where that was all, up to upto_seq is read. */
static sqlite3_stmt *bind_range(struct store *store, enum sql id, uint64_t after_seq,
                                uint64_t upto_seq, uint32_t limit)
{
    sqlite3_stmt *s = sql_get(store, id);
    sql_bind_seq(s, ":after", after_seq);
    sql_bind_seq(s, ":upto", upto_seq);
    sql_bind_int(s, ":limit", limit);
    return s;
}

enum status store_read_choices(struct store *store, uint64_t after_seq, uint64_t upto_seq,
                               uint32_t limit, store_each_choice each, void *context,
                               uint64_t *ret_seq, struct error *reterr)
{
    sqlite3_stmt *s = bind_range(store, SQL_READ_CHOICES, after_seq, upto_seq, limit);
    uint64_t last = after_seq;
    uint32_t n = 0;
    bool row;
    enum status status;
    while ((status = sql_step_text(store, s, &row, reterr)) == STATUS_OK && row) {
        const bool placed = sqlite3_column_type(s, 3) != SQLITE_NULL;
        const struct choice_row choice = {.item = (uint32_t)sqlite3_column_int64(s, 1),
                                          .type = (uint8_t)sqlite3_column_int(s, 2),
                                          .position = placed ? sqlite3_column_int(s, 3) : -1,
                                          .recommendation_id = sql_text(s, 4)};
        last = (uint64_t)sqlite3_column_int64(s, 0);
        n++;
        status = each(context, &choice);
        if (status != STATUS_OK)
            break;
    }
    sqlite3_reset(s);
    if (status == STATUS_OK)
        *ret_seq = n < limit && upto_seq > after_seq ? upto_seq : last;
    return status;
}

enum status store_read_lists(struct store *store, uint64_t after_seq, uint64_t upto_seq,
                             uint32_t limit, store_each_list each, void *context, uint64_t *ret_seq,
                             struct error *reterr)
{
    sqlite3_stmt *s = bind_range(store, SQL_READ_LISTS, after_seq, upto_seq, limit);
    uint64_t last = after_seq;
    uint32_t n = 0;
    bool row;
    enum status status;
    while ((status = sql_step_text(store, s, &row, reterr)) == STATUS_OK && row) {
        const struct list_row list = {.n_items = (uint32_t)sqlite3_column_int64(s, 1),
                                      .recommendation_id = sql_text(s, 2)};
        last = (uint64_t)sqlite3_column_int64(s, 0);
        n++;
        status = each(context, &list);
        if (status != STATUS_OK)
            break;
    }
    sqlite3_reset(s);
    if (status == STATUS_OK)
        *ret_seq = n < limit && upto_seq > after_seq ? upto_seq : last;
    return status;
}
