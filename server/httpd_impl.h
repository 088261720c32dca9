#pragma once
/* What the files of the HTTP layer share: the daemon itself. Private to the HTTP layer. */
#include <stdatomic.h>
#include <stdint.h>

#include "server/auth.h"
#include "server/counters.h"
#include "server/exchange.h"
#include "server/httpd.h"
#include "server/match.h"
#include "server/reaper.h"
#include "server/workers.h"

struct MHD_Daemon;

struct httpd {
    const struct settings *settings;
    struct site *site;
    const struct route *routes;
    struct matcher *matcher;
    struct keyring *keyring;
    struct counters *counters;
    struct workers *workers;
    struct reaper *reaper;
    struct parking *parking;
    struct MHD_Daemon *daemon;
    int listen_fd; /* -1: closed, or libmicrohttpd's */
    unsigned port;
    uint64_t seed; /* of the request ids that are made here */
    _Atomic bool is_stopping;
    _Atomic int64_t body_bytes; /* of all bodies that are being read or handled */
    int64_t body_bytes_max;
};

/* `timeout_ms` from now, monotonic; 0: never. */
int64_t httpd_deadline(int64_t timeout_ms);
