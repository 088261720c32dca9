#pragma once
/* The Store: users, items, events and all else that must survive, in one SQLite file.
 *
 * Numbers. Every user (and every guest session, which is a user of kind GUEST without an id) and
 * every item has a 32-bit number, given in rising order and never used again. Every accepted change
 * gets a rising `seq` in the same transaction: an event's is its row's key; every other change is a
 * row of the table `changes`. Order of truth is seq, never time.
 *
 * Handles. A struct store is one connection with its prepared statements: one thread at a time.
 * Open several on the same folder: one STORE_WRITE for the writer, any number of STORE_READ. Reads
 * are short transactions of their own; a callback runs inside one, must be quick and may not use
 * the same handle. What it returns other than OK ends the reading and is returned.
 *
 * Durability: WAL, synchronous=FULL; what store_commit returned OK for is on disk. No automatic
 * checkpoint: the writer calls store_checkpoint.
 *
 * Writes happen between store_begin and store_commit. Each logical request is wrapped by
 * store_savepoint and store_release or store_undo, so that a refused one leaves no trace.
 */
#include <stdint.h>

#include "base/idmap.h"
#include "base/observer.h"
#include "base/text.h"
#include "data/event_type.h"
#include "data/records.h"

struct store;

enum store_mode {
    STORE_READ,  /* must exist (NOT_FOUND) and have the current schema */
    STORE_WRITE, /* created and migrated as needed; one of several processes may write at a time */
};

#define STORE_FILE  "tastevin.db"
#define NUMBER_NONE UINT32_MAX

/* folder: the data directory, made for STORE_WRITE. UNSUPPORTED for a schema newer than this
 * program, or (STORE_READ) one that needs `migrate up`; CORRUPT with what to do; DISK_FULL, IO. */
enum status store_open(const char *folder, enum store_mode mode, struct store **ret_store,
                       struct error *reterr);
void store_close(struct store *store);

/* ---- event types: names to stable codes ---- */

/* Gives each named type (by its place in `types`, code 1 up to the first empty name) the store's
 * code for that name, adding new names, and rearranges `types` by those codes. Names known to the
 * store but not in `types` come back with the name and no meaning. In a write transaction; a
 * STORE_READ handle needs none, and adds nothing: a new name gets a code that no event has. */
enum status store_bind_types(struct store *store, struct event_types *types, struct error *reterr);

/* ---- transactions (STORE_WRITE) ---- */

enum status store_begin(struct store *store, struct error *reterr); /* BEGIN IMMEDIATE; BUSY */
enum status store_commit(struct store *store, struct error *reterr);
void store_rollback(struct store *store);

/* `act` in a transaction of its own: committed when it returns OK, otherwise rolled back. */
typedef enum status (*store_act)(void *context, struct store *store, struct error *reterr);
enum status store_transact(struct store *store, store_act act, void *context, struct error *reterr);
enum status store_savepoint(struct store *store, struct error *reterr); /* one level */
enum status store_release(struct store *store, struct error *reterr);
void store_undo(struct store *store); /* back to the savepoint; without one: nothing */

/* ---- writing; all within a transaction ---- */

/* PUT: replaces the attributes. What is there already and the same changes nothing, so that a
 * repeated import does not; the same holds for store_put_item. Attributes: as below. */
enum status store_put_user(struct store *store, const struct user_record *user, int64_t now_ms,
                           uint32_t *ret_number, bool *ret_created, struct error *reterr);

/* Erases the user: events, impressions, sessions, attributes; a death row stays (number, seq, no
 * id). What was there is overwritten in the file; the log holds older pages until
 * store_checkpoint with truncate. NOT_FOUND. */
enum status store_erase_user(struct store *store, const char *id, int64_t now_ms,
                             struct error *reterr);

/* PUT: replaces and lists the item. Undeletes a deleted id under a new number. Attribute types are
 * fixed at first use: a different JSON type later is CONFLICT with the attribute's name. */
enum status store_put_item(struct store *store, const struct item_record *item, int64_t now_ms,
                           uint32_t *ret_number, bool *ret_created, struct error *reterr);

/* Deletes the item; its events stay for training unless `purge`. NOT_FOUND. */
enum status store_delete_item(struct store *store, const char *id, bool purge, int64_t now_ms,
                              struct error *reterr);

struct event_result {
    bool duplicate;                  /* the same id with the same content was there */
    char event_id[ID_BYTES_MAX + 1]; /* the one given or made */
};

/* Adds one event; makes user, session and item as needed (an item so made is a ghost unless
 * auto_items). A duplicate changes nothing. CONFLICT: the id is there with other content. An id
 * that was retracted stays retracted (duplicate = true). NOT_FOUND: unknown type (of `types`).
 * These refusals come before anything is changed: no savepoint is needed for their sake. */
enum status store_add_event(struct store *store, const struct event_types *types,
                            const struct event_record *event, bool auto_items, int64_t now_ms,
                            struct event_result *ret_result, struct error *reterr);

/* NOT_FOUND when there is none (a retracted one is not an error: repeatable). Ids that were made
 * here lead to their event by seq. */
enum status store_retract_event(struct store *store, const char *event_id, int64_t now_ms,
                                struct error *reterr);

/* All events of the user, of that item and type if given (NULL: any). */
enum status store_retract_events(struct store *store, const struct event_types *types,
                                 const char *user, const char *item, const char *type,
                                 int64_t now_ms, uint64_t *ret_retracted, struct error *reterr);

/* Moves all of `from_user` or `from_session` (one is NULL) to `user` (made if needed). The source
 * user is gone afterwards; the session belongs to `user` from then on. Repeatable: a source already
 * moved here changes nothing. NOT_FOUND for a source that never was (a session that was only ever
 * sent along with a user is none); CONFLICT for a session that belongs to another user by now;
 * OUT_OF_RANGE for a user merged into itself. */
enum status store_merge_user(struct store *store, const char *user, const char *from_user,
                             const char *from_session, int64_t now_ms, uint64_t *ret_moved,
                             struct error *reterr);

/* One row a list. Makes user or guest, and ghosts of items that are unknown. Takes a seq, but is no
 * change that store_read_changes reports. */
enum status store_add_impression(struct store *store, const struct impression_record *impression,
                                 int64_t now_ms, struct error *reterr);

/* Deletes events older than their type's retention, at most `limit` a call. A call walks on by seq
 * from where the last one stopped, over 20 rows for each of `limit`, and round again: call it now
 * and then; 0 deleted does not say that none is left. Events without a time stay. */
enum status store_expire_events(struct store *store, const struct event_types *types,
                                int64_t now_ms, uint32_t limit, uint32_t *ret_deleted,
                                struct error *reterr);

/* ---- reading one thing ---- */

/* Strings come from the arena. NOT_FOUND. */
enum status store_get_user(struct store *store, const char *id, struct arena *arena,
                           struct user_record *ret_user, uint32_t *ret_number,
                           struct error *reterr);
enum status store_get_item(struct store *store, const char *id, struct arena *arena,
                           struct item_record *ret_item, uint32_t *ret_number,
                           struct error *reterr);

/* The user number of an id or of a guest session; NOT_FOUND. */
enum status store_find_session(struct store *store, const char *session, uint32_t *ret_number,
                               struct error *reterr);

struct store_counts {
    uint64_t users, guests, items, ghost_items, events, seq;
    uint32_t next_user, next_item; /* numbers below these have been given */
};
enum status store_count(struct store *store, struct store_counts *ret_counts, struct error *reterr);

/* ---- lists: pages by a rising or falling key; the callback returns OK to go on ---- */

typedef enum status (*store_each_user)(void *context, uint32_t number,
                                       const struct user_record *user);
typedef enum status (*store_each_item)(void *context, uint32_t number,
                                       const struct item_record *item);
typedef enum status (*store_each_event)(void *context, uint64_t seq,
                                        const struct event_record *event);

/* Users with an id (guests are not listed), items that are not deleted, in number order from
 * `from_number` on, at most `limit`. */
enum status store_list_users(struct store *store, uint32_t from_number, uint32_t limit,
                             store_each_user each, void *context, struct error *reterr);
enum status store_list_items(struct store *store, uint32_t from_number, uint32_t limit,
                             store_each_item each, void *context, struct error *reterr);

/* Newest first, below `before_seq` (UINT64_MAX: from the newest). type NULL: any. */
enum status store_list_user_events(struct store *store, uint32_t user, const char *type,
                                   uint64_t before_seq, uint32_t limit, store_each_event each,
                                   void *context, struct error *reterr);
enum status store_list_item_events(struct store *store, uint32_t item, const char *type,
                                   uint64_t before_seq, uint32_t limit, store_each_event each,
                                   void *context, struct error *reterr);

/* Whole records in seq order above after_seq, for export. */
enum status store_list_events(struct store *store, uint64_t after_seq, uint32_t limit,
                              store_each_event each, void *context, struct error *reterr);

/* Impressions of a user, newest first, below `before_seq`: for the user's export. */
typedef enum status (*store_each_impression)(void *context, uint64_t seq,
                                             const struct impression_record *impression);
enum status store_list_user_impressions(struct store *store, uint32_t user, uint64_t before_seq,
                                        uint32_t limit, store_each_impression each, void *context,
                                        struct error *reterr);

/* ---- reading by seq, for Dataset and Live ---- */

struct event_row {
    uint64_t seq;
    int64_t time_ms; /* or TIME_UNKNOWN */
    uint32_t user, item;
    float value; /* rating; NaN without */
    uint8_t type;
};
typedef enum status (*store_each_row)(void *context, const struct event_row *rows, size_t n);

/* Events in (after_seq, upto_seq], in seq order, in short transactions of some thousand rows. */
enum status store_read_events(struct store *store, uint64_t after_seq, uint64_t upto_seq,
                              store_each_row each, void *context, struct error *reterr);

/* Events in (after_seq, upto_seq] that have a context, in seq order, in one short transaction: ask
 * for some ten thousand seqs at a time. */
typedef enum status (*store_each_context)(void *context, const struct event_row *row,
                                          const char *text);
enum status store_read_contexts(struct store *store, uint64_t after_seq, uint64_t upto_seq,
                                store_each_context each, void *context, struct error *reterr);

/* Impressions of known users in (after_seq, upto_seq], in seq order, in short transactions. */
struct shown_row {
    uint32_t user;
    int64_t time_ms;
    const uint32_t *items; /* [n_items] in the order shown; valid during the callback */
    uint32_t n_items;
    const char *context; /* JSON object, or NULL */
};
typedef enum status (*store_each_shown)(void *context, const struct shown_row *row);
enum status store_read_impressions(struct store *store, uint64_t after_seq, uint64_t upto_seq,
                                   store_each_shown each, void *context, struct error *reterr);

/* What came of the lists that were recommended: each event's type and the list it names, and the
 * lists that were shown. In seq order, in one short transaction of at most `limit` rows; ret_seq:
 * up to where is read by now, upto_seq at the end. recommendation_id is NULL without one. */
struct choice_row {
    uint32_t item;
    uint8_t type;
    int32_t position; /* from 0; -1: none */
    const char *recommendation_id;
};
typedef enum status (*store_each_choice)(void *context, const struct choice_row *row);
enum status store_read_choices(struct store *store, uint64_t after_seq, uint64_t upto_seq,
                               uint32_t limit, store_each_choice each, void *context,
                               uint64_t *ret_seq, struct error *reterr);
struct list_row {
    uint32_t n_items;
    const char *recommendation_id;
};
typedef enum status (*store_each_list)(void *context, const struct list_row *row);
enum status store_read_lists(struct store *store, uint64_t after_seq, uint64_t upto_seq,
                             uint32_t limit, store_each_list each, void *context, uint64_t *ret_seq,
                             struct error *reterr);

/* An event that belongs to an order. */
struct order_line {
    uint32_t user, item;
    uint32_t order; /* a hash of the order's id, which is its user's own */
    uint8_t type;
};
typedef enum status (*store_each_order_line)(void *context, const struct order_line *line);

/* Those of seq up to upto_seq, in that order, in short transactions. */
enum status store_read_orders(struct store *store, uint64_t upto_seq, store_each_order_line each,
                              void *context, struct error *reterr);

/* One user's events, in seq order. */
enum status store_read_user_events(struct store *store, uint32_t user, uint64_t upto_seq,
                                   store_each_row each, void *context, struct error *reterr);

enum change_kind {
    CHANGE_EVENT = 1,   /* `event` */
    CHANGE_USER,        /* user `number` was made or changed; `id` (NULL: a guest) */
    CHANGE_USER_EVENTS, /* events of user `number` went or came otherwise: read them again */
    CHANGE_USER_DEATH,  /* user `number` was erased or merged away */
    CHANGE_ITEM,        /* item `number` was made or changed: `item` is its present row */
    CHANGE_ITEM_DEATH,  /* item `number` was deleted */
    CHANGE_SESSION,     /* guest session `id` belongs to user `number` */
    CHANGE_KEY,         /* access keys changed */
};

struct change {
    uint64_t seq;
    enum change_kind kind;
    uint32_t number;
    const char *id;
    const char *attributes; /* CHANGE_USER: as they are now; NULL for others */
    struct event_row event;
    const struct item_record *item; /* valid during the callback */
};
typedef enum status (*store_each_change)(void *context, const struct change *change);

/* All changes in (after_seq, upto_seq], in seq order. An item's or user's row is as it is now, not
 * as of that seq; one that is gone by now is reported as its death. So is an event's user: after a
 * merge it may be one whose own CHANGE_USER comes only later. */
enum status store_read_changes(struct store *store, uint64_t after_seq, uint64_t upto_seq,
                               store_each_change each, void *context, struct error *reterr);

/* All ids, in number order, for a Dataset: users (guests and those who are gone have none) and
 * items (deleted ones have none; the id may belong to a later number). */
enum status store_read_ids(struct store *store, struct idmap *ret_users, struct idmap *ret_items,
                           struct error *reterr);

/* Users that were erased or merged away after a seq, in that order: numbers into users[room].
 * *ret_seq is the seq of the last one written, after_seq without any; a full room may not be all.
 */
enum status store_read_deaths(struct store *store, uint64_t after_seq, uint32_t *users, size_t room,
                              size_t *ret_n, uint64_t *ret_seq, struct error *reterr);

/* Rises when another connection or process has committed. */
enum status store_data_version(struct store *store, uint64_t *ret_version);

/* ---- training rounds ---- */

struct model_version {
    uint32_t version;                /* rising from 1, never used again */
    uint64_t seq;                    /* the snapshot's S */
    int64_t started_ms, finished_ms; /* TIME_UNKNOWN: not finished */
    const char *state;  /* "training", "published", "refused", "failed", "cancelled", "starved" */
    const char *reason; /* why not published; or "" */
    const char *report; /* JSON: metrics, settings, sizes */
    bool active, kept;  /* kept: its snapshot is on disk */
};
typedef enum status (*store_each_version)(void *context, const struct model_version *version);

enum status store_add_version(struct store *store, uint64_t seq, int64_t now_ms,
                              uint32_t *ret_version, struct error *reterr);
enum status store_update_version(struct store *store, const struct model_version *version,
                                 struct error *reterr);
/* Its snapshot is not on disk any more. */
enum status store_drop_snapshot(struct store *store, uint32_t version, struct error *reterr);
/* Marks one active and all others not; 0: none. */
enum status store_activate_version(struct store *store, uint32_t version, struct error *reterr);
/* Newest first, below before_version (UINT32_MAX: from the newest). */
enum status store_list_versions(struct store *store, uint32_t before_version, uint32_t limit,
                                store_each_version each, void *context, struct error *reterr);

/* ---- access keys ---- */

enum key_scope { SCOPE_READ = 1, SCOPE_EVENTS = 2, SCOPE_WRITE = 4, SCOPE_ADMIN = 8 };
enum { KEY_HASH_BYTES = 32 };

struct key_row {
    uint32_t number;
    const char *name;
    unsigned scopes; /* of enum key_scope */
    unsigned char hash[KEY_HASH_BYTES];
    int64_t created_ms, revoked_ms; /* TIME_UNKNOWN: in force */
};
typedef enum status (*store_each_key)(void *context, const struct key_row *key);

enum status store_add_key(struct store *store, const char *name, unsigned scopes,
                          const unsigned char hash[KEY_HASH_BYTES], int64_t now_ms,
                          uint32_t *ret_number, struct error *reterr);
enum status store_revoke_key(struct store *store, uint32_t number, int64_t now_ms,
                             struct error *reterr);
enum status store_list_keys(struct store *store, store_each_key each, void *context,
                            struct error *reterr);

/* ---- small settings of the daemon itself (counters that must survive, the signing secret) ---- */

enum status store_get_setting(struct store *store, const char *name, struct buffer *ret_value,
                              struct error *reterr); /* NOT_FOUND */
enum status store_put_setting(struct store *store, const char *name, const void *bytes,
                              size_t length, struct error *reterr);

/* ---- upkeep ---- */

/* A consistent copy of the whole database to a file that must not exist (VACUUM INTO). */
enum status store_backup(struct store *store, const char *path, struct error *reterr);

/* Moves the WAL into the database: all of it if no reader is in the way (it waits 0.1 s for those
 * when truncating; a reader that stays is no error). ret_wal_bytes: the file's size afterwards,
 * which only truncating makes 0: without it, the file is written from its start again. */
enum status store_checkpoint(struct store *store, bool truncate, uint64_t *ret_wal_bytes,
                             struct error *reterr);

/* How much of the WAL is in use as of this handle's last commit. The file itself keeps its size
 * when it is written from its start again. 0 before the first commit. */
uint64_t store_log_bytes(const struct store *store);

/* PRAGMA quick_check and the program's own invariants; CORRUPT names the first that fails. */
enum status store_verify(struct store *store, struct error *reterr);

/* Schema version of the file and of this program; see data/migrate.h. */
int store_schema(const struct store *store);
