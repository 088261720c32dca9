#include "server/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "server/httpd_impl.h"

enum { NUMBER_TEXT_MAX = 24, METHODS_TEXT_MAX = 64, ANSWER_MAX = 512 };

static void add(struct MHD_Response *response, const char *name, const char *value)
{
    if (value)
        MHD_add_response_header(response, name, value);
}

static void add_allow(struct MHD_Response *response, const char *name, unsigned methods)
{
    static const char *const names[METHOD_COUNT] = {"GET, HEAD", "PUT", "PATCH", "POST", "DELETE"};
    char text[METHODS_TEXT_MAX] = "";
    for (unsigned i = 0; i < METHOD_COUNT; i++) {
        if (!(methods & 1u << i))
            continue;
        const size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%s", used ? ", " : "", names[i]);
    }
    add(response, name, text);
}

static void add_cors(struct MHD_Response *response, const struct exchange *exchange)
{
    add(response, "Access-Control-Allow-Origin", exchange->origin);
    add(response, "Vary", "Origin");
    add(response, "Access-Control-Expose-Headers", "X-Request-Id, Retry-After");
    if (!exchange->is_preflight)
        return;
    add(response, "Access-Control-Allow-Methods", "POST");
    add(response, "Access-Control-Allow-Headers", "Authorization, Content-Type, X-Request-Id");
    add(response, "Access-Control-Max-Age", "600");
}

static void add_headers(struct MHD_Response *response, const struct exchange *exchange)
{
    const struct reply *reply = &exchange->request.reply;
    add(response, "Content-Type", reply->content_type);
    add(response, "X-Request-Id", exchange->request.id);
    add(response, "Cache-Control", reply->cache_control ? reply->cache_control : "no-store");
    add(response, "Location", reply->location);
    if (reply->retry_after) {
        char text[NUMBER_TEXT_MAX];
        snprintf(text, sizeof text, "%u", reply->retry_after);
        add(response, "Retry-After", text);
    }
    if (exchange->allow)
        add_allow(response, "Allow", exchange->allow);
    if (exchange->asks_for_key)
        add(response, "WWW-Authenticate", "Bearer realm=\"tastevin\"");
    if (exchange->origin)
        add_cors(response, exchange);
    if (exchange->closes || atomic_load(&exchange->httpd->is_stopping))
        add(response, "Connection", "close");
}

/* A handler that ran out of memory, or left nothing, still gets an answer. */
static void mend_reply(struct request *request)
{
    if (request->reply.body.failed) {
        buffer_free(&request->reply.body);
        reply_problem(request, 503, NULL, "out of memory for the answer");
        request->reply.retry_after = 1;
    } else if (request->reply.status == 0) {
        reply_problem(request, 500, NULL, "the request was not answered");
    }
}

static struct MHD_Response *make_response(struct buffer *body)
{
    if (body->failed)
        return NULL;
    if (body->size == 0)
        return MHD_create_response_from_buffer(0, (void *)"", MHD_RESPMEM_PERSISTENT);
    struct MHD_Response *response =
        MHD_create_response_from_buffer_with_free_callback(body->size, body->data, free);
    if (response)
        *body = (struct buffer){0};
    return response;
}

static void count(struct exchange *exchange)
{
    const struct request *request = &exchange->request;
    const int64_t now_ns = clock_monotonic_ns();
    counters_add(exchange->httpd->counters, request->route, request->reply.status,
                 now_ns - request->started_ns);
}

enum MHD_Result answer_queue(struct exchange *exchange)
{
    struct request *request = &exchange->request;
    exchange->stage = STAGE_ANSWERED;
    mend_reply(request);
    struct MHD_Response *response = make_response(&request->reply.body);
    if (!response)
        return MHD_NO;
    add_headers(response, exchange);
    count(exchange);
    if (!link_enter(exchange->link, LINK_ANSWERING,
                    httpd_deadline(exchange->httpd->settings->server.body_timeout_ms))) {
        MHD_destroy_response(response);
        return MHD_NO;
    }
    const enum MHD_Result queued =
        MHD_queue_response(exchange->connection, request->reply.status, response);
    MHD_destroy_response(response);
    return queued;
}

/* What does not fit into the socket's buffer at once is lost, as is all of it when the client is
 * gone: the connection ends either way. */
static bool send_once(int fd, const void *bytes, size_t size)
{
    return send(fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)size;
}

void answer_last_words(struct exchange *exchange)
{
    const struct reply *reply = &exchange->request.reply;
    struct buffer out = {0};
    buffer_printf(&out,
                  "HTTP/1.1 %u %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                  "X-Request-Id: %s\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n",
                  reply->status, MHD_get_reason_phrase_for(reply->status), reply->content_type,
                  reply->body.size, exchange->request.id);
    buffer_append(&out, reply->body.data, reply->body.size);
    count(exchange);
    exchange->stage = STAGE_ANSWERED;
    if (!out.failed && send_once(exchange->link->fd, out.data, out.size))
        shutdown(exchange->link->fd, SHUT_WR);
    buffer_free(&out);
}

void answer_too_late(int fd)
{
    static const char body[] =
        "{\"type\":\"about:blank\",\"title\":\"Request Timeout\",\"status\":408,"
        "\"detail\":\"the request did not come in time\"}";
    char words[ANSWER_MAX];
    const int length = snprintf(words, sizeof words,
                                "HTTP/1.1 408 Request Timeout\r\n"
                                "Content-Type: application/problem+json\r\n"
                                "Content-Length: %zu\r\nCache-Control: no-store\r\n"
                                "Connection: close\r\n\r\n%s",
                                sizeof body - 1, body);
    send_once(fd, words, (size_t)length);
}
