/* The contract, made from the same rows that requests are matched and checked with. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/embedded.h"
#include "base/json.h"
#include "server/httpd.h"

extern const struct embedded_file server_files[]; /* schemas.json, by scripts/embed */

struct contract {
    json_t *schemas; /* borrowed from the document */
    bool is_unknown; /* a row names a schema that is not there */
};

/* What any route may answer, beside its own row. */
struct common {
    unsigned status;
    bool with_key, with_value, with_body; /* only where a key, a value in the path, a body is */
    bool from_library; /* libmicrohttpd's own, before a route is known: HTML without a type */
    const char *help;
};

static const struct common commons[] = {
    {400, false, false, false, false, "Not well formed: the target, the framing or the body."},
    {401, true, false, false, false, "No access key, or not one that is in force."},
    {403, true, false, false, false, "The key's scopes do not allow this."},
    {404, false, true, false, false, "There is none of that id."},
    {408, false, false, false, false, "The request did not come in time."},
    {413, false, false, false, false, "The body is too large, or none is taken."},
    {414, false, false, false, true, "The request line is too long."},
    {415, false, false, true, false, "The body has another media type."},
    {422, false, false, false, false, "A value is not allowed, or a parameter is unknown."},
    {429, true, false, false, false, "Too many requests; come again after Retry-After."},
    {431, false, false, false, true, "The headers are too long."},
    {503, false, false, false, false,
     "Not ready, or too much at once; come again after Retry-After."},
};
enum { COMMONS = sizeof commons / sizeof commons[0] };

static json_t *make_ref(const char *kind, const char *name)
{
    return json_pack("{s:o}", "$ref", json_sprintf("#/components/%s/%s", kind, name));
}

/* "object" is any; a name with a slash is a media type whose content is text. */
static json_t *make_schema(struct contract *contract, const char *name)
{
    if (strcmp(name, "object") == 0)
        return json_pack("{s:s}", "type", "object");
    if (strchr(name, '/'))
        return json_pack("{s:s}", "type", "string");
    contract->is_unknown |= !json_object_get(contract->schemas, name);
    return make_ref("schemas", name);
}

static const char *media_type(const char *schema)
{
    if (strchr(schema, '/'))
        return schema;
    return strcmp(schema, "Problem") == 0 ? "application/problem+json" : "application/json";
}

/* ---- parameters ---- */

static json_t *make_value_schema(const struct parameter *parameter)
{
    json_t *choices;
    switch (parameter->type) {
    case PARAMETER_ID:
        return make_ref("schemas", "Id");
    case PARAMETER_INT:
        return json_pack("{s:s, s:I, s:I}", "type", "integer", "minimum",
                         (json_int_t)parameter->min, "maximum", (json_int_t)parameter->max);
    case PARAMETER_BOOL:
        return json_pack("{s:s}", "type", "boolean");
    case PARAMETER_CHOICE:
        choices = json_array();
        for (size_t i = 0; parameter->choices[i]; i++)
            json_array_append_new(choices, json_string(parameter->choices[i]));
        return json_pack("{s:s, s:o}", "type", "string", "enum", choices);
    case PARAMETER_TEXT:
        break;
    }
    json_t *schema =
        json_pack("{s:s, s:I}", "type", "string", "minLength", (json_int_t)parameter->min);
    if (parameter->max > 0)
        json_object_set_new(schema, "maxLength", json_integer((json_int_t)parameter->max));
    return schema;
}

static json_t *make_default(const struct parameter *parameter)
{
    if (parameter->type == PARAMETER_INT)
        return json_integer(strtoll(parameter->initial, NULL, 10));
    if (parameter->type == PARAMETER_BOOL)
        return json_boolean(strcmp(parameter->initial, "true") == 0);
    return json_string(parameter->initial);
}

static json_t *make_query_parameter(const struct parameter *parameter)
{
    json_t *schema = make_value_schema(parameter);
    if (parameter->repeats)
        schema = json_pack("{s:s, s:o, s:I}", "type", "array", "items", schema, "maxItems",
                           (json_int_t)(parameter->many ? parameter->many : 1));
    else if (parameter->initial)
        json_object_set_new(schema, "default", make_default(parameter));
    json_t *result = json_pack("{s:s, s:s, s:b, s:o}", "name", parameter->name, "in", "query",
                               "required", 0, "schema", schema);
    if (parameter->help)
        json_object_set_new(result, "description", json_string(parameter->help));
    return result;
}

static json_t *make_path_parameter(const char *name, size_t length)
{
    return json_pack("{s:s%, s:s, s:b, s:o}", "name", name, length, "in", "path", "required", 1,
                     "schema", make_ref("schemas", "Id"));
}

static json_t *make_parameters(const struct route *route)
{
    json_t *all = json_array();
    for (const char *open = strchr(route->path, '{'); open; open = strchr(open + 1, '{'))
        json_array_append_new(all, make_path_parameter(open + 1, strcspn(open + 1, "}")));
    for (const struct parameter *p = route->parameters; p && p->name; p++)
        json_array_append_new(all, make_query_parameter(p));
    return all;
}

/* ---- bodies and answers ---- */

static json_t *make_body(struct contract *contract, const struct route *route)
{
    json_t *content = json_object();
    const char *schema = route->request_schema ? route->request_schema : "object";
    json_object_set_new(content, "application/json",
                        json_pack("{s:o}", "schema", make_schema(contract, schema)));
    if (route->body == BODY_PATCH)
        json_object_set_new(content, "application/merge-patch+json",
                            json_pack("{s:o}", "schema", make_schema(contract, schema)));
    if (route->body == BODY_RECORDS)
        json_object_set_new(content, "application/x-ndjson",
                            json_pack("{s:{s:s, s:s}}", "schema", "type", "string", "description",
                                      "One JSON object a line."));
    return json_pack("{s:b, s:o}", "required", 1, "content", content);
}

static json_t *make_response(struct contract *contract, const struct response *response)
{
    json_t *result = json_pack("{s:s}", "description", response->help ? response->help : "");
    if (response->schema)
        json_object_set_new(result, "content",
                            json_pack("{s:{s:o}}", media_type(response->schema), "schema",
                                      make_schema(contract, response->schema)));
    return result;
}

static bool applies(const struct common *common, const struct route *route)
{
    return (!common->with_key || route->scope != 0) &&
           (!common->with_value || strchr(route->path, '{')) &&
           (!common->with_body || route->body != BODY_NONE);
}

static json_t *make_responses(struct contract *contract, const struct route *route)
{
    json_t *all = json_object();
    char name[16];
    for (const struct response *r = route->responses; r && r->status; r++) {
        snprintf(name, sizeof name, "%u", r->status);
        json_object_set_new(all, name, make_response(contract, r));
    }
    for (size_t i = 0; i < COMMONS; i++) {
        snprintf(name, sizeof name, "%u", commons[i].status);
        if (applies(&commons[i], route) && !json_object_get(all, name))
            json_object_set_new(all, name, make_ref("responses", name));
    }
    return all;
}

/* ---- operations ---- */

static const char *scope_name(unsigned scope)
{
    if (scope & SCOPE_ADMIN)
        return "admin";
    if (scope & SCOPE_WRITE)
        return "write";
    return scope & SCOPE_EVENTS ? "events" : "read";
}

static json_t *make_operation(struct contract *contract, const struct route *route)
{
    json_t *operation = json_pack("{s:s, s:s, s:o}", "operationId", route->operation, "summary",
                                  route->summary ? route->summary : route->operation, "parameters",
                                  make_parameters(route));
    if (route->scope) {
        json_object_set_new(operation, "description",
                            json_sprintf("Needs a key of scope %s, where keys are needed.",
                                         scope_name(route->scope)));
        json_object_set_new(operation, "security", json_pack("[{s:[]}, {}]", "key"));
    }
    if (route->body != BODY_NONE)
        json_object_set_new(operation, "requestBody", make_body(contract, route));
    json_object_set_new(operation, "responses", make_responses(contract, route));
    return operation;
}

static json_t *make_paths(struct contract *contract, const struct route *table)
{
    static const char *const names[METHOD_COUNT] = {"get", "put", "patch", "post", "delete"};
    json_t *paths = json_object();
    for (const struct route *route = table; route->path; route++) {
        json_t *path = json_object_get(paths, route->path);
        if (!path) {
            json_object_set_new(paths, route->path, json_object());
            path = json_object_get(paths, route->path);
        }
        json_object_set_new(path, names[route->method], make_operation(contract, route));
    }
    return paths;
}

static json_t *make_common_responses(void)
{
    json_t *all = json_object();
    for (size_t i = 0; i < COMMONS; i++) {
        char name[16];
        snprintf(name, sizeof name, "%u", commons[i].status);
        json_t *response = json_pack("{s:s}", "description", commons[i].help);
        if (!commons[i].from_library)
            json_object_set_new(response, "content",
                                json_pack("{s:{s:o}}", "application/problem+json", "schema",
                                          make_ref("schemas", "Problem")));
        json_object_set_new(all, name, response);
    }
    return all;
}

static json_t *make_document(struct contract *contract, const struct route *table)
{
    json_t *schemas = NULL;
    if (json_parse(server_files[0].bytes, server_files[0].size, &schemas, NULL) != STATUS_OK)
        return NULL;
    contract->schemas = schemas;
    return json_pack("{s:s, s:{s:s, s:s, s:s}, s:o, s:{s:o, s:o, s:{s:{s:s, s:s}}}}", "openapi",
                     "3.1.0", "info", "title", "Tastevin", "version", "1", "description",
                     "Recommendations from what users do.", "paths", make_paths(contract, table),
                     "components", "schemas", schemas, "responses", make_common_responses(),
                     "securitySchemes", "key", "type", "http", "scheme", "bearer");
}

enum status openapi_write(const struct route *table, struct buffer *out)
{
    struct contract contract = {0};
    json_t *document = make_document(&contract, table);
    if (!document)
        return STATUS_NO_MEMORY;
    const enum status status =
        contract.is_unknown ? STATUS_NOT_FOUND : json_print(document, JSON_COMPACT, out);
    json_decref(document);
    return status;
}
