#pragma once
/* What the store's own files share; nobody else includes it. */
#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "data/store.h"
#include "data/store_event_id.h"
#include "data/store_filter.h"
#include "data/store_numbers.h"
#include "data/store_sql.h"

enum user_kind { USER_NAMED = 1, USER_GUEST, USER_GONE };
enum item_state { ITEM_LISTED = 1, ITEM_GHOST, ITEM_DELETED };
enum attribute_owner { OWNER_USER = 1, OWNER_ITEM };

enum {
    PAGE_ROWS = 4096,       /* rows of one short reading transaction */
    BUSY_TIMEOUT_MS = 5000, /* another process may hold the writer's lock for so long */
    EVENT_KEY_BYTES = 16,   /* of the check in event ids */
    PAGE_BYTES = 4096,      /* of a page, which is SQLite's default */
    LOG_HEADER_BYTES = 24,  /* before each page in the WAL */
    EVENT_PARAMETERS = 16,
};

struct store {
    struct sqlite3 *db;
    enum store_mode mode;
    char *path; /* of the database file */
    sqlite3_stmt *statements[SQL_COUNT];
    int prepare_code; /* SQLite's, of the last one that could not be prepared */
    bool in_transaction, in_savepoint;
    enum status failure;               /* of the transaction's last statement that failed, or OK */
    struct store_counts counts;        /* valid within a writing transaction */
    struct store_counts counts_before; /* at the savepoint */
    bool counts_changed;
    uint64_t seq_at_begin; /* of the transaction */
    uint64_t log_bytes;    /* of the WAL in use, as of the last commit */
    struct id_filters filters;
    struct number_cache users, items; /* ids' numbers as of numbers_seq */
    uint64_t numbers_seq;
    enum tombstones { TOMBSTONES_UNKNOWN, TOMBSTONES_NONE, TOMBSTONES_SOME } tombstones;
    int event_places[EVENT_PARAMETERS]; /* of SQL_ADD_EVENT; 0: not looked up yet */
    unsigned char event_key[EVENT_KEY_BYTES];
    struct arena scratch; /* one row of a list */
};

/* ---- transactions ---- */

/* One read transaction over several statements; nothing to do within a writing one. */
enum status store_begin_read(struct store *store, struct error *reterr);
void store_end_read(struct store *store);

/* Forgets the numbers of all ids: what is stored may have become another. */
void store_forget_numbers(struct store *store);

/* The next seq, and a row of `changes` under it. */
uint64_t store_next_seq(struct store *store);
enum status store_add_change(struct store *store, enum change_kind kind, uint32_t number,
                             struct error *reterr);

/* ---- users, sessions, items: numbers of ids ---- */

enum status user_find(struct store *store, const char *id, uint32_t *ret_number,
                      struct error *reterr); /* NUMBER_NONE */
enum status user_need(struct store *store, const char *id, int64_t now_ms, uint32_t *ret_number,
                      struct error *reterr); /* made if it is not there */

struct session_row {
    uint32_t number; /* of the session; NUMBER_NONE: unknown */
    uint32_t user;
    bool guest; /* that user has no id */
};
enum status session_find(struct store *store, const char *id, struct session_row *ret_session,
                         struct error *reterr);
enum status session_need(struct store *store, const char *id, int64_t now_ms,
                         struct session_row *ret_session, struct error *reterr);

/* The user that X was merged into, or NUMBER_NONE. */
enum status merge_find(struct store *store, const char *source_id, uint32_t *ret_user,
                       struct error *reterr);

/* The user goes: a death row stays. */
enum status user_end(struct store *store, uint32_t number, bool guest, struct error *reterr);

/* The newest item of the id, deleted or not. */
enum status item_find(struct store *store, const char *id, uint32_t *ret_number,
                      enum item_state *ret_state, struct error *reterr);
enum status item_need(struct store *store, const char *id, bool listed, int64_t now_ms,
                      uint32_t *ret_number, struct error *reterr);

/* The row of a statement over ITEM_COLUMNS; texts are copied to the arena. */
enum status item_from_row(sqlite3_stmt *statement, struct arena *arena, uint32_t *ret_number,
                          enum item_state *ret_state, struct item_record *ret_item,
                          struct error *reterr);

/* Attributes keep the type of their first use. */
enum status attributes_claim(struct store *store, enum attribute_owner owner,
                             const char *attributes, struct error *reterr);

/* ---- events ---- */

struct event_match {
    uint64_t seq; /* 0: no such event */
    uint32_t user;
};
/* The event of an id, given by a client or made here. */
enum status event_find(struct store *store, const char *event_id, struct event_match *ret_match,
                       struct error *reterr);
enum status event_is_tombstoned(struct store *store, const char *event_id, bool *ret_there,
                                struct error *reterr);

/* The event id in a column, or the one made for a row whose first columns are seq, user, item,
 * type, time_ms: then it is written to made_id. */
const char *event_id_of_row(const struct store *store, sqlite3_stmt *statement, int column,
                            char made_id[MADE_ID_LENGTH + 1]);

/* The row of a statement over EVENT_COLUMNS; texts are the statement's, or made_id. */
void event_from_row(struct store *store, sqlite3_stmt *statement, char made_id[MADE_ID_LENGTH + 1],
                    struct event_record *ret_event);

/* Column 0 is seq; user, item, type, time_ms, value from `column` on. */
void event_row_read(sqlite3_stmt *statement, int column, struct event_row *ret_row);

/* Makes user or guest as needed. ret_session: what the row keeps of the session, or NULL. */
enum status event_need_who(struct store *store, const char *user, const char *session,
                           int64_t now_ms, uint32_t *ret_user, const char **ret_session,
                           struct error *reterr);

/* NOT_FOUND names the nearest configured type. */
enum status event_type_find(const struct event_types *types, const char *name, uint8_t *ret_code,
                            struct error *reterr);

enum status event_delete(struct store *store, uint64_t seq, struct error *reterr);

/* ---- runs of seq, by which the indexes of events are cut: see store_runs.c ---- */

uint64_t run_of(uint64_t seq);
enum status runs_last(struct store *store, uint64_t *ret_run, struct error *reterr);

/* Runs a bound statement once with every :run; how many rows it changed in all. */
enum status runs_write(struct store *store, sqlite3_stmt *statement, uint64_t *ret_changed,
                       struct error *reterr);

/* ---- comparing what is stored with what comes in; NULL and NaN equal themselves ---- */

static inline bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static inline bool same_real(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}
