#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/store_internal.h"

/* A type that the store knows and the configuration does not: it teaches nothing, hides nothing. */
static void type_without_meaning(struct event_type *type, const char *name)
{
    *type = (struct event_type){
        .hides_ms = HIDES_NEVER, .retention_ms = RETAIN_FOREVER, .retired = true};
    snprintf(type->name, sizeof type->name, "%s", name);
}

static enum status read_types(struct store *store, struct event_types *bound, struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, SQL_LIST_TYPES);
    bool row;
    enum status status;
    while ((status = sql_step_text(store, s, &row, reterr)) == STATUS_OK && row) {
        const int code = sqlite3_column_int(s, 0);
        const char *name = sql_text(s, 1);
        if (name && code > 0 && code < EVENT_TYPES_MAX)
            type_without_meaning(&bound->of[code], name);
    }
    return status;
}

/* The code of a name, or the next free one; 0: all 255 are taken. */
static int code_for(const struct event_types *bound, const char *name)
{
    int code = 1;
    while (code < EVENT_TYPES_MAX && bound->of[code].name[0] &&
           strcmp(bound->of[code].name, name) != 0)
        code++;
    return code < EVENT_TYPES_MAX ? code : 0;
}

static enum status bind_type(struct store *store, struct event_types *bound,
                             const struct event_type *type, struct error *reterr)
{
    const int code = code_for(bound, type->name);
    if (code == 0)
        return error_set(reterr, STATUS_TOO_LARGE,
                         "no code is left for the type %s: a store knows 255 at most", type->name);
    const bool known = bound->of[code].name[0] != '\0';
    bound->of[code] = *type;
    if (known || store->mode == STORE_READ)
        return STATUS_OK;
    sqlite3_stmt *s = sql_get(store, SQL_ADD_TYPE);
    sql_bind_int(s, ":code", code);
    sql_bind_text(s, ":name", bound->of[code].name);
    return sql_run(store, s, reterr);
}

enum status store_bind_types(struct store *store, struct event_types *types, struct error *reterr)
{
    struct event_types *bound = malloc(sizeof *bound);
    if (!bound)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory");
    *bound = *types;
    memset(bound->of, 0, sizeof bound->of);
    enum status status = read_types(store, bound, reterr);
    for (int i = 1; status == STATUS_OK && i < EVENT_TYPES_MAX && types->of[i].name[0]; i++)
        status = bind_type(store, bound, &types->of[i], reterr);
    if (status == STATUS_OK)
        *types = *bound;
    free(bound);
    return status;
}
