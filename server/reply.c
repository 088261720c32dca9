#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "server/request.h"

enum { DETAIL_MAX = 1024 };

struct phrase {
    unsigned status;
    const char *title;
};

/* RFC 9110, 15; 429 from RFC 6585 and 507 from RFC 4918. */
static const struct phrase phrases[] = {
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {500, "Internal Server Error"},
    {503, "Service Unavailable"},
    {507, "Insufficient Storage"},
};

static const char *find_title(unsigned status)
{
    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++)
        if (phrases[i].status == status)
            return phrases[i].title;
    return "Error";
}

struct buffer *reply_json(struct request *request, unsigned status)
{
    struct reply *reply = &request->reply;
    reply->status = status;
    reply->content_type = "application/json";
    buffer_clear(&reply->body);
    return &reply->body;
}

void reply_empty(struct request *request)
{
    reply_json(request, 204);
    request->reply.content_type = NULL;
}

static void append_text(struct buffer *out, const char *text)
{
    buffer_append_json(out, text, strlen(text));
}

static void append_place(struct buffer *out, const char *pointer, const char *detail)
{
    buffer_append_text(out, "{\"pointer\":");
    append_text(out, pointer);
    buffer_append_text(out, ",\"detail\":");
    append_text(out, detail);
    buffer_append_byte(out, '}');
}

static struct buffer *begin_problem(struct request *request, unsigned status, const char *detail)
{
    struct buffer *out = reply_json(request, status);
    request->reply.content_type = "application/problem+json";
    request->reply.location = NULL;
    request->reply.cache_control = NULL;
    buffer_printf(out, "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%u,\"detail\":",
                  find_title(status), status);
    append_text(out, detail);
    return out;
}

static void write_problem(struct request *request, unsigned status, const char *pointer,
                          const char *detail)
{
    struct buffer *out = begin_problem(request, status, detail);
    if (pointer && *pointer) {
        buffer_append_text(out, ",\"errors\":[");
        append_place(out, pointer, detail);
        buffer_append_byte(out, ']');
    }
    buffer_append_byte(out, '}');
}

void reply_problem(struct request *request, unsigned status, const char *pointer,
                   const char *format, ...)
{
    char detail[DETAIL_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    utf8_trim_partial(detail);
    write_problem(request, status, pointer, detail);
}

static unsigned http_status(const struct error *err)
{
    switch (err->status) {
    case STATUS_MALFORMED:
        return 400;
    case STATUS_OUT_OF_RANGE:
    case STATUS_UNSUPPORTED:
        return 422;
    case STATUS_NOT_FOUND:
        return err->pointer[0] ? 422 : 404;
    case STATUS_CONFLICT:
        return 409;
    case STATUS_TOO_LARGE:
        return 413;
    case STATUS_BUSY:
    case STATUS_NO_MEMORY:
        return 503;
    case STATUS_DISK_FULL:
        return 507;
    default:
        return 500;
    }
}

void reply_error(struct request *request, const struct error *err)
{
    const unsigned status = http_status(err);
    write_problem(request, status, err->pointer,
                  err->text[0] ? err->text : status_name(err->status));
    if (status == 503)
        request->reply.retry_after = 1;
}

void reply_errors(struct request *request, unsigned status, const char *title,
                  const struct error *errors, size_t n)
{
    struct buffer *out = begin_problem(request, status, title);
    buffer_append_text(out, ",\"errors\":[");
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            buffer_append_byte(out, ',');
        append_place(out, errors[i].pointer, errors[i].text);
    }
    buffer_append_text(out, "]}");
}
