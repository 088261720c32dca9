#include "server/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 1024 };

bool listener_is_loopback(const char *address)
{
    struct in_addr four;
    struct in6_addr six;
    if (inet_pton(AF_INET, address, &four) == 1)
        return ntohl(four.s_addr) >> 24 == 127;
    if (inet_pton(AF_INET6, address, &six) == 1)
        return IN6_IS_ADDR_LOOPBACK(&six);
    return strcmp(address, "localhost") == 0;
}

static int open_socket(const struct addrinfo *info)
{
    const int on = 1, off = 0;
    const int fd = socket(info->ai_family, info->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (info->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    const int why = errno;
    close(fd);
    errno = why;
    return -1;
}

static unsigned bound_port(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
    } name = {0};
    socklen_t length = sizeof name;
    if (getsockname(fd, &name.any, &length) != 0)
        return 0;
    return ntohs(name.any.sa_family == AF_INET6 ? name.six.sin6_port : name.four.sin_port);
}

enum status listener_open(const char *address, unsigned port, int *ret_fd, unsigned *ret_port,
                          struct error *reterr)
{
    char service[16];
    snprintf(service, sizeof service, "%u", port);
    const struct addrinfo hints = {.ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM};
    struct addrinfo *all = NULL;
    const int failed = getaddrinfo(address, service, &hints, &all);
    if (failed)
        return error_set(reterr, STATUS_IO, "cannot listen on %s port %u: %s", address, port,
                         gai_strerror(failed));
    int fd = -1;
    for (const struct addrinfo *info = all; info && fd < 0; info = info->ai_next)
        fd = open_socket(info);
    const int why = errno;
    freeaddrinfo(all);
    if (fd < 0)
        return error_set(reterr, STATUS_IO, "cannot listen on %s port %u: %s", address, port,
                         strerror(why));
    *ret_fd = fd;
    *ret_port = bound_port(fd);
    return STATUS_OK;
}
