#include <string.h>

#include "base/json.h"
#include "data/store_internal.h"

/* Codes in attribute_types: never change them. */
enum attribute_type {
    ATTRIBUTE_NULL, /* says nothing about the type */
    ATTRIBUTE_TEXT,
    ATTRIBUTE_NUMBER,
    ATTRIBUTE_BOOLEAN,
    ATTRIBUTE_LIST
};

static const char *const type_names[] = {"null", "string", "number", "boolean", "list"};

static enum attribute_type type_of(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_STRING:
        return ATTRIBUTE_TEXT;
    case JSON_INTEGER:
    case JSON_REAL:
        return ATTRIBUTE_NUMBER;
    case JSON_TRUE:
    case JSON_FALSE:
        return ATTRIBUTE_BOOLEAN;
    case JSON_ARRAY:
        return ATTRIBUTE_LIST;
    default:
        return ATTRIBUTE_NULL;
    }
}

static enum status claim(struct store *store, enum attribute_owner owner, const char *name,
                         enum attribute_type type, struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, SQL_GET_ATTRIBUTE_TYPE);
    sql_bind_int(s, ":owner", owner);
    sql_bind_text(s, ":name", name);
    uint32_t present;
    const enum status status = sql_find(store, s, &present, reterr);
    if (status != STATUS_OK || present == type)
        return status;
    if (present != NUMBER_NONE) {
        char pointer[ERROR_POINTER_MAX] = "/attributes";
        json_pointer_push(pointer, name);
        return error_set_at(reterr, STATUS_CONFLICT, pointer,
                            "the attribute %.100s is a %s since its first use, not a %s", name,
                            type_names[present <= ATTRIBUTE_LIST ? present : 0], type_names[type]);
    }
    s = sql_get(store, SQL_ADD_ATTRIBUTE_TYPE);
    sql_bind_int(s, ":owner", owner);
    sql_bind_text(s, ":name", name);
    sql_bind_int(s, ":type", type);
    return sql_run(store, s, reterr);
}

enum status attributes_claim(struct store *store, enum attribute_owner owner,
                             const char *attributes, struct error *reterr)
{
    if (!attributes || (attributes[0] == '{' && attributes[1] == '}'))
        return STATUS_OK;
    json_t *object;
    enum status status = json_parse(attributes, strlen(attributes), &object, reterr);
    if (status != STATUS_OK)
        return status;
    if (!json_is_object(object)) {
        json_decref(object);
        return error_set_at(reterr, STATUS_MALFORMED, "/attributes", "must be a JSON object");
    }
    const char *name;
    json_t *value;
    json_object_foreach (object, name, value) {
        const enum attribute_type type = type_of(value);
        if (status == STATUS_OK && type != ATTRIBUTE_NULL)
            status = claim(store, owner, name, type, reterr);
    }
    json_decref(object);
    return status;
}
