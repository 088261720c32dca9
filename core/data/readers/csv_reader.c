/* CSV files of users, items or interactions, by the columns of csv_table.h. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "data/readers/cells.h"
#include "data/readers/csv.h"
#include "data/readers/csv_table.h"
#include "data/readers/feed.h"

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
    case CELL_WORD:
        if (strpbrk(text, "\r\n"))
            return error_set(reterr, STATUS_MALFORMED, "%s holds a line end", field->names[0]);
        *(const char **)at = text;
        return STATUS_OK;
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
        return error_set(reterr, STATUS_MALFORMED, "the line has %zu cell%s; there %s %zu column%s",
                         csv->n_cells, csv->n_cells == 1 ? "" : "s",
                         table->n_columns == 1 ? "is" : "are", table->n_columns,
                         table->n_columns == 1 ? "" : "s");
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

static enum status send_record(struct feed *feed, const struct table *table, struct csv *csv,
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
    if (status != STATUS_OK) {
        csv_refuse(csv, &why);
        return feed_broken(feed, &why);
    }
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
        if (csv_field_find(table->kind, csv_cell(csv, i)) != table->columns[i].field)
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
    return table_take_columns(table, settings, names, csv->n_cells, reterr);
}

static enum status read_records(struct feed *feed, struct csv *csv, struct table *table,
                                struct error *reterr)
{
    bool first = true, end = false;
    for (;;) {
        struct error why = {0};
        csv->expected = table->n_columns;
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
            status = table_take_columns(table, feed->settings, names, n, reterr);
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
