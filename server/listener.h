#pragma once
/* A listening TCP socket. */
#include <stdbool.h>

#include "base/status.h"

/* True for 127.0.0.0/8, ::1 and "localhost". */
bool listener_is_loopback(const char *address);

/* Binds and listens; port 0 takes a free one. `address` is numeric or a name that the host knows;
 * "::" takes IPv4 as well. The descriptor is the caller's (close). IO names address and port. */
enum status listener_open(const char *address, unsigned port, int *ret_fd, unsigned *ret_port,
                          struct error *reterr);
