#pragma once
/* All SQL of the store, and the few ways in which the store's files talk to SQLite.
 *
 * A statement is prepared when it is first wanted and kept with its connection. Parameters are
 * bound by name and must outlive the run (nothing is copied). A failed prepare gives NULL, which
 * every function here takes: binding does nothing and running reports the error.
 */
#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct store;

enum sql {
    SQL_BEGIN,
    SQL_BEGIN_READ,
    SQL_COMMIT,
    SQL_ROLLBACK,
    SQL_SAVEPOINT,
    SQL_RELEASE,
    SQL_UNDO,
    SQL_DATA_VERSION,
    SQL_READ_COUNTS,
    SQL_WRITE_COUNTS,
    SQL_ADD_CHANGE,
    SQL_READ_CHANGES,
    /* settings */
    SQL_GET_SETTING,
    SQL_PUT_SETTING,
    /* users, sessions, merges */
    SQL_FIND_USER,
    SQL_GET_USER,
    SQL_GET_USER_BY_NUMBER,
    SQL_ADD_USER,
    SQL_UPDATE_USER,
    SQL_END_USER,
    SQL_LIST_USERS,
    SQL_READ_DEATHS,
    SQL_FIND_SESSION,
    SQL_GET_SESSION,
    SQL_ADD_SESSION,
    SQL_LIST_SESSIONS,
    SQL_MOVE_SESSIONS,
    SQL_DELETE_SESSIONS,
    SQL_FIND_MERGE,
    SQL_PUT_MERGE,
    SQL_MOVE_MERGES,
    SQL_DELETE_MERGES,
    /* items and attributes */
    SQL_FIND_ITEM,
    SQL_GET_ITEM,
    SQL_GET_ITEM_BY_NUMBER,
    SQL_GET_ITEM_ID,
    SQL_ADD_ITEM,
    SQL_UPDATE_ITEM,
    SQL_END_ITEM,
    SQL_LIST_ITEMS,
    SQL_LIST_ITEM_IDS,
    SQL_GET_ATTRIBUTE_TYPE,
    SQL_ADD_ATTRIBUTE_TYPE,
    /* events */
    SQL_LIST_TYPES,
    SQL_ADD_TYPE,
    SQL_ADD_EVENT,
    SQL_FIND_EVENT,
    SQL_LIST_RUN_IDS,
    SQL_COUNT_FILTERS,
    SQL_LIST_FILTERS,
    SQL_ADD_FILTER,
    SQL_GET_EVENT_KEY,
    SQL_GET_EVENT,
    SQL_LIST_EVENTS,
    SQL_LIST_USER_EVENTS,
    SQL_LIST_ITEM_EVENTS,
    SQL_READ_EVENTS,
    SQL_READ_CONTEXTS,
    SQL_READ_USER_EVENTS,
    SQL_READ_ORDERS,
    SQL_READ_CHOICES,
    SQL_MATCH_USER_EVENTS,
    SQL_DELETE_EVENT,
    SQL_DELETE_USER_EVENTS,
    SQL_DELETE_ITEM_EVENTS,
    SQL_MOVE_EVENTS,
    SQL_ANY_TOMBSTONE,
    SQL_FIND_TOMBSTONE,
    SQL_ADD_TOMBSTONE,
    SQL_MOVE_TOMBSTONES,
    SQL_DELETE_TOMBSTONES,
    SQL_WALK_TIMES,
    /* impressions */
    SQL_ADD_IMPRESSION,
    SQL_READ_IMPRESSIONS,
    SQL_READ_LISTS,
    SQL_LIST_USER_IMPRESSIONS,
    SQL_MOVE_IMPRESSIONS,
    SQL_DELETE_IMPRESSIONS,
    /* rounds and keys */
    SQL_ADD_VERSION,
    SQL_UPDATE_VERSION,
    SQL_DROP_SNAPSHOT,
    SQL_DEACTIVATE_VERSIONS,
    SQL_ACTIVATE_VERSION,
    SQL_LIST_VERSIONS,
    SQL_ADD_KEY,
    SQL_REVOKE_KEY,
    SQL_LIST_KEYS,
    /* upkeep */
    SQL_BACKUP,
    SQL_QUICK_CHECK,
    SQL_VERIFY,
    SQL_COUNT
};

struct sql_text {
    const char *text;
    bool reads_all; /* meant to walk whole tables; every other statement must use an index */
};
extern const struct sql_text sql_texts[SQL_COUNT];

/* What SQLite last refused, as a status and a sentence that begins with `doing`. */
enum status sql_error(struct sqlite3 *db, const char *doing, struct error *reterr);

/* The statement, reset and ready for binding. */
sqlite3_stmt *sql_get(struct store *store, enum sql id);

/* Where a statement that runs for every event has its parameters, looked up once: binding by name
 * compares it with all others each time. */
void sql_find_places(sqlite3_stmt *statement, const char *const *names, int n, int *places);

void sql_bind_int(sqlite3_stmt *statement, const char *name, int64_t value);
void sql_bind_seq(sqlite3_stmt *statement, const char *name, uint64_t seq);     /* cut to 63 bits */
void sql_bind_time(sqlite3_stmt *statement, const char *name, int64_t time_ms); /* unknown: NULL */
void sql_bind_real(sqlite3_stmt *statement, const char *name, double value);    /* NaN: NULL */
void sql_bind_text(sqlite3_stmt *statement, const char *name, const char *text);
void sql_bind_blob(sqlite3_stmt *statement, const char *name, const void *bytes, size_t length);

/* One step: is there a row? Without one the statement is reset. */
enum status sql_step(struct store *store, sqlite3_stmt *statement, bool *ret_row,
                     struct error *reterr);

/* The same where the row's texts or blobs are read: each of them is then there, or NO_MEMORY. */
enum status sql_step_text(struct store *store, sqlite3_stmt *statement, bool *ret_row,
                          struct error *reterr);

/* To the end, no rows wanted; reset. */
enum status sql_run(struct store *store, sqlite3_stmt *statement, struct error *reterr);

/* The first column of the first row as a number, NUMBER_NONE without a row; reset. */
enum status sql_find(struct store *store, sqlite3_stmt *statement, uint32_t *ret_number,
                     struct error *reterr);

/* Columns of the present row; NULL is TIME_UNKNOWN, NaN, NULL. */
int64_t sql_time(sqlite3_stmt *statement, int column);
double sql_real(sqlite3_stmt *statement, int column);
const char *sql_text(sqlite3_stmt *statement, int column);
