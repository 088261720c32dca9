/* The HTTP layer alone, with routes of its own: what tests/http drives through raw sockets.
 *
 *     echo_server [name=value ...]
 *
 * Listens on a free port of the loopback, prints "port N" and serves until SIGTERM or SIGINT
 * comes; then prints its metrics and stops within drain_ms. Names: threads, workers, max_body,
 * header_timeout_ms, body_timeout_ms, idle_timeout_ms, max_connections, rate, origins, drain_ms,
 * key (TEXT:SCOPES as a number; may stand several times), address.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "server/auth.h"
#include "server/httpd.h"
#include "server/log.h"
#include "server/request.h"

enum { KEYS_MAX = 8, LATER_MAX = 256, TEXT_BYTES = 600 };

/* ---- handlers ---- */

static void append_text(struct buffer *out, const char *name, const char *text)
{
    buffer_printf(out, "\"%s\":", name);
    buffer_append_json(out, text, strlen(text));
}

/* What has arrived, as JSON. */
static enum handled handle_echo(struct request *request)
{
    struct buffer *out = reply_json(request, 200);
    buffer_append_byte(out, '{');
    append_text(out, "operation", request->route->operation);
    buffer_append_text(out, ",\"values\":[");
    for (size_t i = 0; i < REQUEST_VALUES_MAX && request->values[i]; i++) {
        buffer_append_text(out, i ? "," : "");
        buffer_append_json(out, request->values[i], strlen(request->values[i]));
    }
    buffer_append_text(out, "],\"parameters\":[");
    for (size_t i = 0; i < request->n_parameters; i++) {
        buffer_append_text(out, i ? ",{" : "{");
        append_text(out, request->parameters[i].parameter->name, request->parameters[i].text);
        buffer_append_byte(out, '}');
    }
    buffer_printf(out, "],\"body_size\":%zu,\"is_ndjson\":%s,\"scopes\":%u,\"on_worker\":%s}",
                  request->body_size, request->is_ndjson ? "true" : "false", request->scopes,
                  request->on_worker ? "true" : "false");
    return HANDLED;
}

static enum handled handle_text(struct request *request)
{
    char *room = buffer_reserve(reply_json(request, 200), TEXT_BYTES);
    if (room) {
        memset(room, 'x', TEXT_BYTES);
        request->reply.body.size = TEXT_BYTES;
        request->reply.content_type = "text/plain";
    }
    return HANDLED;
}

static enum handled handle_json(struct request *request)
{
    json_t *value = request_json(request);
    if (!value)
        return HANDLED;
    json_print(value, JSON_ENCODE_ANY, reply_json(request, 200));
    json_decref(value);
    return HANDLED;
}

/* ?ms= on a worker. */
static enum handled handle_slow(struct request *request)
{
    const int64_t ms = request_int(request, "ms", 0);
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
    return handle_echo(request);
}

static enum handled handle_hand_over(struct request *request)
{
    return request->on_worker ? handle_echo(request) : HANDLED_WORKER;
}

static enum handled handle_empty(struct request *request)
{
    reply_empty(request);
    return HANDLED;
}

static enum handled handle_forgotten(struct request *request)
{
    (void)request;
    return HANDLED;
}

static enum handled handle_large(struct request *request)
{
    const size_t size = (size_t)request_int(request, "bytes", 0);
    char *room = buffer_reserve(reply_json(request, 200), size);
    if (room) {
        memset(room, 'y', size);
        request->reply.body.size = size;
    }
    return HANDLED;
}

/* Finishes requests from a thread of its own, each after the time that it asks for. */
struct finisher {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct request *waiting[LATER_MAX];
    size_t n;
    bool stops;
};

/* The tests' routes have no site to hang it on. */
static struct finisher finisher = {.lock = PTHREAD_MUTEX_INITIALIZER,
                                   .wake = PTHREAD_COND_INITIALIZER};

static void finish_due(bool all)
{
    for (size_t i = 0; i < finisher.n;) {
        struct request *request = finisher.waiting[i];
        const int64_t wait_ns = request_int(request, "ms", 0) * 1000000;
        if (!all && clock_monotonic_ns() - request->started_ns < wait_ns) {
            i++;
            continue;
        }
        finisher.waiting[i] = finisher.waiting[--finisher.n];
        handle_echo(request);
        request_finish(request);
    }
}

static void *finish_later(void *unused)
{
    pthread_mutex_lock(&finisher.lock);
    while (!finisher.stops || finisher.n > 0) {
        finish_due(finisher.stops);
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 1000000;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        if (finisher.n > 0)
            pthread_cond_timedwait(&finisher.wake, &finisher.lock, &until);
        else if (!finisher.stops)
            pthread_cond_wait(&finisher.wake, &finisher.lock);
    }
    pthread_mutex_unlock(&finisher.lock);
    return unused;
}

static enum handled handle_later(struct request *request)
{
    pthread_mutex_lock(&finisher.lock);
    const bool fits = finisher.n < LATER_MAX;
    if (fits)
        finisher.waiting[finisher.n++] = request;
    pthread_cond_signal(&finisher.wake);
    pthread_mutex_unlock(&finisher.lock);
    if (fits)
        return HANDLED_LATER;
    reply_problem(request, 503, NULL, "full");
    return HANDLED;
}

/* Finished before the handler has returned. */
static enum handled handle_at_once(struct request *request)
{
    handle_echo(request);
    request_finish(request);
    return HANDLED_LATER;
}

/* ---- routes ---- */

static const char *const colours[] = {"red", "green", NULL};

static const struct parameter echo_parameters[] = {
    {.name = "limit", .type = PARAMETER_INT, .min = 1, .max = 1000},
    {.name = "exclude", .type = PARAMETER_ID, .repeats = true, .many = 3},
    {.name = "text", .type = PARAMETER_TEXT, .max = 10},
    {.name = "flag", .type = PARAMETER_BOOL},
    {.name = "colour", .type = PARAMETER_CHOICE, .choices = colours},
    {0},
};
static const struct parameter ms_parameters[] = {
    {.name = "ms", .type = PARAMETER_INT, .max = 60000},
    {0},
};
static const struct parameter large_parameters[] = {
    {.name = "bytes", .type = PARAMETER_INT, .max = 100000000},
    {0},
};

static const struct route echo_routes[] = {
    {METHOD_GET, "/healthz", handle_empty, true, 0, BODY_NONE, NULL, "health"},
    {METHOD_GET, "/text", handle_text, true, 0, BODY_NONE, NULL, "text"},
    {METHOD_GET, "/v1/users/{user}", handle_echo, true, SCOPE_READ, BODY_NONE, echo_parameters,
     "get_user"},
    {METHOD_PUT, "/v1/users/{user}", handle_echo, true, SCOPE_WRITE, BODY_JSON, NULL, "put_user"},
    {METHOD_PATCH, "/v1/users/{user}", handle_echo, true, SCOPE_WRITE, BODY_PATCH, NULL,
     "patch_user"},
    {METHOD_DELETE, "/v1/users/{user}", handle_empty, true, SCOPE_WRITE, BODY_NONE, NULL,
     "delete_user"},
    {METHOD_POST, "/v1/users/{user}:merge", handle_echo, true, SCOPE_WRITE, BODY_JSON, NULL,
     "merge_user"},
    {METHOD_POST, "/v1/users:batch", handle_echo, true, SCOPE_WRITE, BODY_RECORDS, NULL,
     "put_users"},
    {METHOD_GET, "/v1/users/{user}/items/{item}", handle_echo, true, SCOPE_READ, BODY_NONE, NULL,
     "get_pair"},
    {METHOD_POST, "/v1/interactions", handle_echo, true, SCOPE_EVENTS, BODY_RECORDS, NULL,
     "post_interactions"},
    {METHOD_POST, "/json", handle_json, true, 0, BODY_JSON, NULL, "json"},
    {METHOD_GET, "/slow", handle_slow, false, 0, BODY_NONE, ms_parameters, "slow"},
    {METHOD_POST, "/slow", handle_slow, false, 0, BODY_JSON, ms_parameters, "post_slow"},
    {METHOD_GET, "/later", handle_later, true, 0, BODY_NONE, ms_parameters, "later"},
    {METHOD_GET, "/worker-later", handle_later, false, 0, BODY_NONE, ms_parameters, "worker_later"},
    {METHOD_GET, "/at-once", handle_at_once, true, 0, BODY_NONE, NULL, "at_once"},
    {METHOD_GET, "/hand-over", handle_hand_over, true, 0, BODY_NONE, NULL, "hand_over"},
    {METHOD_GET, "/forgotten", handle_forgotten, true, 0, BODY_NONE, NULL, "forgotten"},
    {METHOD_GET, "/large", handle_large, false, 0, BODY_NONE, large_parameters, "large"},
    {0},
};

/* ---- the program ---- */

struct arguments {
    struct settings settings;
    struct key_row keys[KEYS_MAX];
    size_t n_keys;
    int64_t drain_ms;
};

static int add_key(struct arguments *arguments, const char *value)
{
    const char *colon = strrchr(value, ':');
    if (!colon || arguments->n_keys == KEYS_MAX)
        return -1;
    struct key_row *key = &arguments->keys[arguments->n_keys];
    *key = (struct key_row){.number = (uint32_t)arguments->n_keys + 1,
                            .scopes = (unsigned)strtoul(colon + 1, NULL, 10),
                            .revoked_ms = TIME_UNKNOWN};
    auth_hash_key(value, (size_t)(colon - value), key->hash);
    arguments->n_keys++;
    return 0;
}

static int set_number(struct arguments *arguments, const char *name, size_t length, int64_t value)
{
    struct settings *settings = &arguments->settings;
    const struct {
        const char *name;
        int64_t *field;
    } numbers[] = {
        {"threads", &settings->server.threads},
        {"workers", &settings->server.workers},
        {"max_body", &settings->server.max_body},
        {"max_connections", &settings->server.max_connections},
        {"header_timeout_ms", &settings->server.header_timeout_ms},
        {"body_timeout_ms", &settings->server.body_timeout_ms},
        {"idle_timeout_ms", &settings->server.idle_timeout_ms},
        {"rate", &settings->server.rate},
        {"drain_ms", &arguments->drain_ms},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (strlen(numbers[i].name) == length && memcmp(numbers[i].name, name, length) == 0) {
            *numbers[i].field = value;
            return 0;
        }
    }
    return -1;
}

static int read_argument(struct arguments *arguments, const char *text)
{
    const char *equals = strchr(text, '=');
    if (!equals)
        return -1;
    const size_t length = (size_t)(equals - text);
    if (strncmp(text, "key=", 4) == 0)
        return add_key(arguments, equals + 1);
    if (strncmp(text, "origins=", 8) == 0)
        arguments->settings.server.cors_origins = equals + 1;
    else if (strncmp(text, "address=", 8) == 0)
        arguments->settings.server.address = equals + 1;
    else
        return set_number(arguments, text, length, strtoll(equals + 1, NULL, 10));
    return 0;
}

static void wait_for_end(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    int caught;
    sigwait(&signals, &caught);
}

static int serve(struct arguments *arguments)
{
    struct httpd *httpd;
    struct error err = {0};
    if (httpd_new(&arguments->settings, NULL, echo_routes, &httpd, &err) != STATUS_OK) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    const int failed = httpd_set_keys(httpd, arguments->keys, arguments->n_keys) != STATUS_OK ||
                       httpd_run(httpd, &err) != STATUS_OK;
    printf("port %u\n", httpd_port(httpd));
    fflush(stdout);
    wait_for_end();
    struct buffer metrics = {0};
    httpd_metrics(httpd, &metrics);
    httpd_stop(httpd, arguments->drain_ms);
    printf("%s", metrics.data ? metrics.data : "");
    buffer_free(&metrics);
    return failed;
}

int main(int argc, char **argv)
{
    struct arguments arguments = {.drain_ms = 1000};
    arguments.settings.server.address = "127.0.0.1";
    arguments.settings.server.threads = 2;
    arguments.settings.server.workers = 2;
    arguments.settings.server.max_body = 1 << 20;
    arguments.settings.server.cors_origins = "";
    for (int i = 1; i < argc; i++) {
        if (read_argument(&arguments, argv[i]) != 0) {
            fprintf(stderr, "not an argument: %s\n", argv[i]);
            return 2;
        }
    }
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    log_setup(LOG_INFO, 0);
    if (pthread_create(&finisher.thread, NULL, finish_later, NULL) != 0)
        return 1;
    const int result = serve(&arguments);
    pthread_mutex_lock(&finisher.lock);
    finisher.stops = true;
    pthread_cond_signal(&finisher.wake);
    pthread_mutex_unlock(&finisher.lock);
    pthread_join(finisher.thread, NULL);
    return result;
}
