/* /healthz, /readyz, /metrics, /openapi.json */
#include "server/httpd.h"
#include "server/resources/common.h"
#include "server/resources/resources.h"

enum handled get_health(struct request *request)
{
    buffer_append_text(reply_json(request, 200), "{\"status\":\"ok\"}");
    return HANDLED;
}

/* Ready as soon as it answers: before the first round it serves the newest items, and says so. */
enum handled get_ready(struct request *request)
{
    struct serving *serving = site_acquire(request->site);
    const struct snapshot *snapshot = serving->snapshot;
    struct buffer *out = reply_json(request, 200);
    buffer_printf(out,
                  "{\"status\":\"ready\",\"model\":\"%s\",\"model_version\":%u,\"trained\":%s,"
                  "\"seq\":%llu}",
                  snapshot->version ? snapshot->retriever->class->name : "latest",
                  snapshot->version, snapshot->version ? "true" : "false",
                  (unsigned long long)live_seq(serving->live));
    serving_release(request->site, serving);
    return HANDLED;
}

enum handled get_metrics(struct request *request)
{
    struct buffer *out = reply_json(request, 200);
    request->reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
    httpd_metrics(site_httpd(request->site), out);
    site_metrics(request->site, out);
    return HANDLED;
}

enum handled get_openapi(struct request *request)
{
    const enum status status = openapi_write(routes, reply_json(request, 200));
    if (status != STATUS_OK)
        reply_problem(request, 503, NULL, "out of memory");
    return HANDLED;
}
