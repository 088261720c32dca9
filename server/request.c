#include "server/request.h"

#include <microhttpd.h>
#include <string.h>

#include "server/exchange.h"

const struct query_parameter *request_parameter(const struct request *request, const char *name)
{
    for (size_t i = 0; i < request->n_parameters; i++)
        if (strcmp(request->parameters[i].parameter->name, name) == 0)
            return &request->parameters[i];
    return NULL;
}

int64_t request_int(const struct request *request, const char *name, int64_t missing)
{
    const struct query_parameter *parameter = request_parameter(request, name);
    return parameter ? parameter->number : missing;
}

const char *request_text(const struct request *request, const char *name)
{
    const struct query_parameter *parameter = request_parameter(request, name);
    return parameter ? parameter->text : NULL;
}

json_t *request_json(struct request *request)
{
    if (request->body_size == 0) {
        reply_problem(request, 400, NULL, "the body is empty; send JSON");
        return NULL;
    }
    json_t *value = NULL;
    struct error err = {0};
    if (json_parse(request->body, request->body_size, &value, &err) != STATUS_OK) {
        reply_error(request, &err);
        return NULL;
    }
    return value;
}

void request_finish(struct request *request)
{
    struct exchange *exchange = exchange_of(request);
    /* Read before the exchange: the connection may be gone as soon as somebody resumes it. */
    struct MHD_Connection *connection = exchange->connection;
    if (atomic_exchange(&exchange->state, EXCHANGE_FINISHED) == EXCHANGE_SUSPENDED)
        MHD_resume_connection(connection);
    exchange_drop(exchange);
}
