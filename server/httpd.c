#include "server/httpd_impl.h"

#include <microhttpd.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "server/access.h"
#include "server/answer.h"
#include "server/listener.h"
#include "server/log.h"

enum {
    CONNECTION_MEMORY = 65536, /* request line and header fields, both ways, and reading the body */
    QUEUE_PER_WORKER = 64,
    BODIES_AT_ONCE = 8, /* of the largest size, in memory */
    BODY_BYTES_MIN = 1 << 26,
    TICK_MS_MIN = 20,
    TICK_MS_MAX = 500,
    TICKS_PER_TIMEOUT = 8,
    DRAIN_STEP_NS = 5000000,
    LOG_LINE_MAX = 512,
};

int64_t httpd_deadline(int64_t timeout_ms)
{
    return timeout_ms > 0 ? clock_monotonic_ns() + timeout_ms * 1000000 : INT64_MAX;
}

static unsigned count_cores(void)
{
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores > 0 ? (unsigned)cores : 1;
}

__attribute__((format(printf, 2, 0))) static void on_log(void *context, const char *format,
                                                         va_list arguments)
{
    (void)context;
    char line[LOG_LINE_MAX];
    vsnprintf(line, sizeof line, format, arguments);
    log_write(LOG_DEBUG, "transport", "%s", line);
}

static void on_reaped(void *context, struct link *link)
{
    struct httpd *httpd = context;
    answer_too_late(link->fd);
    counters_add(httpd->counters, NULL, 408, 0);
}

static int64_t least_positive(int64_t a, int64_t b)
{
    if (a <= 0)
        return b;
    return b > 0 && b < a ? b : a;
}

static int64_t tick_ms(const struct settings *settings)
{
    int64_t least =
        least_positive(settings->server.header_timeout_ms, settings->server.body_timeout_ms);
    least = least_positive(least, settings->server.idle_timeout_ms) / TICKS_PER_TIMEOUT;
    if (least < TICK_MS_MIN)
        return TICK_MS_MIN;
    return least > TICK_MS_MAX ? TICK_MS_MAX : least;
}

static struct MHD_Daemon *start_daemon(struct httpd *httpd)
{
    const struct settings *settings = httpd->settings;
    const int64_t threads =
        settings->server.threads > 0 ? settings->server.threads : (int64_t)count_cores();
    struct MHD_OptionItem options[8];
    size_t n = 0;
    if (threads > 1)
        options[n++] = (struct MHD_OptionItem){MHD_OPTION_THREAD_POOL_SIZE, threads, NULL};
    if (settings->server.max_connections > 0)
        options[n++] = (struct MHD_OptionItem){MHD_OPTION_CONNECTION_LIMIT,
                                               settings->server.max_connections, NULL};
    if (settings->server.max_connections_per_address > 0)
        options[n++] = (struct MHD_OptionItem){MHD_OPTION_PER_IP_CONNECTION_LIMIT,
                                               settings->server.max_connections_per_address, NULL};
    options[n++] =
        (struct MHD_OptionItem){MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, NULL};
    options[n] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
    return MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_SUSPEND_RESUME | MHD_USE_ITC | MHD_USE_ERROR_LOG, 0,
        NULL, NULL, access_on_request, httpd, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
        MHD_OPTION_LISTEN_SOCKET, httpd->listen_fd, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_URI_LOG_CALLBACK, access_on_target, httpd, MHD_OPTION_NOTIFY_COMPLETED,
        access_on_completed, httpd, MHD_OPTION_NOTIFY_CONNECTION, access_on_connection, httpd,
        MHD_OPTION_ARRAY, options, MHD_OPTION_END);
}

/* Everything that needs no thread. */
static enum status make_parts(struct httpd *httpd, struct error *reterr)
{
    const struct settings *settings = httpd->settings;
    const bool needs_key =
        !settings->server.insecure && !listener_is_loopback(settings->server.address);
    httpd->parking = parking_new();
    if (!httpd->parking || matcher_new(httpd->routes, &httpd->matcher) != STATUS_OK ||
        keyring_new(settings->server.rate, needs_key, &httpd->keyring) != STATUS_OK ||
        counters_new(httpd->routes, &httpd->counters) != STATUS_OK)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the HTTP server");
    return listener_open(settings->server.address, (unsigned)settings->server.port,
                         &httpd->listen_fd, &httpd->port, reterr);
}

static enum status start_threads(struct httpd *httpd, struct error *reterr)
{
    const struct settings *settings = httpd->settings;
    const unsigned n_workers =
        settings->server.workers > 0 ? (unsigned)settings->server.workers : 2 * count_cores();
    enum status status = reaper_start(tick_ms(settings), on_reaped, httpd, &httpd->reaper);
    if (status != STATUS_OK)
        return error_set(reterr, status, "cannot start the thread that watches deadlines");
    status =
        workers_start(n_workers, (size_t)n_workers * QUEUE_PER_WORKER, &httpd->workers, reterr);
    if (status != STATUS_OK)
        return status;
    httpd->daemon = start_daemon(httpd);
    if (!httpd->daemon)
        return error_set(reterr, STATUS_IO, "cannot start the HTTP server on port %u", httpd->port);
    return STATUS_OK;
}

enum status httpd_run(struct httpd *httpd, struct error *reterr)
{
    return start_threads(httpd, reterr);
}

enum status httpd_new(const struct settings *settings, struct site *site, const struct route *table,
                      struct httpd **ret_httpd, struct error *reterr)
{
    if (sodium_init() < 0)
        return error_set(reterr, STATUS_IO, "no random numbers from the system");
    struct httpd *httpd = calloc(1, sizeof *httpd);
    if (!httpd)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the HTTP server");
    httpd->settings = settings;
    httpd->site = site;
    httpd->routes = table;
    httpd->listen_fd = -1;
    httpd->body_bytes_max = BODIES_AT_ONCE * settings->server.max_body;
    if (httpd->body_bytes_max < BODY_BYTES_MIN)
        httpd->body_bytes_max = BODY_BYTES_MIN;
    randombytes_buf(&httpd->seed, sizeof httpd->seed);
    const enum status status = make_parts(httpd, reterr);
    if (status != STATUS_OK) {
        httpd_stop(httpd, 0);
        return status;
    }
    *ret_httpd = httpd;
    return STATUS_OK;
}

unsigned httpd_port(const struct httpd *httpd)
{
    return httpd->port;
}

enum status httpd_set_keys(struct httpd *httpd, const struct key_row *keys, size_t n)
{
    return keyring_set(httpd->keyring, keys, n);
}

static void gauge(struct buffer *out, const char *name, const char *help, size_t value)
{
    buffer_printf(out, "# HELP %s %s\n# TYPE %s gauge\n%s %zu\n", name, help, name, name, value);
}

void httpd_count(const struct httpd *httpd, const char *path, struct counters_sum *ret_sum)
{
    counters_sum(httpd->counters, path, ret_sum);
}

void httpd_metrics(struct httpd *httpd, struct buffer *out)
{
    counters_print(httpd->counters, out);
    gauge(out, "tastevin_http_connections", "Open connections.", reaper_count(httpd->reaper));
    gauge(out, "tastevin_http_suspended", "Requests that a worker or the writer has.",
          parking_count(httpd->parking));
    gauge(out, "tastevin_http_queue", "Requests that wait for a worker.",
          workers_waiting(httpd->workers));
    gauge(out, "tastevin_http_body_bytes", "Bytes of request bodies in memory.",
          (size_t)atomic_load(&httpd->body_bytes));
}

/* Waits for the answers that are under way. */
static void drain(struct httpd *httpd, int64_t drain_ms)
{
    const int64_t until_ns = clock_monotonic_ns() + drain_ms * 1000000;
    const struct timespec step = {.tv_nsec = DRAIN_STEP_NS};
    while (reaper_count_answering(httpd->reaper) > 0 && clock_monotonic_ns() < until_ns)
        nanosleep(&step, NULL);
}

static void stop_daemon(struct httpd *httpd, int64_t drain_ms)
{
    atomic_store(&httpd->is_stopping, true);
    /* Refuses connections from here on; the number stays taken until no event loop can use it. */
    const int fd = MHD_quiesce_daemon(httpd->daemon);
    if (fd != MHD_INVALID_SOCKET)
        shutdown(fd, SHUT_RDWR);
    drain(httpd, drain_ms);
    workers_cancel(httpd->workers);
    parking_clear(httpd->parking);
    MHD_stop_daemon(httpd->daemon);
    if (fd != MHD_INVALID_SOCKET)
        close(fd);
}

void httpd_stop(struct httpd *httpd, int64_t drain_ms)
{
    if (!httpd)
        return;
    if (httpd->daemon)
        stop_daemon(httpd, drain_ms);
    else if (httpd->listen_fd >= 0)
        close(httpd->listen_fd);
    workers_stop(httpd->workers);
    reaper_stop(httpd->reaper);
    parking_free(httpd->parking);
    counters_free(httpd->counters);
    keyring_free(httpd->keyring);
    matcher_free(httpd->matcher);
    free(httpd);
}
