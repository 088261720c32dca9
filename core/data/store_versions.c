#include "data/store_internal.h"

enum status store_add_version(struct store *store, uint64_t seq, int64_t now_ms,
                              uint32_t *ret_version, struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, SQL_ADD_VERSION);
    sql_bind_seq(s, ":seq", seq);
    sql_bind_int(s, ":now", now_ms);
    const enum status status = sql_run(store, s, reterr);
    if (status == STATUS_OK)
        *ret_version = (uint32_t)sqlite3_last_insert_rowid(store->db);
    return status;
}

static enum status no_version(uint32_t version, struct error *reterr)
{
    return error_set(reterr, STATUS_NOT_FOUND, "there is no model version %u", version);
}

enum status store_update_version(struct store *store, const struct model_version *version,
                                 struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, SQL_UPDATE_VERSION);
    sql_bind_int(s, ":version", version->version);
    sql_bind_time(s, ":finished", version->finished_ms);
    sql_bind_text(s, ":state", version->state);
    sql_bind_text(s, ":reason", version->reason);
    sql_bind_text(s, ":report", version->report);
    sql_bind_int(s, ":kept", version->kept);
    sql_bind_seq(s, ":seq", version->seq);
    const enum status status = sql_run(store, s, reterr);
    if (status == STATUS_OK && sqlite3_changes64(store->db) == 0)
        return no_version(version->version, reterr);
    return status;
}

enum status store_drop_snapshot(struct store *store, uint32_t version, struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, SQL_DROP_SNAPSHOT);
    sql_bind_int(s, ":version", version);
    return sql_run(store, s, reterr);
}

enum status store_activate_version(struct store *store, uint32_t version, struct error *reterr)
{
    enum status status = sql_run(store, sql_get(store, SQL_DEACTIVATE_VERSIONS), reterr);
    if (status != STATUS_OK || version == 0)
        return status;
    sqlite3_stmt *s = sql_get(store, SQL_ACTIVATE_VERSION);
    sql_bind_int(s, ":version", version);
    status = sql_run(store, s, reterr);
    if (status == STATUS_OK && sqlite3_changes64(store->db) == 0)
        return no_version(version, reterr);
    return status;
}

enum status store_list_versions(struct store *store, uint32_t before_version, uint32_t limit,
                                store_each_version each, void *context, struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, SQL_LIST_VERSIONS);
    sql_bind_int(s, ":before", before_version);
    sql_bind_int(s, ":limit", limit);
    bool row;
    enum status status;
    while ((status = sql_step_text(store, s, &row, reterr)) == STATUS_OK && row) {
        const struct model_version version = {
            .version = (uint32_t)sqlite3_column_int64(s, 0),
            .seq = (uint64_t)sqlite3_column_int64(s, 1),
            .started_ms = sqlite3_column_int64(s, 2),
            .finished_ms = sql_time(s, 3),
            .state = sql_text(s, 4),
            .reason = sql_text(s, 5),
            .report = sql_text(s, 6),
            .active = sqlite3_column_int(s, 7) != 0,
            .kept = sqlite3_column_int(s, 8) != 0,
        };
        status = each(context, &version);
        if (status != STATUS_OK)
            break;
    }
    sqlite3_reset(s);
    return status;
}
