#include "data/store_sql.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "data/store_internal.h"

/* The columns of a whole event, with the ids its numbers stand for. CROSS JOIN keeps the order of
 * the tables: the event first, the others by key. */
#define EVENT_COLUMNS                                                                              \
    "SELECT e.seq, e.user, e.item, e.type, e.time_ms, e.rating, e.quantity, e.price, e.progress,"  \
    " e.currency, e.order_id, e.context, e.event_id, e.recommendation_id, e.position,"             \
    " coalesce(e.session, s.id), u.id, i.id, t.name "                                              \
    "FROM interactions e CROSS JOIN users u ON u.number = e.user"                                  \
    " CROSS JOIN items i ON i.number = e.item CROSS JOIN event_types t ON t.code = e.type"         \
    " LEFT JOIN sessions s ON s.user = e.user AND u.kind = 2 "

#define EVENT_ROW_COLUMNS "SELECT seq, user, item, type, time_ms, rating FROM interactions "

#define ITEM_COLUMNS                                                                               \
    "SELECT number, state, id, attributes, title, categories, hidden, available, price, currency," \
    " group_id, published_ms, expires_ms, vector, created_ms, updated_ms FROM items "

#define USER_COLUMNS "SELECT number, id, attributes, created_ms, updated_ms, kind FROM users "

const struct sql_text sql_texts[SQL_COUNT] = {
    [SQL_BEGIN] = {"BEGIN IMMEDIATE"},
    [SQL_BEGIN_READ] = {"BEGIN"},
    [SQL_COMMIT] = {"COMMIT"},
    [SQL_ROLLBACK] = {"ROLLBACK"},
    [SQL_SAVEPOINT] = {"SAVEPOINT request"},
    [SQL_RELEASE] = {"RELEASE request"},
    [SQL_UNDO] = {"ROLLBACK TO request"},
    [SQL_DATA_VERSION] = {"PRAGMA data_version"},
    [SQL_READ_COUNTS] = {"SELECT seq, next_user, next_item, users, guests, items, ghost_items,"
                         " events FROM counters WHERE one = 1"},
    [SQL_WRITE_COUNTS] = {"UPDATE counters SET seq = :seq, next_user = :next_user,"
                          " next_item = :next_item, users = :users, guests = :guests,"
                          " items = :items, ghost_items = :ghost_items, events = :events"
                          " WHERE one = 1"},
    [SQL_ADD_CHANGE] = {"INSERT OR REPLACE INTO changes (seq, kind, number)"
                        " VALUES (:seq, :kind, :number)"},
    /* kind 1 is CHANGE_EVENT; both halves come in order of their keys and are merged */
    [SQL_READ_CHANGES] = {"SELECT seq, 1, user, item, type, time_ms, rating FROM interactions"
                          " WHERE seq > :after AND seq <= :upto "
                          "UNION ALL SELECT seq, kind, number, NULL, NULL, NULL, NULL FROM changes"
                          " WHERE seq > :after AND seq <= :upto ORDER BY seq LIMIT :limit"},

    [SQL_GET_SETTING] = {"SELECT value FROM settings WHERE name = :name"},
    [SQL_PUT_SETTING] = {"INSERT INTO settings (name, value) VALUES (:name, :value)"
                         " ON CONFLICT (name) DO UPDATE SET value = excluded.value"},

    [SQL_FIND_USER] = {"SELECT number FROM users WHERE id = :id"},
    [SQL_GET_USER] = {USER_COLUMNS "WHERE id = :id"},
    [SQL_GET_USER_BY_NUMBER] = {USER_COLUMNS "WHERE number = :number"},
    [SQL_ADD_USER] = {"INSERT INTO users (number, kind, id, attributes, created_ms, updated_ms)"
                      " VALUES (:number, :kind, :id, :attributes, :now, :now)"},
    [SQL_UPDATE_USER] = {"UPDATE users SET attributes = :attributes, updated_ms = :now"
                         " WHERE number = :number"},
    [SQL_END_USER] = {"UPDATE users SET kind = 3, id = NULL, attributes = '{}', created_ms = NULL,"
                      " updated_ms = NULL, died_seq = :seq WHERE number = :number"},
    [SQL_READ_DEATHS] = {"SELECT number, died_seq FROM users WHERE died_seq IS NOT NULL"
                         " AND died_seq > :after ORDER BY died_seq LIMIT :limit"},
    [SQL_LIST_USERS] = {USER_COLUMNS "WHERE number >= :from AND kind = 1"
                                     " ORDER BY number LIMIT :limit"},
    [SQL_FIND_SESSION] = {"SELECT s.number, s.user, u.kind = 2 FROM sessions s"
                          " CROSS JOIN users u ON u.number = s.user WHERE s.id = :id"},
    [SQL_GET_SESSION] = {"SELECT id, user FROM sessions WHERE number = :number"},
    [SQL_ADD_SESSION] = {"INSERT INTO sessions (id, user) VALUES (:id, :user)"},
    [SQL_LIST_SESSIONS] = {"SELECT number FROM sessions WHERE user = :user ORDER BY number"},
    [SQL_MOVE_SESSIONS] = {"UPDATE sessions SET user = :to WHERE user = :from"},
    [SQL_DELETE_SESSIONS] = {"DELETE FROM sessions WHERE user = :user"},
    [SQL_FIND_MERGE] = {"SELECT user FROM merges WHERE source_id = :id"},
    [SQL_PUT_MERGE] = {"INSERT INTO merges (source_id, user) VALUES (:id, :user)"
                       " ON CONFLICT (source_id) DO UPDATE SET user = excluded.user"},
    [SQL_MOVE_MERGES] = {"UPDATE merges SET user = :to WHERE user = :from"},
    [SQL_DELETE_MERGES] = {"DELETE FROM merges WHERE user = :user"},

    [SQL_FIND_ITEM] = {"SELECT number, state FROM items WHERE id = :id"
                       " ORDER BY number DESC LIMIT 1"},
    [SQL_GET_ITEM] = {ITEM_COLUMNS "WHERE id = :id ORDER BY number DESC LIMIT 1"},
    [SQL_GET_ITEM_BY_NUMBER] = {ITEM_COLUMNS "WHERE number = :number"},
    [SQL_GET_ITEM_ID] = {"SELECT id FROM items WHERE number = :number"},
    [SQL_ADD_ITEM] =
        {"INSERT INTO items (number, state, id, attributes, title, categories, hidden, available,"
         " price, currency, group_id, published_ms, expires_ms, vector, created_ms, updated_ms)"
         " VALUES (:number, :state, :id, :attributes, :title, :categories, :hidden, :available,"
         " :price, :currency, :group_id, :published, :expires, :vector, :now, :now)"},
    [SQL_UPDATE_ITEM] =
        {"UPDATE items SET state = :state, attributes = :attributes, title = :title,"
         " categories = :categories, hidden = :hidden, available = :available, price = :price,"
         " currency = :currency, group_id = :group_id, published_ms = :published,"
         " expires_ms = :expires, vector = :vector, updated_ms = :now WHERE number = :number AND "
         "id = :id"},
    [SQL_END_ITEM] =
        {"UPDATE items SET state = 3, attributes = '{}', title = NULL, categories = NULL,"
         " price = NULL, currency = NULL, group_id = NULL, published_ms = NULL,"
         " expires_ms = NULL, vector = NULL, updated_ms = :now WHERE number = :number"},
    [SQL_LIST_ITEMS] = {ITEM_COLUMNS "WHERE number >= :from AND state < 3"
                                     " ORDER BY number LIMIT :limit"},
    [SQL_LIST_ITEM_IDS] = {"SELECT number, id FROM items WHERE number >= :from AND state < 3"
                           " ORDER BY number LIMIT :limit"},
    [SQL_GET_ATTRIBUTE_TYPE] = {"SELECT type FROM attribute_types"
                                " WHERE owner = :owner AND name = :name"},
    [SQL_ADD_ATTRIBUTE_TYPE] = {"INSERT INTO attribute_types (owner, name, type)"
                                " VALUES (:owner, :name, :type)"},

    [SQL_LIST_TYPES] = {"SELECT code, name FROM event_types WHERE code > 0 ORDER BY code"},
    [SQL_ADD_TYPE] = {"INSERT INTO event_types (code, name) VALUES (:code, :name)"},
    [SQL_ADD_EVENT] =
        {"INSERT INTO interactions (seq, user, item, type, time_ms, rating, event_id, session,"
         " recommendation_id, position, quantity, price, currency, order_id, progress, context)"
         " VALUES (:seq, :user, :item, :type, :time, :rating, :event_id, :session,"
         " :recommendation_id, :position, :quantity, :price, :currency, :order_id, :progress,"
         " :context)"},
    [SQL_FIND_EVENT] = {"SELECT seq, user FROM interactions"
                        " WHERE seq >> 16 = :run AND event_id = :event_id"},
    [SQL_LIST_RUN_IDS] = {"SELECT event_id FROM interactions"
                          " WHERE seq >> 16 = :run AND event_id IS NOT NULL"},
    [SQL_COUNT_FILTERS] = {"SELECT run FROM event_id_filters WHERE run >= 0"
                           " ORDER BY run DESC LIMIT 1"},
    [SQL_LIST_FILTERS] = {"SELECT run, filter FROM event_id_filters WHERE run >= 0 ORDER BY run"},
    [SQL_ADD_FILTER] = {"INSERT INTO event_id_filters (run, filter) VALUES (:run, :filter)"
                        " ON CONFLICT (run) DO UPDATE SET filter = excluded.filter"},
    [SQL_GET_EVENT_KEY] = {"SELECT seq, user, item, type, time_ms FROM interactions"
                           " WHERE seq = :seq AND event_id IS NULL"},
    [SQL_GET_EVENT] = {EVENT_COLUMNS "WHERE e.seq = :seq"},
    [SQL_LIST_EVENTS] = {EVENT_COLUMNS "WHERE e.seq > :after ORDER BY e.seq LIMIT :limit"},
    [SQL_LIST_USER_EVENTS] = {EVENT_COLUMNS
                              "WHERE e.seq >> 16 = :run AND e.user = :number AND e.seq < :before"
                              " AND (:type IS NULL OR t.name = :type)"
                              " ORDER BY e.seq DESC LIMIT :limit"},
    [SQL_LIST_ITEM_EVENTS] = {EVENT_COLUMNS
                              "WHERE e.seq >> 16 = :run AND e.item = :number AND e.seq < :before"
                              " AND (:type IS NULL OR t.name = :type)"
                              " ORDER BY e.seq DESC LIMIT :limit"},
    [SQL_READ_EVENTS] = {EVENT_ROW_COLUMNS "WHERE seq > :after AND seq <= :upto"
                                           " ORDER BY seq LIMIT :limit"},
    [SQL_READ_CONTEXTS] = {"SELECT seq, user, item, type, time_ms, rating, context"
                           " FROM interactions WHERE seq > :after AND seq <= :upto"
                           " AND context IS NOT NULL ORDER BY seq"},
    [SQL_READ_USER_EVENTS] = {EVENT_ROW_COLUMNS
                              "WHERE seq >> 16 = :run AND user = :user AND seq > :after"
                              " AND seq <= :upto ORDER BY seq LIMIT :limit"},
    [SQL_READ_ORDERS] = {"SELECT user, item, type, order_id FROM interactions"
                         " WHERE seq > :after AND seq <= :upto AND order_id IS NOT NULL"
                         " ORDER BY seq"},
    [SQL_READ_CHOICES] = {"SELECT seq, item, type, position, recommendation_id FROM interactions"
                          " WHERE seq > :after AND seq <= :upto ORDER BY seq LIMIT :limit"},
    [SQL_MATCH_USER_EVENTS] = {"SELECT seq, user, item, type, time_ms, event_id FROM interactions"
                               " WHERE seq >> 16 = :run AND user = :user AND seq > :after"
                               " AND (:type = 0 OR type = :type)"
                               " AND (:item IS NULL OR item IN"
                               " (SELECT number FROM items WHERE id = :item))"
                               " ORDER BY seq LIMIT 1"},
    [SQL_DELETE_EVENT] = {"DELETE FROM interactions WHERE seq = :seq"},
    [SQL_DELETE_USER_EVENTS] = {"DELETE FROM interactions WHERE seq >> 16 = :run AND user = :user"},
    [SQL_DELETE_ITEM_EVENTS] = {"DELETE FROM interactions WHERE seq >> 16 = :run AND item = :item"},
    [SQL_MOVE_EVENTS] =
        {"UPDATE interactions SET user = :to,"
         " session = coalesce(session, :session) WHERE seq >> 16 = :run AND user = :from"},
    [SQL_ANY_TOMBSTONE] = {"SELECT user FROM tombstones WHERE event_id >= '' LIMIT 1"},
    [SQL_FIND_TOMBSTONE] = {"SELECT user FROM tombstones WHERE event_id = :event_id"},
    [SQL_ADD_TOMBSTONE] = {"INSERT INTO tombstones (event_id, user) VALUES (:event_id, :user)"},
    [SQL_MOVE_TOMBSTONES] = {"UPDATE tombstones SET user = :to WHERE user = :from"},
    [SQL_DELETE_TOMBSTONES] = {"DELETE FROM tombstones WHERE user = :user"},
    [SQL_WALK_TIMES] = {"SELECT seq, user, type, time_ms FROM interactions WHERE seq > :after"
                        " ORDER BY seq LIMIT :limit"},

    [SQL_ADD_IMPRESSION] =
        {"INSERT INTO impressions (seq, user, session, recommendation_id, time_ms, items, context)"
         " VALUES (:seq, :user, :session, :recommendation_id, :time, :items, :context)"},
    [SQL_READ_IMPRESSIONS] = {"SELECT seq, user, time_ms, items, context FROM impressions"
                              " WHERE seq > :after AND seq <= :upto AND user IS NOT NULL"
                              " AND time_ms IS NOT NULL ORDER BY seq LIMIT :limit"},
    [SQL_READ_LISTS] = {"SELECT seq, length(items) / 4, recommendation_id FROM impressions"
                        " WHERE seq > :after AND seq <= :upto ORDER BY seq LIMIT :limit"},
    [SQL_LIST_USER_IMPRESSIONS] =
        {"SELECT p.seq, u.id, coalesce(p.session, s.id), p.recommendation_id, p.time_ms, p.items,"
         " p.context"
         " FROM impressions p CROSS JOIN users u ON u.number = p.user"
         " LEFT JOIN sessions s ON s.user = p.user AND u.kind = 2"
         " WHERE p.seq >> 16 = :run AND p.user = :user AND p.seq < :before"
         " ORDER BY p.seq DESC LIMIT :limit"},
    [SQL_MOVE_IMPRESSIONS] =
        {"UPDATE impressions SET user = :to,"
         " session = coalesce(session, :session) WHERE seq >> 16 = :run AND user = :from"},
    [SQL_DELETE_IMPRESSIONS] = {"DELETE FROM impressions WHERE seq >> 16 = :run AND user = :user"},

    [SQL_ADD_VERSION] =
        {"INSERT INTO model_versions (seq, started_ms, state, reason, report, active, kept)"
         " VALUES (:seq, :now, 'training', '', '{}', 0, 0)"},
    [SQL_UPDATE_VERSION] =
        {"UPDATE model_versions SET finished_ms = :finished, state = :state, reason = :reason,"
         " report = :report, kept = :kept, seq = :seq WHERE version = :version"},
    [SQL_DROP_SNAPSHOT] = {"UPDATE model_versions SET kept = 0 WHERE version = :version"},
    [SQL_DEACTIVATE_VERSIONS] = {"UPDATE model_versions SET active = 0 WHERE active = 1"},
    [SQL_ACTIVATE_VERSION] = {"UPDATE model_versions SET active = 1 WHERE version = :version"},
    [SQL_LIST_VERSIONS] = {"SELECT version, seq, started_ms, finished_ms, state, reason, report,"
                           " active, kept FROM model_versions WHERE version < :before"
                           " ORDER BY version DESC LIMIT :limit"},
    [SQL_ADD_KEY] = {"INSERT INTO access_keys (name, scopes, hash, created_ms)"
                     " VALUES (:name, :scopes, :hash, :now)"},
    [SQL_REVOKE_KEY] = {"UPDATE access_keys SET revoked_ms = coalesce(revoked_ms, :now)"
                        " WHERE number = :number"},
    [SQL_LIST_KEYS] = {"SELECT number, name, scopes, hash, created_ms, revoked_ms"
                       " FROM access_keys WHERE number > 0 ORDER BY number"},

    [SQL_BACKUP] = {"VACUUM INTO :path", .reads_all = true},
    [SQL_QUICK_CHECK] = {"SELECT * FROM pragma_quick_check", .reads_all = true},
    /* each row: what is wrong, how often. The sums stand beside the counters they must equal. */
    [SQL_VERIFY] =
        {"SELECT 'the counter of users', c.users - (SELECT count(*) FROM users WHERE kind = 1)"
         " FROM counters c "
         "UNION ALL SELECT 'the counter of guests',"
         " c.guests - (SELECT count(*) FROM users WHERE kind = 2) FROM counters c "
         "UNION ALL SELECT 'the counter of items',"
         " c.items - (SELECT count(*) FROM items WHERE state = 1) FROM counters c "
         "UNION ALL SELECT 'the counter of ghost items',"
         " c.ghost_items - (SELECT count(*) FROM items WHERE state = 2) FROM counters c "
         "UNION ALL SELECT 'the counter of events',"
         " c.events - (SELECT count(*) FROM interactions) FROM counters c "
         "UNION ALL SELECT 'users past the counter of numbers', count(*) FROM users, counters c"
         " WHERE number >= c.next_user OR number < 0 "
         "UNION ALL SELECT 'items past the counter of numbers', count(*) FROM items, counters c"
         " WHERE number >= c.next_item OR number < 0 "
         "UNION ALL SELECT 'records past the counter of seq', count(*) FROM counters c"
         " WHERE c.seq < max((SELECT coalesce(max(seq), 0) FROM interactions),"
         " (SELECT coalesce(max(seq), 0) FROM changes),"
         " (SELECT coalesce(max(seq), 0) FROM impressions)) "
         "UNION ALL SELECT 'events that share their seq with another change', count(*)"
         " FROM changes JOIN interactions USING (seq) "
         "UNION ALL SELECT 'events of unknown or erased users', count(*) FROM interactions e"
         " LEFT JOIN users u ON u.number = e.user WHERE u.number IS NULL OR u.kind = 3 "
         "UNION ALL SELECT 'events of unknown items', count(*) FROM interactions e"
         " LEFT JOIN items i ON i.number = e.item WHERE i.number IS NULL "
         "UNION ALL SELECT 'events of unknown types', count(*) FROM interactions e"
         " LEFT JOIN event_types t ON t.code = e.type WHERE t.code IS NULL "
         "UNION ALL SELECT 'events that are there and retracted', count(*)"
         " FROM interactions e CROSS JOIN tombstones t ON t.event_id = e.event_id "
         "UNION ALL SELECT 'guests without their session', count(*) FROM users u WHERE kind = 2"
         " AND (SELECT count(*) FROM sessions s WHERE s.user = u.number) <> 1 "
         "UNION ALL SELECT 'items that stand twice', count(*) FROM items i WHERE state < 3"
         " AND EXISTS (SELECT 1 FROM items j WHERE j.id = i.id AND j.number > i.number) "
         "UNION ALL SELECT 'rows that point at nothing', count(*) FROM pragma_foreign_key_check",
         .reads_all = true},
};

static enum status status_of(int code, int system_errno)
{
    switch (code & 0xff) {
    case SQLITE_FULL:
        return STATUS_DISK_FULL;
    case SQLITE_NOMEM:
        return STATUS_NO_MEMORY;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return STATUS_BUSY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return STATUS_CORRUPT;
    case SQLITE_TOOBIG:
        return STATUS_TOO_LARGE;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN: {
        struct error from_errno;
        const enum status status = error_set_errno(&from_errno, system_errno, "database");
        return status == STATUS_NOT_FOUND ? STATUS_IO : status;
    }
    default:
        return STATUS_IO;
    }
}

/* What the reader of the message can do about it. */
static const char *remedy(int code, enum status status)
{
    if (status == STATUS_CORRUPT)
        return "; the file is damaged or no store: restore a backup of it";
    if (status == STATUS_DISK_FULL)
        return "; make room on the disk and try again";
    if (status == STATUS_BUSY)
        return "; another process is writing to the store, try again";
    if ((code & 0xff) == SQLITE_READONLY || (code & 0xff) == SQLITE_CANTOPEN)
        return "; check that this user may write to the data directory and its files";
    return "";
}

enum status sql_error(sqlite3 *db, const char *doing, struct error *reterr)
{
    if (!db)
        return error_set(reterr, STATUS_NO_MEMORY, "%s: out of memory", doing);
    const int code = sqlite3_extended_errcode(db);
    const enum status status = status_of(code, sqlite3_system_errno(db));
    const char *file = sqlite3_db_filename(db, "main");
    return error_set(reterr, status, "%s: %s (%s)%s", doing, sqlite3_errmsg(db),
                     file && file[0] ? file : "database", remedy(code, status));
}

sqlite3_stmt *sql_get(struct store *store, enum sql id)
{
    sqlite3_stmt **statement = &store->statements[id];
    if (*statement) {
        sqlite3_reset(*statement);
        return *statement;
    }
    const int code = sqlite3_prepare_v3(store->db, sql_texts[id].text, -1,
                                        SQLITE_PREPARE_PERSISTENT, statement, NULL);
    if (code != SQLITE_OK) /* kept until this statement's step, whatever is got in between */
        store->prepare_code = code;
    return *statement;
}

static int place(sqlite3_stmt *statement, const char *name)
{
    const int index = statement ? sqlite3_bind_parameter_index(statement, name) : 0;
    assert(!statement || index > 0); /* a name that the statement does not have */
    return index;
}

void sql_find_places(sqlite3_stmt *statement, const char *const *names, int n, int *places)
{
    for (int i = 0; i < n; i++)
        places[i] = place(statement, names[i]);
}

void sql_bind_int(sqlite3_stmt *statement, const char *name, int64_t value)
{
    sqlite3_bind_int64(statement, place(statement, name), value);
}

void sql_bind_seq(sqlite3_stmt *statement, const char *name, uint64_t seq)
{
    sql_bind_int(statement, name, seq > INT64_MAX ? INT64_MAX : (int64_t)seq);
}

void sql_bind_time(sqlite3_stmt *statement, const char *name, int64_t time_ms)
{
    if (time_ms == TIME_UNKNOWN)
        sqlite3_bind_null(statement, place(statement, name));
    else
        sql_bind_int(statement, name, time_ms);
}

void sql_bind_real(sqlite3_stmt *statement, const char *name, double value)
{
    sqlite3_bind_double(statement, place(statement, name), value);
}

void sql_bind_text(sqlite3_stmt *statement, const char *name, const char *text)
{
    sqlite3_bind_text(statement, place(statement, name), text, -1, SQLITE_STATIC);
}

void sql_bind_blob(sqlite3_stmt *statement, const char *name, const void *bytes, size_t length)
{
    sqlite3_bind_blob64(statement, place(statement, name), bytes, length, SQLITE_STATIC);
}

/* The cause stays: what fails after SQLite has rolled back only follows from it. */
static enum status note_failure(struct store *store, enum status status)
{
    if (store->failure != STATUS_NO_MEMORY && store->failure != STATUS_DISK_FULL)
        store->failure = status;
    return status;
}

enum status sql_step(struct store *store, sqlite3_stmt *statement, bool *ret_row,
                     struct error *reterr)
{
    const char *doing =
        store->in_transaction ? "cannot write to the store" : "cannot read the store";
    if (!statement) { /* whoever bound its parameters has cleared the connection's error */
        const enum status status = note_failure(store, status_of(store->prepare_code, 0));
        return error_set(reterr, status, "%s: %s (%s)", doing, sqlite3_errstr(store->prepare_code),
                         store->path);
    }
    const int code = sqlite3_step(statement);
    if (code == SQLITE_ROW || code == SQLITE_DONE) {
        *ret_row = code == SQLITE_ROW;
        if (code == SQLITE_DONE)
            sqlite3_reset(statement);
        return STATUS_OK;
    }
    const enum status status = note_failure(store, sql_error(store->db, doing, reterr));
    sqlite3_reset(statement);
    return status;
}

/* SQLite ends a text with a zero byte when it is asked for, which takes memory. */
static bool hold_texts(sqlite3_stmt *statement)
{
    for (int i = 0; i < sqlite3_column_count(statement); i++) {
        const int type = sqlite3_column_type(statement, i);
        if ((type == SQLITE_TEXT && !sqlite3_column_text(statement, i)) ||
            (type == SQLITE_BLOB && !sqlite3_column_blob(statement, i) &&
             sqlite3_column_bytes(statement, i) > 0))
            return false;
    }
    return true;
}

enum status sql_step_text(struct store *store, sqlite3_stmt *statement, bool *ret_row,
                          struct error *reterr)
{
    const enum status status = sql_step(store, statement, ret_row, reterr);
    if (status != STATUS_OK || !*ret_row || hold_texts(statement))
        return status;
    sqlite3_reset(statement);
    note_failure(store, STATUS_NO_MEMORY);
    return error_set(reterr, STATUS_NO_MEMORY, "out of memory for a row of the store");
}

enum status sql_run(struct store *store, sqlite3_stmt *statement, struct error *reterr)
{
    bool row = true;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && row)
        status = sql_step(store, statement, &row, reterr);
    return status;
}

enum status sql_find(struct store *store, sqlite3_stmt *statement, uint32_t *ret_number,
                     struct error *reterr)
{
    bool row;
    const enum status status = sql_step(store, statement, &row, reterr);
    if (status != STATUS_OK)
        return status;
    *ret_number = row ? (uint32_t)sqlite3_column_int64(statement, 0) : NUMBER_NONE;
    sqlite3_reset(statement);
    return STATUS_OK;
}

int64_t sql_time(sqlite3_stmt *statement, int column)
{
    return sqlite3_column_type(statement, column) == SQLITE_NULL
               ? TIME_UNKNOWN
               : sqlite3_column_int64(statement, column);
}

double sql_real(sqlite3_stmt *statement, int column)
{
    return sqlite3_column_type(statement, column) == SQLITE_NULL
               ? NAN
               : sqlite3_column_double(statement, column);
}

const char *sql_text(sqlite3_stmt *statement, int column)
{
    return (const char *)sqlite3_column_text(statement, column);
}
