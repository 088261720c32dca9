#include "server/checks.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "server/cors.h"
#include "server/httpd_impl.h"
#include "server/parameters.h"

struct method_name {
    const char *name;
    enum method method;
};

/* HEAD is GET; libmicrohttpd leaves the body of its answer out. */
static const struct method_name method_names[] = {
    {"GET", METHOD_GET}, {"HEAD", METHOD_GET},    {"POST", METHOD_POST},
    {"PUT", METHOD_PUT}, {"PATCH", METHOD_PATCH}, {"DELETE", METHOD_DELETE},
};

/* METHOD_COUNT: one that no route takes. */
static enum method find_method(const char *name)
{
    for (size_t i = 0; i < sizeof method_names / sizeof method_names[0]; i++)
        if (strcmp(method_names[i].name, name) == 0)
            return method_names[i].method;
    return METHOD_COUNT;
}

static bool refuse(struct exchange *exchange, const struct error *err)
{
    reply_error(&exchange->request, err);
    return false;
}

static bool is_fit_id(const char *id)
{
    size_t length = 0;
    for (; id[length]; length++)
        if (length == REQUEST_ID_MAX || id[length] < '!' || id[length] > '~')
            return false;
    return length > 0;
}

static void append_hexadecimal(char *out, uint64_t value)
{
    for (int shift = 60; shift >= 0; shift -= 4)
        *out++ = "0123456789abcdef"[value >> shift & 15];
}

/* The client's id if it is 1 to 128 visible ASCII characters; otherwise one of our own, from the
 * numbers of the connection and of the request on it, hashed so that it tells neither. */
static void set_request_id(struct exchange *exchange)
{
    char *id = exchange->request.id;
    const char *given = exchange->headers.request_id;
    if (given && is_fit_id(given)) {
        memcpy(id, given, strlen(given) + 1);
        return;
    }
    const uint64_t place[2] = {exchange->link->serial, exchange->link->n_requests};
    const uint64_t seed = exchange->httpd->seed;
    append_hexadecimal(id, text_hash(place, sizeof place, seed));
    append_hexadecimal(id + 16, text_hash(place, sizeof place, ~seed));
    id[32] = '\0';
}

static bool check_framing(struct exchange *exchange, const char *version)
{
    struct error err = {0};
    if (headers_check(&exchange->headers, version, &err) == STATUS_OK)
        return true;
    exchange->closes = true;
    return refuse(exchange, &err);
}

static bool refuse_method(struct exchange *exchange, const char *method, unsigned methods)
{
    struct request *request = &exchange->request;
    if (methods == 0) {
        reply_problem(request, 404, NULL, "there is nothing at this path");
    } else {
        exchange->allow = methods;
        reply_problem(request, 405, NULL, "this path does not take %s", method);
    }
    return false;
}

/* A browser asks with OPTIONS whether it may send another method. */
static bool is_preflight(const struct exchange *exchange, const char *method)
{
    return strcmp(method, "OPTIONS") == 0 && exchange->headers.origin &&
           exchange->headers.preflight_method;
}

static bool find_route(struct exchange *exchange, const char *method, struct match *ret_match)
{
    struct httpd *httpd = exchange->httpd;
    struct request *request = &exchange->request;
    const struct headers *headers = &exchange->headers;
    const bool preflight = is_preflight(exchange, method);
    const enum method wanted = find_method(preflight ? headers->preflight_method : method);
    if (matcher_find(httpd->matcher, &exchange->target, wanted, &request->arena, ret_match) !=
        STATUS_OK) {
        reply_problem(request, 503, NULL, "out of memory");
        return false;
    }
    const bool opens =
        cors_opens(ret_match->route, httpd->settings->server.cors_origins, headers->origin);
    if (opens)
        exchange->origin = arena_strndup(&request->arena, headers->origin, strlen(headers->origin));
    if (preflight && opens) {
        exchange->is_preflight = true;
        reply_empty(request);
        return false;
    }
    return (ret_match->route && !preflight) || refuse_method(exchange, method, ret_match->methods);
}

static bool check_path(struct exchange *exchange, const char *method)
{
    struct request *request = &exchange->request;
    struct error err = {0};
    struct match match;
    if (target_parse(exchange->raw_target, &request->arena, &exchange->target, &err) != STATUS_OK)
        return refuse(exchange, &err);
    if (!find_route(exchange, method, &match))
        return false;
    request->route = match.route;
    memcpy(request->values, match.values, sizeof request->values);
    for (size_t i = 0; i < match.n_values; i++)
        if (id_check(match.values[i], strlen(match.values[i]), "the id in the path", &err) !=
            STATUS_OK)
            return refuse(exchange, &err);
    return true;
}

static bool check_key(struct exchange *exchange)
{
    struct request *request = &exchange->request;
    const unsigned scope = request->route->scope;
    if (scope == 0)
        return true;
    unsigned wait_s = 0;
    switch (keyring_admit(exchange->httpd->keyring, exchange->headers.authorization, scope,
                          clock_monotonic_ns(), &request->scopes, &wait_s)) {
    case ADMITTED:
        return true;
    case ADMISSION_NO_KEY:
        exchange->asks_for_key = true;
        reply_problem(request, 401, NULL, "send an access key: Authorization: Bearer KEY");
        return false;
    case ADMISSION_BAD_KEY:
        exchange->asks_for_key = true;
        reply_problem(request, 401, NULL, "the access key is not known or was revoked");
        return false;
    case ADMISSION_NO_SCOPE:
        reply_problem(request, 403, NULL, "the access key's scopes do not allow this");
        return false;
    case ADMISSION_TOO_OFTEN:
        reply_problem(request, 429, NULL, "more than %" PRId64 " requests a second",
                      exchange->httpd->settings->server.rate);
        request->reply.retry_after = wait_s;
        return false;
    }
    return false;
}

static const char *const media_types[][3] = {
    [BODY_JSON] = {"application/json"},
    [BODY_PATCH] = {"application/merge-patch+json", "application/json"},
    [BODY_RECORDS] = {"application/json", "application/x-ndjson"},
};

static bool check_media_type(struct exchange *exchange)
{
    struct request *request = &exchange->request;
    const char *given = exchange->headers.content_type;
    const char *const *taken = media_types[request->route->body];
    for (size_t i = 0; taken[i]; i++) {
        if (headers_type_is(given, taken[i])) {
            request->is_ndjson = strcmp(taken[i], "application/x-ndjson") == 0;
            return true;
        }
    }
    reply_problem(request, 415, NULL, "send Content-Type: %s%s%s", taken[0], taken[1] ? " or " : "",
                  taken[1] ? taken[1] : "");
    return false;
}

static bool check_body(struct exchange *exchange)
{
    struct request *request = &exchange->request;
    const int64_t most = exchange->httpd->settings->server.max_body;
    if (!headers_announce_body(&exchange->headers))
        return true;
    if (request->route->body == BODY_NONE) {
        reply_problem(request, 413, NULL, "this request takes no body");
        return false;
    }
    if (exchange->headers.content_length > most) {
        reply_problem(request, 413, NULL, "a body may have %" PRId64 " bytes at most", most);
        return false;
    }
    return check_media_type(exchange);
}

static bool check_query(struct exchange *exchange)
{
    struct request *request = &exchange->request;
    struct error err = {0};
    if (parameters_check(request->route->parameters, &exchange->target, &request->arena,
                         &request->parameters, &err) != STATUS_OK)
        return refuse(exchange, &err);
    request->n_parameters = exchange->target.n_pairs;
    return true;
}

bool checks_pass(struct exchange *exchange, const char *method, const char *version)
{
    /* Two spaces and the line end. */
    const size_t request_line = strlen(method) + strlen(exchange->raw_target) + strlen(version) + 4;
    headers_read(exchange->connection, request_line, &exchange->headers);
    set_request_id(exchange);
    return check_framing(exchange, version) && check_path(exchange, method) &&
           check_key(exchange) && check_body(exchange) && check_query(exchange);
}
