#include "server/access.h"

#include <assert.h>
#include <inttypes.h>

#include "base/clock.h"
#include "server/answer.h"
#include "server/checks.h"
#include "server/httpd_impl.h"

enum { DISCARD_MAX = 65536 };

void access_on_connection(void *context, struct MHD_Connection *connection, void **link,
                          enum MHD_ConnectionNotificationCode code)
{
    struct httpd *httpd = context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        *link = reaper_add(httpd->reaper, info->connect_fd,
                           httpd_deadline(httpd->settings->server.header_timeout_ms));
    } else if (*link) {
        struct exchange *begun = ((struct link *)*link)->begun;
        if (begun) /* libmicrohttpd does not tell the end of a request that it has not handed over
                    */
            exchange_drop(begun);
        reaper_remove(httpd->reaper, *link);
        *link = NULL;
    }
}

/* The request line is there. The first one on a connection keeps the deadline that its connection
 * has had from its start. */
void *access_on_target(void *context, const char *target, struct MHD_Connection *connection)
{
    struct httpd *httpd = context;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct link *link = info ? info->socket_context : NULL;
    struct exchange *exchange = link ? exchange_new(target) : NULL;
    if (!exchange)
        return NULL;
    exchange->httpd = httpd;
    exchange->link = link;
    exchange->connection = connection;
    exchange->body.limit = (size_t)httpd->settings->server.max_body;
    exchange->request.site = httpd->site;
    exchange->request.started_ns = clock_monotonic_ns();
    const int64_t deadline_ns = link->n_requests++ == 0
                                    ? atomic_load(&link->deadline_ns)
                                    : httpd_deadline(httpd->settings->server.header_timeout_ms);
    link_enter(link, LINK_READING, deadline_ns);
    link->begun = exchange;
    return exchange;
}

/* A client that resets its connection while it is suspended is noticed when it is resumed, and then
 * the access handler is not called again. */
static void leave_parking(struct exchange *exchange)
{
    int state = EXCHANGE_SUSPENDED;
    atomic_compare_exchange_strong(&exchange->state, &state, EXCHANGE_ABANDONED);
    parking_leave(exchange->httpd->parking, exchange);
}

void access_on_completed(void *context, struct MHD_Connection *connection, void **exchange,
                         enum MHD_RequestTerminationCode code)
{
    (void)connection, (void)code;
    struct httpd *httpd = context;
    struct exchange *over = *exchange;
    if (!over)
        return;
    *exchange = NULL;
    over->link->begun = NULL;
    if (over->stage == STAGE_PARKED)
        leave_parking(over);
    atomic_fetch_sub(&httpd->body_bytes, (int64_t)over->counted);
    link_enter(over->link, LINK_WAITING, httpd_deadline(httpd->settings->server.idle_timeout_ms));
    exchange_drop(over);
}

/* Refused before the body: answered at once, which ends the connection, unless what is to come is
 * short, and then read and thrown away. */
static enum MHD_Result refuse_headers(struct exchange *exchange)
{
    const struct headers *headers = &exchange->headers;
    const unsigned status = exchange->request.reply.status;
    const bool is_final =
        status == 401 || status == 403 || status == 413 || status == 415 || status == 429;
    const bool is_long = headers->is_chunked || headers->content_length > DISCARD_MAX;
    if (headers_announce_body(headers) && (is_final || is_long || headers->expects_continue))
        exchange->closes = true;
    if (exchange->closes)
        return answer_queue(exchange);
    exchange->discards = true;
    return MHD_YES;
}

static enum MHD_Result on_headers(struct exchange *exchange, const char *method,
                                  const char *version)
{
    struct httpd *httpd = exchange->httpd;
    exchange->stage = STAGE_BODY;
    if (!checks_pass(exchange, method, version))
        return refuse_headers(exchange);
    if (headers_announce_body(&exchange->headers))
        link_set_deadline(exchange->link, httpd_deadline(httpd->settings->server.body_timeout_ms));
    return MHD_YES;
}

static enum MHD_Result end_in_body(struct exchange *exchange)
{
    if (link_enter(exchange->link, LINK_ANSWERING, 0))
        answer_last_words(exchange);
    return MHD_NO;
}

static enum MHD_Result on_body(struct exchange *exchange, const char *bytes, size_t *size)
{
    struct httpd *httpd = exchange->httpd;
    struct request *request = &exchange->request;
    const size_t n = *size;
    *size = 0;
    if (exchange->discards)
        return MHD_YES;
    exchange->counted += n;
    const int64_t all = atomic_fetch_add(&httpd->body_bytes, (int64_t)n) + (int64_t)n;
    buffer_append(&exchange->body, bytes, n);
    if (exchange->body.failed && !exchange->body.no_memory) {
        reply_problem(request, 413, NULL, "a body may have %" PRId64 " bytes at most",
                      httpd->settings->server.max_body);
        return end_in_body(exchange);
    }
    if (all > httpd->body_bytes_max || exchange->body.failed) {
        reply_problem(request, 503, NULL, "too many bodies are being read at once");
        return end_in_body(exchange);
    }
    return MHD_YES;
}

static enum MHD_Result run_on_worker(struct exchange *exchange)
{
    struct httpd *httpd = exchange->httpd;
    if (!parking_enter(httpd->parking, exchange)) {
        exchange_drop(exchange);
        return MHD_NO;
    }
    atomic_store(&exchange->state, EXCHANGE_SUSPENDED);
    if (!workers_push(httpd->workers, &exchange->request)) {
        reply_problem(&exchange->request, 503, NULL, "too many requests are waiting");
        exchange->request.reply.retry_after = 1;
        request_finish(&exchange->request);
    }
    return MHD_YES;
}

/* The handler has left it to somebody, who may have finished by now. */
static enum MHD_Result wait_for_finish(struct exchange *exchange)
{
    if (atomic_load(&exchange->state) == EXCHANGE_FINISHED)
        return answer_queue(exchange);
    int state = EXCHANGE_RUNNING;
    if (!parking_enter(exchange->httpd->parking, exchange)) {
        atomic_compare_exchange_strong(&exchange->state, &state, EXCHANGE_ABANDONED);
        return MHD_NO;
    }
    if (!atomic_compare_exchange_strong(&exchange->state, &state, EXCHANGE_SUSPENDED))
        MHD_resume_connection(exchange->connection);
    return MHD_YES;
}

static enum MHD_Result run(struct exchange *exchange)
{
    struct request *request = &exchange->request;
    exchange_hold(exchange); /* the handler's side, until request_finish */
    if (!request->route->is_inline)
        return run_on_worker(exchange);
    switch (request->route->handle(request)) {
    case HANDLED_LATER:
        return wait_for_finish(exchange);
    case HANDLED_WORKER:
        return run_on_worker(exchange);
    case HANDLED:
        break;
    }
    exchange_drop(exchange);
    return answer_queue(exchange);
}

/* The whole request has been read. */
static enum MHD_Result on_whole(struct exchange *exchange)
{
    struct request *request = &exchange->request;
    if (exchange->discards)
        return answer_queue(exchange);
    if (!link_enter(exchange->link, LINK_ANSWERING, INT64_MAX))
        return MHD_NO;
    request->started_ns = clock_monotonic_ns();
    request->body = exchange->body.data;
    request->body_size = exchange->body.size;
    if (atomic_load(&exchange->httpd->is_stopping)) {
        reply_problem(request, 503, NULL, "the server is stopping");
        request->reply.retry_after = 1;
        return answer_queue(exchange);
    }
    return run(exchange);
}

static enum MHD_Result on_resumed(struct exchange *exchange)
{
    parking_leave(exchange->httpd->parking, exchange);
    if (atomic_load(&exchange->state) == EXCHANGE_FINISHED)
        return answer_queue(exchange);
    return MHD_NO;
}

enum MHD_Result access_on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *bytes,
                                  size_t *size, void **exchange)
{
    (void)context, (void)connection, (void)url;
    struct exchange *of = *exchange;
    if (!of)
        return MHD_NO; /* there was no memory for it */
    switch (of->stage) {
    case STAGE_HEADERS:
        return on_headers(of, method, version);
    case STAGE_BODY:
        return *size > 0 ? on_body(of, bytes, size) : on_whole(of);
    case STAGE_PARKED:
        return on_resumed(of);
    case STAGE_ANSWERED:
        break;
    }
    return MHD_NO;
}
