#include "data/readers/csv_table.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define USER(member)  offsetof(struct user_record, member)
#define ITEM(member)  offsetof(struct item_record, member)
#define EVENT(member) offsetof(struct event_record, member)

static const struct csv_field user_fields[] = {
    {{"id", "user", "userid", "customerid", "visitorid"}, CELL_WORD, USER(id)},
};

static const struct csv_field item_fields[] = {
    {{"id", "item", "itemid", "movieid", "productid", "sku"}, CELL_WORD, ITEM(id)},
    {{"title", "name"}, CELL_TEXT, ITEM(title)},
    {{"categories", "category", "genres"}, CELL_CATEGORIES, ITEM(categories)},
    {{"hidden"}, CELL_BOOL, ITEM(hidden)},
    {{"available"}, CELL_BOOL, ITEM(available)},
    {{"price"}, CELL_NUMBER, ITEM(price)},
    {{"currency"}, CELL_WORD, ITEM(currency)},
    {{"groupid", "group"}, CELL_WORD, ITEM(group_id)},
    {{"publishedat"}, CELL_TIME, ITEM(published_ms)},
    {{"expiresat"}, CELL_TIME, ITEM(expires_ms)},
    {{"vector", "embedding"}, CELL_VECTOR, ITEM(vector)},
};

static const struct csv_field event_fields[] = {
    {{"user", "userid", "customerid", "visitorid"}, CELL_WORD, EVENT(user)},
    {{"item", "itemid", "movieid", "productid", "sku"}, CELL_WORD, EVENT(item)},
    {{"session", "sessionid"}, CELL_WORD, EVENT(session)},
    {{"type", "event", "eventtype"}, CELL_WORD, EVENT(type)},
    {{"rating", "stars"}, CELL_NUMBER, EVENT(rating)},
    {{"timestamp", "time", "ts", "createdat"}, CELL_TIME, EVENT(time_ms)},
    {{"quantity"}, CELL_NUMBER, EVENT(quantity)},
    {{"price"}, CELL_NUMBER, EVENT(price)},
    {{"currency"}, CELL_WORD, EVENT(currency)},
    {{"progress"}, CELL_NUMBER, EVENT(progress)},
    {{"orderid"}, CELL_WORD, EVENT(order_id)},
    {{"eventid"}, CELL_WORD, EVENT(event_id)},
    {{"recommendationid"}, CELL_WORD, EVENT(recommendation_id)},
    {{"position"}, CELL_POSITION, EVENT(position)},
};

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

static const char *const attribute_suffixes[] = {[ATTRIBUTE_TEXT] = ":text",
                                                 [ATTRIBUTE_NUMBER] = ":number",
                                                 [ATTRIBUTE_BOOL] = ":bool",
                                                 [ATTRIBUTE_LIST] = ":list"};

enum { COLUMN_NAME_MAX = 256 };

static void fold_name(const char *name, char out[COLUMN_NAME_MAX])
{
    size_t n = 0;
    for (; *name && n + 1 < COLUMN_NAME_MAX; name++)
        if (*name != '_' && *name != '-' && *name != ' ')
            out[n++] = (char)tolower((unsigned char)*name);
    out[n] = '\0';
}

const struct csv_field *csv_field_find(enum table_kind kind, const char *name)
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
        const struct csv_field *field = csv_field_find(kind, names[i]);
        if (field && field->offset == offset)
            return true;
    }
    return false;
}

/* A column of items that neither users nor interactions have. */
static bool is_of_items_only(const char *name)
{
    return csv_field_find(TABLE_ITEMS, name) && !csv_field_find(TABLE_USERS, name) &&
           !csv_field_find(TABLE_INTERACTIONS, name);
}

static enum table_kind guess_kind(const char *const *names, size_t n)
{
    bool items = false, interactions = false;
    for (size_t i = 0; i < n; i++) {
        items = items || is_of_items_only(names[i]);
        interactions = interactions || csv_field_find(TABLE_INTERACTIONS, names[i]);
    }
    if (items && names_have(names, n, TABLE_ITEMS, ITEM(id)) &&
        !names_have(names, n, TABLE_INTERACTIONS, EVENT(user)) &&
        !names_have(names, n, TABLE_INTERACTIONS, EVENT(session)))
        return TABLE_ITEMS;
    return interactions && !items ? TABLE_INTERACTIONS : TABLE_UNKNOWN;
}

static const char *first_name_at(const void *context, size_t i)
{
    const enum table_kind *kind = context;
    return tables[*kind].fields[i].names[0];
}

static const char *nearest_name(enum table_kind kind, const char *name)
{
    char folded[COLUMN_NAME_MAX];
    fold_name(name, folded);
    return text_nearest(folded, tables[kind].n_fields, first_name_at, &kind);
}

/* "user, itm, type" */
static void list_names(const char *const *names, size_t n, char out[COLUMN_NAME_MAX])
{
    size_t used = 0;
    for (size_t i = 0; i < n && used + 1 < COLUMN_NAME_MAX; i++)
        used +=
            (size_t)snprintf(out + used, COLUMN_NAME_MAX - used, "%s%s", i ? ", " : "", names[i]);
    utf8_trim_partial(out);
}

/* Names the first misspelt column, as far as one can be recognised. */
static enum status refuse_guess(const char *const *names, size_t n, struct error *reterr)
{
    char found[COLUMN_NAME_MAX] = "";
    list_names(names, n, found);
    for (size_t i = 0; i < n; i++)
        for (int kind = TABLE_INTERACTIONS; kind >= TABLE_ITEMS; kind--) {
            if (csv_field_find((enum table_kind)kind, names[i]))
                break;
            const char *nearest = nearest_name((enum table_kind)kind, names[i]);
            if (nearest)
                return error_set(reterr, STATUS_OUT_OF_RANGE,
                                 "the columns %.200s do not tell whether these are users, items or "
                                 "interactions; did you mean '%s' by '%.60s'?",
                                 found, nearest, names[i]);
        }
    return error_set(reterr, STATUS_OUT_OF_RANGE,
                     "the columns %.200s do not tell whether these are users, items or "
                     "interactions; say the kind, or name the columns",
                     found);
}

static enum status find_kind(const struct reader_settings *settings, const char *const *names,
                             size_t n, enum table_kind *ret_kind, struct error *reterr)
{
    if (!settings->kind) {
        *ret_kind = guess_kind(names, n);
        return *ret_kind != TABLE_UNKNOWN ? STATUS_OK : refuse_guess(names, n, reterr);
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

static enum status refuse_column(const struct reader_settings *settings, enum table_kind kind,
                                 const char *name, struct error *reterr)
{
    const char *nearest = nearest_name(kind, name);
    return error_set(reterr, STATUS_NOT_FOUND,
                     "unknown column '%.60s' of interactions%s%s%s; name the columns and call it "
                     "'-' to skip it%s",
                     name, nearest ? ", did you mean '" : "", nearest ? nearest : "",
                     nearest ? "'?" : "",
                     settings->kind ? "" : ", or say the kind if these are users or items");
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

static enum status refuse_missing(const char *missing, const char *const *names, size_t n,
                                  const char *remedy, struct error *reterr)
{
    char found[COLUMN_NAME_MAX] = "";
    list_names(names, n, found);
    return error_set(reterr, STATUS_OUT_OF_RANGE, "there is no column %s among %.200s%s", missing,
                     found, remedy);
}

static enum status check_columns(const struct table *table, const struct reader_settings *settings,
                                 const char *const *names, size_t n, struct error *reterr)
{
    const char *or_kind = settings->kind ? "" : "; say the kind if these are users or items";
    if (table->kind != TABLE_INTERACTIONS)
        return has_column(table, table->kind == TABLE_USERS ? USER(id) : ITEM(id))
                   ? STATUS_OK
                   : refuse_missing("'id'", names, n, "", reterr);
    if (!has_column(table, EVENT(item)))
        return refuse_missing("'item'", names, n, or_kind, reterr);
    if (!has_column(table, EVENT(user)) && !has_column(table, EVENT(session)))
        return refuse_missing("'user' or 'session'", names, n, or_kind, reterr);
    if (!has_column(table, EVENT(type)) && !has_column(table, EVENT(rating)) && !settings->type)
        return refuse_missing("'type' or 'rating'", names, n, "; say which type the events are",
                              reterr);
    return STATUS_OK;
}

enum status table_take_columns(struct table *table, const struct reader_settings *settings,
                               const char *const *names, size_t n, struct error *reterr)
{
    enum status status = find_kind(settings, names, n, &table->kind, reterr);
    table->n_columns = n;
    for (size_t i = 0; i < n && status == STATUS_OK; i++) {
        struct column *column = &table->columns[i];
        if (strcmp(names[i], "-") == 0)
            continue;
        column->field = csv_field_find(table->kind, names[i]);
        if (!column->field && *names[i] == '\0')
            continue; /* pandas writes its index under an empty name */
        if (!column->field && table->kind == TABLE_INTERACTIONS)
            status = refuse_column(settings, table->kind, names[i], reterr);
        else if (!column->field)
            status = make_attribute(table, column, names[i], reterr);
        if (status == STATUS_OK && is_repeated(table, i))
            status = error_set(reterr, STATUS_OUT_OF_RANGE, "the column '%.60s' is there twice",
                               names[i]);
    }
    return status == STATUS_OK ? check_columns(table, settings, names, n, reterr) : status;
}
