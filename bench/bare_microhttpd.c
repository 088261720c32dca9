/* libmicrohttpd and nothing else: what the HTTP layer's throughput is compared with.
 *
 *     bare_microhttpd PORT    answers 600 bytes to every GET, epoll, two threads, until end of
 * input
 *
 * Like the daemon it answers in the access handler's second call; in the first the connection
 * would be closed.
 */
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BODY_BYTES = 600, THREADS = 2 };

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
    struct MHD_Response *response =
        MHD_create_response_from_buffer(BODY_BYTES, context, MHD_RESPMEM_PERSISTENT);
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, "Content-Type", "text/plain");
    const enum MHD_Result queued = MHD_queue_response(connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return queued;
}

int main(int argc, char **argv)
{
    char body[BODY_BYTES];
    memset(body, 'x', sizeof body);
    const unsigned long port = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
    if (port == 0 || port > 65535) {
        fprintf(stderr, "usage: bare_microhttpd PORT\n");
        return 2;
    }
    struct MHD_Daemon *daemon =
        MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, (uint16_t)port, NULL, NULL, answer, body,
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
