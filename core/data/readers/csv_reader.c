/* CSV files of users, items or interactions.
 *
 * The header line, or the settings' columns, name the cells. Names are compared without case,
 * underscores, hyphens and spaces, so userId, user_id and "User ID" are one. A column called "-" is
 * skipped. Columns of users and items that are not known become attributes: text, unless the header
 * says NAME:number, NAME:bool or NAME:list (parts divided by |). Interactions have no attributes:
 * there an unknown column is an error. An empty cell is an absent value. Given columns may stand
 * over a file with a header: a first line that names the same columns is skipped. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "data/readers/cells.h"
#include "data/readers/csv.h"
#include "data/readers/feed.h"

enum cell_kind {
    CELL_TEXT,
    CELL_NUMBER,
    CELL_TIME,
    CELL_BOOL,
    CELL_POSITION,
    CELL_CATEGORIES,
    CELL_VECTOR,
};

enum { ALIASES_MAX = 6 };

struct csv_field {
    const char *names[ALIASES_MAX]; /* in lower case without _ - and space; the first is ours */
    enum cell_kind kind;
    size_t offset;
};

#define USER(member)  offsetof(struct user_record, member)
#define ITEM(member)  offsetof(struct item_record, member)
#define EVENT(member) offsetof(struct event_record, member)

static const struct csv_field user_fields[] = {
    {{"id", "user", "userid", "customerid", "visitorid"}, CELL_TEXT, USER(id)},
};

static const struct csv_field item_fields[] = {
    {{"id", "item", "itemid", "movieid", "productid", "sku"}, CELL_TEXT, ITEM(id)},
    {{"title", "name"}, CELL_TEXT, ITEM(title)},
    {{"categories", "category", "genres"}, CELL_CATEGORIES, ITEM(categories)},
    {{"hidden"}, CELL_BOOL, ITEM(hidden)},
    {{"available"}, CELL_BOOL, ITEM(available)},
    {{"price"}, CELL_NUMBER, ITEM(price)},
    {{"currency"}, CELL_TEXT, ITEM(currency)},
    {{"groupid", "group"}, CELL_TEXT, ITEM(group_id)},
    {{"publishedat"}, CELL_TIME, ITEM(published_ms)},
    {{"expiresat"}, CELL_TIME, ITEM(expires_ms)},
    {{"vector", "embedding"}, CELL_VECTOR, ITEM(vector)},
};

static const struct csv_field event_fields[] = {
    {{"user", "userid", "customerid", "visitorid"}, CELL_TEXT, EVENT(user)},
    {{"item", "itemid", "movieid", "productid", "sku"}, CELL_TEXT, EVENT(item)},
    {{"session", "sessionid"}, CELL_TEXT, EVENT(session)},
    {{"type", "event", "eventtype"}, CELL_TEXT, EVENT(type)},
    {{"rating", "stars"}, CELL_NUMBER, EVENT(rating)},
    {{"timestamp", "time", "ts", "createdat"}, CELL_TIME, EVENT(time_ms)},
    {{"quantity"}, CELL_NUMBER, EVENT(quantity)},
    {{"price"}, CELL_NUMBER, EVENT(price)},
    {{"currency"}, CELL_TEXT, EVENT(currency)},
    {{"progress"}, CELL_NUMBER, EVENT(progress)},
    {{"orderid"}, CELL_TEXT, EVENT(order_id)},
    {{"eventid"}, CELL_TEXT, EVENT(event_id)},
    {{"recommendationid"}, CELL_TEXT, EVENT(recommendation_id)},
    {{"position"}, CELL_POSITION, EVENT(position)},
};

enum table_kind { TABLE_USERS, TABLE_ITEMS, TABLE_INTERACTIONS, TABLE_UNKNOWN };

static const struct {
    const char *name;
    const struct csv_field *fields;
    size_t n_fields;
} tables[] = {
    [TABLE_USERS] = {"users", user_fields, sizeof user_fields / sizeof *user_fields},
    [TABLE_ITEMS] = {"items", item_fields, sizeof item_fields / sizeof *item_fields},
    [TABLE_INTERACTIONS] = {"interactions", event_fields,
                            sizeof event_fields / sizeof *event_fields},
};

enum attribute_type { ATTRIBUTE_TEXT, ATTRIBUTE_NUMBER, ATTRIBUTE_BOOL, ATTRIBUTE_LIST };
static const char *const attribute_suffixes[] = {[ATTRIBUTE_TEXT] = ":text",
                                                 [ATTRIBUTE_NUMBER] = ":number",
                                                 [ATTRIBUTE_BOOL] = ":bool",
                                                 [ATTRIBUTE_LIST] = ":list"};

struct column {
    const struct csv_field *field; /* NULL: an attribute, or skipped when that has no name */
    const char *attribute;
    enum attribute_type type;
};

struct table {
    enum table_kind kind;
    size_t n_columns;
    struct column columns[READER_COLUMNS_MAX];
    struct arena arena; /* of the names */
};

enum { COLUMN_NAME_MAX = 256 };

/* ---- columns ---- */

static void fold_name(const char *name, char out[COLUMN_NAME_MAX])
{
    size_t n = 0;
    for (; *name && n + 1 < COLUMN_NAME_MAX; name++)
        if (*name != '_' && *name != '-' && *name != ' ')
            out[n++] = (char)tolower((unsigned char)*name);
    out[n] = '\0';
}

static const struct csv_field *find_field(enum table_kind kind, const char *name)
{
    char folded[COLUMN_NAME_MAX];
    fold_name(name, folded);
    for (size_t i = 0; i < tables[kind].n_fields; i++)
        for (size_t j = 0; j < ALIASES_MAX && tables[kind].fields[i].names[j]; j++)
            if (strcmp(tables[kind].fields[i].names[j], folded) == 0)
                return &tables[kind].fields[i];
    return NULL;
}

static bool names_have(const char *const *names, size_t n, enum table_kind kind, size_t offset)
{
    for (size_t i = 0; i < n; i++) {
        const struct csv_field *field = find_field(kind, names[i]);
        if (field && field->offset == offset)
            return true;
    }
    return false;
}

/* Interactions name an item and somebody; items an item or what only items have; users a user. */
static enum table_kind guess_kind(const char *const *names, size_t n)
{
    const bool item = names_have(names, n, TABLE_INTERACTIONS, EVENT(item));
    const bool user = names_have(names, n, TABLE_INTERACTIONS, EVENT(user));
    if (item && (user || names_have(names, n, TABLE_INTERACTIONS, EVENT(session))))
        return TABLE_INTERACTIONS;
    if (item || names_have(names, n, TABLE_ITEMS, ITEM(title)) ||
        names_have(names, n, TABLE_ITEMS, ITEM(categories)))
        return TABLE_ITEMS;
    return user ? TABLE_USERS : TABLE_UNKNOWN;
}

static enum status find_kind(const struct reader_settings *settings, const char *const *names,
                             size_t n, enum table_kind *ret_kind, struct error *reterr)
{
    if (!settings->kind) {
        *ret_kind = guess_kind(names, n);
        return *ret_kind != TABLE_UNKNOWN
                   ? STATUS_OK
                   : error_set(reterr, STATUS_OUT_OF_RANGE,
                               "the columns do not tell whether these are users, items or "
                               "interactions; say so, or name the columns");
    }
    for (int kind = TABLE_USERS; kind < TABLE_UNKNOWN; kind++)
        if (strcmp(tables[kind].name, settings->kind) == 0) {
            *ret_kind = (enum table_kind)kind;
            return STATUS_OK;
        }
    return error_set(reterr, STATUS_OUT_OF_RANGE,
                     "unknown kind '%.40s'; it must be users, items or interactions",
                     settings->kind);
}

struct alias_context {
    enum table_kind kind;
};

static const char *first_name_at(const void *context, size_t i)
{
    return tables[((const struct alias_context *)context)->kind].fields[i].names[0];
}

static enum status refuse_column(enum table_kind kind, const char *name, struct error *reterr)
{
    char folded[COLUMN_NAME_MAX];
    fold_name(name, folded);
    const struct alias_context context = {kind};
    const char *nearest = text_nearest(folded, tables[kind].n_fields, first_name_at, &context);
    return error_set(reterr, STATUS_NOT_FOUND,
                     "unknown column '%.60s' of interactions%s%s%s; name the columns and call it "
                     "'-' to skip it",
                     name, nearest ? ", did you mean '" : "", nearest ? nearest : "",
                     nearest ? "'?" : "");
}

static enum status make_attribute(struct table *table, struct column *column, const char *name,
                                  struct error *reterr)
{
    const char *colon = strrchr(name, ':');
    size_t length = strlen(name);
    for (size_t i = 0; colon && i < sizeof attribute_suffixes / sizeof *attribute_suffixes; i++)
        if (strcmp(attribute_suffixes[i], colon) == 0) {
            column->type = (enum attribute_type)i;
            length = (size_t)(colon - name);
        }
    column->attribute = arena_strndup(&table->arena, name, length);
    return column->attribute ? STATUS_OK : error_set(reterr, STATUS_NO_MEMORY, "out of memory");
}

static bool is_repeated(const struct table *table, size_t i)
{
    const struct column *all = table->columns;
    for (size_t j = 0; j < i; j++) {
        if (all[i].field && all[i].field == all[j].field)
            return true;
        if (all[i].attribute && all[j].attribute && strcmp(all[i].attribute, all[j].attribute) == 0)
            return true;
    }
    return false;
}

static bool has_column(const struct table *table, size_t offset)
{
    for (size_t i = 0; i < table->n_columns; i++)
        if (table->columns[i].field && table->columns[i].field->offset == offset)
            return true;
    return false;
}

static enum status check_columns(const struct table *table, const struct reader_settings *settings,
                                 struct error *reterr)
{
    if (table->kind != TABLE_INTERACTIONS)
        return has_column(table, table->kind == TABLE_USERS ? USER(id) : ITEM(id))
                   ? STATUS_OK
                   : error_set(reterr, STATUS_OUT_OF_RANGE, "there is no column 'id'");
    if (!has_column(table, EVENT(item)))
        return error_set(reterr, STATUS_OUT_OF_RANGE, "there is no column 'item'");
    if (!has_column(table, EVENT(user)) && !has_column(table, EVENT(session)))
        return error_set(reterr, STATUS_OUT_OF_RANGE, "there is no column 'user' or 'session'");
    if (!has_column(table, EVENT(type)) && !has_column(table, EVENT(rating)) && !settings->type)
        return error_set(reterr, STATUS_OUT_OF_RANGE,
                         "there is no column 'type' or 'rating'; say which type the events are");
    return STATUS_OK;
}

static enum status take_columns(struct table *table, const struct reader_settings *settings,
                                const char *const *names, size_t n, struct error *reterr)
{
    enum status status = find_kind(settings, names, n, &table->kind, reterr);
    table->n_columns = n;
    for (size_t i = 0; i < n && status == STATUS_OK; i++) {
        struct column *column = &table->columns[i];
        if (strcmp(names[i], "-") == 0)
            continue;
        column->field = find_field(table->kind, names[i]);
        if (!column->field && *names[i] == '\0')
            continue; /* pandas writes its index under an empty name */
        if (!column->field && table->kind == TABLE_INTERACTIONS)
            status = refuse_column(table->kind, names[i], reterr);
        else if (!column->field)
            status = make_attribute(table, column, names[i], reterr);
        if (status == STATUS_OK && is_repeated(table, i))
            status = error_set(reterr, STATUS_OUT_OF_RANGE, "the column '%.60s' is there twice",
                               names[i]);
    }
    return status == STATUS_OK ? check_columns(table, settings, reterr) : status;
}

/* ---- one record ---- */

static enum status read_vector(const char *text, struct arena *arena, struct item_record *item,
                               struct error *reterr)
{
    size_t most = 1;
    for (const char *at = text; *at; at++)
        most += *at == '|' || *at == ' ';
    if (most > VECTOR_DIMENSIONS_MAX)
        return error_set(reterr, STATUS_TOO_LARGE, "the vector has more than %d numbers",
                         VECTOR_DIMENSIONS_MAX);
    float *numbers = arena_zalloc(arena, most, sizeof *numbers);
    if (!numbers)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory");
    uint32_t n = 0;
    for (const char *at = text; *at;) {
        const size_t length = strcspn(at, "| ");
        char number[64];
        double value;
        snprintf(number, sizeof number, "%.*s", (int)(length < 63 ? length : 63), at);
        at += length + (at[length] != '\0');
        if (length == 0)
            continue;
        const enum status status = cell_number("vector", number, &value, reterr);
        if (status != STATUS_OK)
            return status;
        numbers[n++] = (float)value;
    }
    item->vector = numbers;
    item->n_vector = n;
    return STATUS_OK;
}

static enum status read_position(const char *text, int32_t *field, struct error *reterr)
{
    int64_t value;
    if (text_to_int64(text, &value) != STATUS_OK || value < 0 || value > POSITION_MAX)
        return error_set(reterr, STATUS_OUT_OF_RANGE,
                         "position is '%.40s'; it must be a whole number from 0 to %d", text,
                         POSITION_MAX);
    *field = (int32_t)value;
    return STATUS_OK;
}

static enum status read_cell(const struct csv_field *field, const char *text, struct arena *arena,
                             void *record, struct error *reterr)
{
    void *at = (char *)record + field->offset;
    struct item_record *item = record;
    switch (field->kind) {
    case CELL_TEXT:
        *(const char **)at = text;
        return STATUS_OK;
    case CELL_NUMBER:
        return cell_number(field->names[0], text, at, reterr);
    case CELL_TIME:
        return cell_time(text, at, reterr);
    case CELL_BOOL:
        return cell_bool(field->names[0], text, at, reterr);
    case CELL_POSITION:
        return read_position(text, at, reterr);
    case CELL_CATEGORIES:
        return cell_list(text, '|', CATEGORIES_MAX, arena, &item->categories, &item->n_categories,
                         reterr);
    case CELL_VECTOR:
        return read_vector(text, arena, item, reterr);
    }
    return STATUS_OK;
}

static enum status read_attribute(const struct column *column, const char *text,
                                  struct arena *arena, struct buffer *object, struct error *reterr)
{
    double number;
    bool value;
    const char *const *parts;
    uint32_t n;
    enum status status = STATUS_OK;
    switch (column->type) {
    case ATTRIBUTE_TEXT:
        attributes_add_text(object, column->attribute, text);
        break;
    case ATTRIBUTE_NUMBER:
        status = cell_number(column->attribute, text, &number, reterr);
        if (status == STATUS_OK)
            attributes_add_number(object, column->attribute, number);
        break;
    case ATTRIBUTE_BOOL:
        status = cell_bool(column->attribute, text, &value, reterr);
        if (status == STATUS_OK)
            attributes_add_bool(object, column->attribute, value);
        break;
    case ATTRIBUTE_LIST:
        status = cell_list(text, '|', ATTRIBUTE_LIST_MAX, arena, &parts, &n, reterr);
        if (status == STATUS_OK)
            attributes_add_list(object, column->attribute, parts, n);
        break;
    }
    return status;
}

static enum status read_cells(const struct table *table, const struct csv *csv, struct arena *arena,
                              void *record, const char **attributes, struct error *reterr)
{
    if (csv->n_cells != table->n_columns)
        return error_set(reterr, STATUS_MALFORMED, "the line has %zu cells; there are %zu columns",
                         csv->n_cells, table->n_columns);
    struct buffer object = {0};
    enum status status = STATUS_OK;
    for (size_t i = 0; i < csv->n_cells && status == STATUS_OK; i++) {
        const struct column *column = &table->columns[i];
        const char *text = csv_cell(csv, i);
        if (*text == '\0')
            continue;
        if (column->field)
            status = read_cell(column->field, text, arena, record, reterr);
        else if (column->attribute)
            status = read_attribute(column, text, arena, &object, reterr);
    }
    if (status == STATUS_OK && attributes) {
        *attributes = attributes_close(&object, arena);
        if (!*attributes)
            status = error_set(reterr, STATUS_NO_MEMORY, "out of memory");
    }
    buffer_free(&object);
    return status;
}

static enum status send_event(struct feed *feed, struct event_record *event)
{
    if (!event->type)
        event->type = isnan(event->rating) ? feed->settings->type : "rating";
    event->time_is_unknown = event->time_ms == TIME_UNKNOWN;
    return feed_event(feed, event);
}

static enum status send_record(struct feed *feed, const struct table *table, const struct csv *csv,
                               struct error *reterr)
{
    struct user_record user = user_record_empty();
    struct item_record item = item_record_empty();
    struct event_record event = event_record_empty();
    struct error why = {0};
    enum status status;
    if (table->kind == TABLE_USERS)
        status = read_cells(table, csv, &feed->arena, &user, &user.attributes, &why);
    else if (table->kind == TABLE_ITEMS)
        status = read_cells(table, csv, &feed->arena, &item, &item.attributes, &why);
    else
        status = read_cells(table, csv, &feed->arena, &event, NULL, &why);
    if (status == STATUS_NO_MEMORY) {
        if (reterr)
            *reterr = why;
        return status;
    }
    if (status != STATUS_OK)
        return feed_broken(feed, &why);
    if (table->kind == TABLE_USERS)
        return feed_user(feed, &user);
    return table->kind == TABLE_ITEMS ? feed_item(feed, &item) : send_event(feed, &event);
}

/* ---- the file ---- */

static enum status split_columns(const char *text, struct arena *arena, const char ***ret_names,
                                 size_t *ret_n, struct error *reterr)
{
    const char **names = arena_zalloc(arena, READER_COLUMNS_MAX, sizeof *names);
    if (!names)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory");
    size_t n = 0;
    for (const char *at = text;; at++) {
        const size_t length = strcspn(at, ",");
        if (n == READER_COLUMNS_MAX)
            return error_set(reterr, STATUS_TOO_LARGE, "more than %d columns are named",
                             READER_COLUMNS_MAX);
        names[n] = arena_strndup(arena, at, length);
        if (!names[n++])
            return error_set(reterr, STATUS_NO_MEMORY, "out of memory");
        at += length;
        if (*at == '\0')
            break;
    }
    *ret_names = names;
    *ret_n = n;
    return STATUS_OK;
}

/* True when the record names exactly these columns: a header above given columns. */
static bool is_header(const struct table *table, const struct csv *csv)
{
    bool any = false;
    for (size_t i = 0; i < table->n_columns && csv->n_cells == table->n_columns; i++) {
        if (!table->columns[i].field)
            continue;
        if (find_field(table->kind, csv_cell(csv, i)) != table->columns[i].field)
            return false;
        any = true;
    }
    return any && csv->n_cells == table->n_columns;
}

/* The first record: names the columns, or is data (*ret_is_data) below given columns. */
static enum status take_first(const struct reader_settings *settings, struct table *table,
                              const struct csv *csv, bool *ret_is_data, struct error *reterr)
{
    *ret_is_data = false;
    if (settings->columns) {
        *ret_is_data = !is_header(table, csv);
        return STATUS_OK;
    }
    const char *names[READER_COLUMNS_MAX];
    for (size_t i = 0; i < csv->n_cells; i++)
        names[i] = csv_cell(csv, i);
    return take_columns(table, settings, names, csv->n_cells, reterr);
}

static enum status read_records(struct feed *feed, struct csv *csv, struct table *table,
                                struct error *reterr)
{
    bool first = true, end = false;
    for (;;) {
        struct error why = {0};
        enum status status = csv_next(csv, &end, &why);
        if (end)
            return STATUS_OK;
        const enum status begun = feed_begin(feed, csv->line, reterr);
        if (begun != STATUS_OK)
            return begun;
        if (source_status(feed->source, NULL) != STATUS_OK)
            return STATUS_OK; /* feed_close tells: half a record is no record */
        bool is_data = true;
        if (status == STATUS_OK && first) {
            status = take_first(feed->settings, table, csv, &is_data, reterr);
            if (status != STATUS_OK) {
                error_prefix(reterr, "%s: ", feed->place.file);
                return status;
            }
        } else if (status != STATUS_OK && first && !feed->settings->columns) {
            return error_set(reterr, status, "%s: the first line must name the columns, but %s",
                             feed->place.file, why.text);
        }
        first = false;
        if (status != STATUS_OK)
            status = feed_broken(feed, &why);
        else if (is_data)
            status = send_record(feed, table, csv, reterr);
        if (status != STATUS_OK)
            return status;
    }
}

static char choose_delimiter(const char *path, const struct reader_settings *settings)
{
    if (settings->delimiter)
        return settings->delimiter;
    const char *end = strstr(path, ".tsv");
    return end && (strcmp(end, ".tsv") == 0 || strcmp(end, ".tsv.gz") == 0) ? '\t' : ',';
}

static enum status read_table(struct feed *feed, struct csv *csv, struct table *table,
                              struct error *reterr)
{
    if (feed->settings->columns) {
        const char **names = NULL;
        size_t n = 0;
        enum status status =
            split_columns(feed->settings->columns, &table->arena, &names, &n, reterr);
        if (status == STATUS_OK)
            status = take_columns(table, feed->settings, names, n, reterr);
        if (status != STATUS_OK)
            return status;
    }
    return read_records(feed, csv, table, reterr);
}

static enum status read_csv(const char *path, const struct reader_settings *settings,
                            const struct reader_sink *sink, const struct observer *observer,
                            struct error *reterr)
{
    struct feed feed;
    struct csv csv = {0};
    enum status status = feed_open(&feed, path, settings, sink, observer, reterr);
    if (status != STATUS_OK)
        return status;
    struct table *table = calloc(1, sizeof *table);
    status =
        table ? csv_open(&csv, feed.source, choose_delimiter(path, settings)) : STATUS_NO_MEMORY;
    if (status == STATUS_OK)
        status = read_table(&feed, &csv, table, reterr);
    else
        error_set(reterr, status, "out of memory");
    csv_close(&csv);
    if (table)
        arena_free(&table->arena);
    free(table);
    return feed_close(&feed, status, reterr);
}

extern const struct reader_class csv_reader;
const struct reader_class csv_reader = {
    .name = "csv",
    .summary = "users, items or interactions with a header line or named columns",
    .read = read_csv,
};
