/* Posts interactions as fast as a server takes them: plain sockets, one connection a thread, each
 * waiting for its answer before it asks again.
 *
 *     ingest PORT EVENTS ARRAY THREADS [USERS ITEMS]    ARRAY: events in one request; 1: one object
 *
 * Prints one JSON line: events a second, requests, latencies, and answers other than 200.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/rng.h"
#include "base/text.h"

enum { THREADS_MAX = 256, ARRAY_MAX = 10000, HEAD_MAX = 65536, REQUESTS_MAX = 10000000 };

struct load {
    uint16_t port;
    int64_t events, array, threads, users, items;
};

struct poster {
    const struct load *load;
    pthread_t thread;
    unsigned number;
    int64_t requests;
    double *seconds; /* [requests] */
    int64_t refused;
    bool broke;
};

static int dial(uint16_t port)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    if (fd < 0)
        return -1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

static void write_body(const struct poster *p, struct rng *rng, struct buffer *body)
{
    const struct load *load = p->load;
    buffer_clear(body);
    if (load->array > 1)
        buffer_append_byte(body, '[');
    for (int64_t i = 0; i < load->array; i++)
        buffer_printf(body, "%s{\"user\":\"u%u\",\"item\":\"i%u\",\"type\":\"view\"}", i ? "," : "",
                      rng_below(rng, (uint32_t)load->users), rng_below(rng, (uint32_t)load->items));
    if (load->array > 1)
        buffer_append_byte(body, ']');
}

static bool send_all(int fd, const char *bytes, size_t size)
{
    while (size) {
        const ssize_t n = send(fd, bytes, size, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        bytes += n;
        size -= (size_t)n;
    }
    return true;
}

/* Reads one answer with a Content-Length; its status, or 0 when the connection broke. */
static int read_answer(int fd, struct buffer *answer)
{
    buffer_clear(answer);
    size_t wanted = 0;
    for (;;) {
        char *room = buffer_reserve(answer, HEAD_MAX);
        if (!room)
            return 0;
        const ssize_t n = recv(fd, room, HEAD_MAX, 0);
        if (n <= 0)
            return 0;
        answer->size += (size_t)n;
        answer->data[answer->size] = '\0';
        const char *end = strstr(answer->data, "\r\n\r\n");
        if (end && !wanted) {
            const char *length = strcasestr(answer->data, "\r\ncontent-length:");
            wanted = (size_t)(end + 4 - answer->data) +
                     (length ? strtoul(length + strlen("\r\ncontent-length:"), NULL, 10) : 0);
        }
        if (wanted && answer->size >= wanted)
            return atoi(answer->data + strlen("HTTP/1.1 "));
    }
}

static void *post_all(void *context)
{
    struct poster *p = context;
    struct rng rng = rng_seed(1, p->number);
    struct buffer body = {0}, request = {0}, answer = {0};
    const int fd = dial(p->load->port);
    p->broke = fd < 0;
    for (int64_t i = 0; i < p->requests && !p->broke; i++) {
        write_body(p, &rng, &body);
        buffer_clear(&request);
        buffer_printf(&request,
                      "POST /v1/interactions HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                      "application/json\r\nContent-Length: %zu\r\n\r\n",
                      body.size);
        buffer_append(&request, body.data, body.size);
        const int64_t started = clock_monotonic_ns();
        const int status = !request.failed && send_all(fd, request.data, request.size)
                               ? read_answer(fd, &answer)
                               : 0;
        p->seconds[i] = clock_seconds_since(started);
        p->broke = status == 0;
        p->refused += status != 200;
    }
    if (fd >= 0)
        close(fd);
    buffer_free(&body);
    buffer_free(&request);
    buffer_free(&answer);
    return NULL;
}

static int compare_seconds(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static int run(const struct load *load)
{
    struct poster posters[THREADS_MAX] = {0};
    const int64_t each = (load->events / load->array + load->threads - 1) / load->threads;
    double *seconds = calloc((size_t)(each * load->threads), sizeof *seconds);
    if (!seconds)
        return EXIT_FAILURE;
    const int64_t started = clock_monotonic_ns();
    for (unsigned t = 0; t < load->threads; t++) {
        posters[t] = (struct poster){
            .load = load, .number = t, .requests = each, .seconds = seconds + t * each};
        if (pthread_create(&posters[t].thread, NULL, post_all, &posters[t]) != 0)
            abort();
    }
    int64_t refused = 0;
    bool broke = false;
    for (unsigned t = 0; t < load->threads; t++) {
        pthread_join(posters[t].thread, NULL);
        refused += posters[t].refused;
        broke = broke || posters[t].broke;
    }
    const double took = clock_seconds_since(started);
    const size_t n = (size_t)(each * load->threads);
    qsort(seconds, n, sizeof *seconds, compare_seconds);
    printf("{\"events_per_second\": %.0f, \"requests\": %zu, \"p50_ms\": %.3f, \"p99_ms\": %.3f, "
           "\"refused\": %lld, \"broke\": %s}\n",
           (double)n * (double)load->array / took, n, seconds[n / 2] * 1e3,
           seconds[n * 99 / 100] * 1e3, (long long)refused, broke ? "true" : "false");
    free(seconds);
    return broke ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    int64_t values[6] = {0, 0, 1, 1, 10000, 2000};
    bool fine = argc >= 5 && argc <= 7;
    for (int i = 1; i < argc && fine; i++)
        fine = text_to_int64(argv[i], &values[i - 1]) == STATUS_OK && values[i - 1] > 0;
    fine = fine && values[0] <= UINT16_MAX && values[2] <= ARRAY_MAX && values[3] <= THREADS_MAX &&
           values[1] / values[2] <= REQUESTS_MAX && values[4] <= UINT32_MAX &&
           values[5] <= UINT32_MAX;
    if (!fine) {
        fprintf(stderr, "usage: ingest PORT EVENTS ARRAY THREADS [USERS ITEMS]\n");
        return 2;
    }
    const struct load load = {.port = (uint16_t)values[0],
                              .events = values[1],
                              .array = values[2],
                              .threads = values[3],
                              .users = values[4],
                              .items = values[5]};
    return run(&load);
}
