#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/report.h"

enum { ANSWER_BYTES = 16384, PORT_TEXT = 24 };

/* An address that means "all of them" is asked on loopback. */
static const char *reachable(const char *address)
{
    if (strcmp(address, "0.0.0.0") == 0)
        return "127.0.0.1";
    return strcmp(address, "::") == 0 ? "::1" : address;
}

static enum status connect_to(const char *host, const char *port, double timeout_s, int *ret_fd,
                              struct error *reterr)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    const int failure = getaddrinfo(host, port, &hints, &found);
    if (failure)
        return error_set(reterr, STATUS_IO, "%s: %s", host, gai_strerror(failure));
    const struct timeval timeout = {
        .tv_sec = (time_t)timeout_s,
        .tv_usec = (suseconds_t)((timeout_s - (double)(time_t)timeout_s) * 1e6)};
    enum status status = STATUS_IO;
    for (const struct addrinfo *a = found; a && status != STATUS_OK; a = a->ai_next) {
        const int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
        if (fd < 0)
            continue;
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
        if (connect(fd, a->ai_addr, a->ai_addrlen) == 0) {
            *ret_fd = fd;
            status = STATUS_OK;
        } else {
            error_set_errno(reterr, errno, "no daemon answers at %s port %s", host, port);
            close(fd);
        }
    }
    freeaddrinfo(found);
    return status;
}

static enum status exchange(int fd, const char *host, char answer[ANSWER_BYTES],
                            struct error *reterr)
{
    char request[512];
    const int length =
        snprintf(request, sizeof request,
                 "GET /readyz HTTP/1.1\r\nHost: %.200s\r\nConnection: close\r\n\r\n", host);
    if (send(fd, request, (size_t)length, MSG_NOSIGNAL) != length)
        return error_set_errno(reterr, errno, "asking the daemon");
    size_t used = 0;
    while (used < ANSWER_BYTES - 1) {
        const ssize_t n = recv(fd, answer + used, ANSWER_BYTES - 1 - used, 0);
        if (n < 0)
            return error_set_errno(reterr, errno, "the daemon does not answer");
        if (n == 0)
            break;
        used += (size_t)n;
    }
    answer[used] = '\0';
    return STATUS_OK;
}

static enum status ask(const struct settings *settings, double timeout_s, struct error *reterr)
{
    char port[PORT_TEXT], answer[ANSWER_BYTES];
    const char *host = reachable(settings->server.address);
    int fd = -1;
    snprintf(port, sizeof port, "%" PRId64, settings->server.port);
    enum status status = connect_to(host, port, timeout_s, &fd, reterr);
    if (status != STATUS_OK)
        return status;
    status = exchange(fd, host, answer, reterr);
    close(fd);
    if (status != STATUS_OK)
        return status;
    const char *body = strstr(answer, "\r\n\r\n");
    const bool ready = strncmp(answer, "HTTP/1.1 200", 12) == 0;
    if (!ready)
        return error_set(reterr, STATUS_BUSY, "not ready: %.300s", body ? body + 4 : answer);
    if (body)
        printf("%s\n", body + 4);
    return STATUS_OK;
}

int command_health(const struct invocation *invocation)
{
    struct error err = {0};
    struct settings settings;
    enum status status = configuration_read(invocation, NULL, &settings, &err);
    if (status == STATUS_OK)
        status = ask(&settings, invocation_real(invocation, "timeout"), &err);
    settings_free(&settings);
    return status == STATUS_OK ? EXIT_DONE : report_failure(&err);
}
