#include <math.h>
#include <string.h>

#include "base/json.h"
#include "data/store_internal.h"

enum status item_find(struct store *store, const char *id, uint32_t *ret_number,
                      enum item_state *ret_state, struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, SQL_FIND_ITEM);
    sql_bind_text(s, ":id", id);
    bool row;
    const enum status status = sql_step(store, s, &row, reterr);
    if (status != STATUS_OK)
        return status;
    *ret_number = row ? (uint32_t)sqlite3_column_int64(s, 0) : NUMBER_NONE;
    *ret_state = row ? (enum item_state)sqlite3_column_int(s, 1) : ITEM_DELETED;
    sqlite3_reset(s);
    return STATUS_OK;
}

static void write_categories(const struct item_record *item, struct buffer *out)
{
    for (uint32_t i = 0; i < item->n_categories; i++) {
        buffer_append_byte(out, i ? ',' : '[');
        buffer_append_json(out, item->categories[i], strlen(item->categories[i]));
    }
    if (item->n_categories)
        buffer_append_byte(out, ']');
}

/* Binds all fields of the record; `categories` keeps their text until the statement has run. */
static void bind_item(sqlite3_stmt *s, uint32_t number, enum item_state state,
                      const struct item_record *item, struct buffer *categories, int64_t now_ms)
{
    write_categories(item, categories);
    sql_bind_int(s, ":number", number);
    sql_bind_int(s, ":state", state);
    sql_bind_text(s, ":id", item->id);
    sql_bind_text(s, ":attributes", item->attributes ? item->attributes : "{}");
    sql_bind_text(s, ":title", item->title);
    sql_bind_text(s, ":categories", categories->data);
    sql_bind_int(s, ":hidden", item->hidden);
    sql_bind_int(s, ":available", item->available);
    sql_bind_real(s, ":price", item->price);
    sql_bind_text(s, ":currency", item->currency);
    sql_bind_text(s, ":group_id", item->group_id);
    sql_bind_time(s, ":published", item->published_ms);
    sql_bind_time(s, ":expires", item->expires_ms);
    sql_bind_blob(s, ":vector", item->n_vector ? item->vector : NULL,
                  sizeof(float) * item->n_vector);
    sql_bind_time(s, ":now", now_ms);
}

static enum status write_item(struct store *store, enum sql id, uint32_t number,
                              enum item_state state, const struct item_record *item, int64_t now_ms,
                              struct error *reterr)
{
    struct buffer categories = {0};
    sqlite3_stmt *s = sql_get(store, id);
    bind_item(s, number, state, item, &categories, now_ms);
    enum status status;
    if (categories.failed)
        status = error_set(reterr, STATUS_NO_MEMORY, "out of memory while storing an item");
    else
        status = sql_run(store, s, reterr);
    buffer_free(&categories);
    return status == STATUS_OK ? store_add_change(store, CHANGE_ITEM, number, reterr) : status;
}

static uint64_t *counter_of(struct store *store, enum item_state state)
{
    return state == ITEM_GHOST ? &store->counts.ghost_items : &store->counts.items;
}

static enum status add_item(struct store *store, const struct item_record *item,
                            enum item_state state, int64_t now_ms, uint32_t *ret_number,
                            struct error *reterr)
{
    if (store->counts.next_item == NUMBER_NONE)
        return error_set(reterr, STATUS_TOO_LARGE, "the store has given all numbers for items");
    const uint32_t number = store->counts.next_item;
    const enum status status = write_item(store, SQL_ADD_ITEM, number, state, item, now_ms, reterr);
    if (status != STATUS_OK)
        return status;
    numbers_keep(&store->items, item->id, number); /* above the deleted one of this id, if any */
    store->counts.next_item++;
    (*counter_of(store, state))++;
    *ret_number = number;
    return STATUS_OK;
}

/* An item that only events name; where events list items (`listed`), it is recommended. */
enum status item_need(struct store *store, const char *id, bool listed, int64_t now_ms,
                      uint32_t *ret_number, struct error *reterr)
{
    enum item_state state;
    uint32_t number;
    if (numbers_find(&store->items, id, ret_number))
        return STATUS_OK;
    const enum status status = item_find(store, id, &number, &state, reterr);
    if (status != STATUS_OK)
        return status;
    if (number != NUMBER_NONE) {
        numbers_keep(&store->items, id, number);
        *ret_number = number;
        return STATUS_OK;
    }
    const struct item_record item = {.id = id,
                                     .available = true,
                                     .price = NAN,
                                     .published_ms = TIME_UNKNOWN,
                                     .expires_ms = TIME_UNKNOWN};
    return add_item(store, &item, listed ? ITEM_LISTED : ITEM_GHOST, now_ms, ret_number, reterr);
}

static const char *copy_text(struct arena *arena, const char *text, bool *failed)
{
    const char *copy = text ? arena_strndup(arena, text, strlen(text)) : NULL;
    *failed |= text && !copy;
    return copy;
}

static void read_categories(const char *text, struct arena *arena, struct item_record *item,
                            bool *failed)
{
    json_t *list = NULL;
    if (text)
        json_parse(text, strlen(text), &list, NULL);
    const size_t n = json_array_size(list);
    const char **categories = n ? arena_zalloc(arena, n, sizeof *categories) : NULL;
    *failed |= text && !categories;
    for (size_t i = 0; categories && i < n; i++) {
        categories[i] = copy_text(arena, json_string_value(json_array_get(list, i)), failed);
        *failed |= !categories[i];
    }
    item->categories = categories;
    item->n_categories = categories ? (uint32_t)n : 0;
    json_decref(list);
}

static void read_vector(sqlite3_stmt *s, int column, struct arena *arena, struct item_record *item,
                        bool *failed)
{
    const size_t size = (size_t)sqlite3_column_bytes(s, column) / sizeof(float);
    float *vector = size ? arena_zalloc(arena, size, sizeof *vector) : NULL;
    *failed |= size && !vector;
    if (vector)
        memcpy(vector, sqlite3_column_blob(s, column), size * sizeof *vector);
    item->vector = vector;
    item->n_vector = vector ? (uint32_t)size : 0;
}

enum status item_from_row(sqlite3_stmt *s, struct arena *arena, uint32_t *ret_number,
                          enum item_state *ret_state, struct item_record *ret_item,
                          struct error *reterr)
{
    bool failed = false;
    const enum item_state state = (enum item_state)sqlite3_column_int(s, 1);
    struct item_record item = {
        .id = copy_text(arena, sql_text(s, 2), &failed),
        .attributes = copy_text(arena, sql_text(s, 3), &failed),
        .title = copy_text(arena, sql_text(s, 4), &failed),
        .hidden = sqlite3_column_int(s, 6) != 0,
        .available = sqlite3_column_int(s, 7) != 0,
        .price = sql_real(s, 8),
        .currency = copy_text(arena, sql_text(s, 9), &failed),
        .group_id = copy_text(arena, sql_text(s, 10), &failed),
        .published_ms = sql_time(s, 11),
        .expires_ms = sql_time(s, 12),
        .created_ms = sql_time(s, 14),
        .updated_ms = sql_time(s, 15),
        .listed = state == ITEM_LISTED,
    };
    read_categories(sql_text(s, 5), arena, &item, &failed);
    read_vector(s, 13, arena, &item, &failed);
    if (failed)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory while reading an item");
    *ret_number = (uint32_t)sqlite3_column_int64(s, 0);
    *ret_state = state;
    *ret_item = item;
    return STATUS_OK;
}

/* The newest row of the id; number NUMBER_NONE when there is none. */
static enum status get_item(struct store *store, const char *id, struct arena *arena,
                            uint32_t *ret_number, enum item_state *ret_state,
                            struct item_record *ret_item, struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, SQL_GET_ITEM);
    sql_bind_text(s, ":id", id);
    bool row;
    enum status status = sql_step_text(store, s, &row, reterr);
    if (status != STATUS_OK)
        return status;
    *ret_number = NUMBER_NONE;
    *ret_state = ITEM_DELETED;
    if (row)
        status = item_from_row(s, arena, ret_number, ret_state, ret_item, reterr);
    sqlite3_reset(s);
    return status;
}

enum status store_get_item(struct store *store, const char *id, struct arena *arena,
                           struct item_record *ret_item, uint32_t *ret_number, struct error *reterr)
{
    uint32_t number;
    enum item_state state;
    struct item_record item;
    const enum status status = get_item(store, id, arena, &number, &state, &item, reterr);
    if (status != STATUS_OK)
        return status;
    if (state == ITEM_DELETED)
        return error_set(reterr, STATUS_NOT_FOUND, "there is no item %.200s", id);
    *ret_number = number;
    *ret_item = item;
    return STATUS_OK;
}

static bool same_lists(const struct item_record *a, const struct item_record *b)
{
    if (a->n_categories != b->n_categories || a->n_vector != b->n_vector)
        return false;
    for (uint32_t i = 0; i < a->n_categories; i++)
        if (strcmp(a->categories[i], b->categories[i]) != 0)
            return false;
    return a->n_vector == 0 || memcmp(a->vector, b->vector, sizeof(float) * a->n_vector) == 0;
}

static bool same_item(const struct item_record *a, const struct item_record *b)
{
    return same_text(a->attributes ? a->attributes : "{}", b->attributes) &&
           same_text(a->title, b->title) && a->hidden == b->hidden &&
           a->available == b->available && same_real(a->price, b->price) &&
           same_text(a->currency, b->currency) && same_text(a->group_id, b->group_id) &&
           a->published_ms == b->published_ms && a->expires_ms == b->expires_ms && same_lists(a, b);
}

/* A ghost becomes listed; what is listed already and the same stays as it is. */
static enum status replace_item(struct store *store, uint32_t number, enum item_state state,
                                const struct item_record *present, const struct item_record *item,
                                int64_t now_ms, struct error *reterr)
{
    if (state == ITEM_LISTED && same_item(item, present))
        return STATUS_OK;
    const enum status status =
        write_item(store, SQL_UPDATE_ITEM, number, ITEM_LISTED, item, now_ms, reterr);
    if (status == STATUS_OK && state == ITEM_GHOST) {
        store->counts.ghost_items--;
        store->counts.items++;
    }
    return status;
}

enum status store_put_item(struct store *store, const struct item_record *item, int64_t now_ms,
                           uint32_t *ret_number, bool *ret_created, struct error *reterr)
{
    enum status status = attributes_claim(store, OWNER_ITEM, item->attributes, reterr);
    if (status != STATUS_OK)
        return status;
    uint32_t number;
    enum item_state state;
    struct item_record present;
    arena_reset(&store->scratch);
    status = get_item(store, item->id, &store->scratch, &number, &state, &present, reterr);
    if (status != STATUS_OK)
        return status;
    const bool created = state == ITEM_DELETED;
    if (created)
        status = add_item(store, item, ITEM_LISTED, now_ms, &number, reterr);
    else
        status = replace_item(store, number, state, &present, item, now_ms, reterr);
    if (status != STATUS_OK)
        return status;
    *ret_number = number;
    *ret_created = created;
    return STATUS_OK;
}

static enum status purge_events(struct store *store, uint32_t item, struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, SQL_DELETE_ITEM_EVENTS);
    sql_bind_int(s, ":item", item);
    uint64_t deleted;
    const enum status status = runs_write(store, s, &deleted, reterr);
    if (status == STATUS_OK)
        store->counts.events -= deleted;
    return status;
}

enum status store_delete_item(struct store *store, const char *id, bool purge, int64_t now_ms,
                              struct error *reterr)
{
    uint32_t number;
    enum item_state state;
    enum status status = item_find(store, id, &number, &state, reterr);
    if (status != STATUS_OK)
        return status;
    if (state == ITEM_DELETED)
        return error_set(reterr, STATUS_NOT_FOUND, "there is no item %.200s", id);
    sqlite3_stmt *s = sql_get(store, SQL_END_ITEM);
    sql_bind_int(s, ":number", number);
    sql_bind_time(s, ":now", now_ms);
    status = sql_run(store, s, reterr);
    if (status == STATUS_OK)
        (*counter_of(store, state))--;
    if (status == STATUS_OK && purge)
        status = purge_events(store, number, reterr);
    return status == STATUS_OK ? store_add_change(store, CHANGE_ITEM_DEATH, number, reterr)
                               : status;
}

enum status store_list_items(struct store *store, uint32_t from_number, uint32_t limit,
                             store_each_item each, void *context, struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, SQL_LIST_ITEMS);
    sql_bind_int(s, ":from", from_number);
    sql_bind_int(s, ":limit", limit);
    bool row;
    enum status status;
    while ((status = sql_step_text(store, s, &row, reterr)) == STATUS_OK && row) {
        struct item_record item;
        enum item_state state;
        uint32_t number;
        arena_reset(&store->scratch);
        status = item_from_row(s, &store->scratch, &number, &state, &item, reterr);
        if (status == STATUS_OK)
            status = each(context, number, &item);
        if (status != STATUS_OK)
            break;
    }
    sqlite3_reset(s);
    return status;
}
