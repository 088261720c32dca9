/* libmicrohttpd and nothing else: what the HTTP layer's throughput is compared with.
 *
 *     bare_microhttpd PORT [FILE]    answers the file's bytes, or 600 of its own, to every GET;
 *                                    epoll, two threads, until end of input
 *
 * Like the daemon it answers in the access handler's second call; in the first the connection
 * would be closed.
 */
#include <microhttpd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BODY_BYTES = 600, BODY_BYTES_MAX = 1 << 20, THREADS = 2 };

struct body {
    char bytes[BODY_BYTES_MAX];
    size_t size;
};

static const char first_call;

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *bytes,
                              size_t *size, void **state)
{
    (void)url, (void)method, (void)version, (void)bytes;
    if (!*state) {
        *state = (void *)&first_call;
        return MHD_YES;
    }
    *size = 0;
    struct body *body = context;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(body->size, body->bytes, MHD_RESPMEM_PERSISTENT);
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, "Content-Type", "text/plain");
    const enum MHD_Result queued = MHD_queue_response(connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return queued;
}

static bool read_body(const char *path, struct body *body)
{
    memset(body->bytes, 'x', BODY_BYTES);
    body->size = BODY_BYTES;
    if (!path)
        return true;
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    body->size = fread(body->bytes, 1, sizeof body->bytes, file);
    return fclose(file) == 0 && body->size > 0;
}

int main(int argc, char **argv)
{
    static struct body body;
    const unsigned long port = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
    if (port == 0 || port > 65535) {
        fprintf(stderr, "usage: bare_microhttpd PORT [FILE]\n");
        return 2;
    }
    if (!read_body(argc > 2 ? argv[2] : NULL, &body)) {
        fprintf(stderr, "cannot read %s\n", argv[2]);
        return 1;
    }
    struct MHD_Daemon *daemon =
        MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, (uint16_t)port, NULL, NULL, answer, &body,
                         MHD_OPTION_THREAD_POOL_SIZE, (unsigned)THREADS, MHD_OPTION_END);
    if (!daemon) {
        fprintf(stderr, "cannot listen on port %lu\n", port);
        return 1;
    }
    while (getchar() != EOF)
        continue;
    MHD_stop_daemon(daemon);
    return 0;
}
