#pragma once
/* The connections and their deadlines.
 *
 * libmicrohttpd's own time-out begins anew with each byte, so a client that sends one a second
 * keeps its connection for ever. Here every phase of a connection has one deadline from its start;
 * a thread looks through the connections a few times a second and shuts down what is late (the
 * event loop then sees the end of the stream and closes).
 *
 * Threads: a link belongs to the event loop of its connection, which alone moves its phase;
 * the reaper only takes LINK_WAITING and LINK_READING away, by compare and swap, and the loop finds
 * out at its next step.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum link_phase {
    LINK_WAITING,   /* for a request line */
    LINK_READING,   /* headers or body */
    LINK_ANSWERING, /* the handler has it (no deadline), or the answer is being taken */
    LINK_REAPED,
};

struct exchange;

struct link {
    struct link *before, *after;
    int fd;
    uint64_t serial, n_requests;
    _Atomic int phase;
    _Atomic int64_t deadline_ns; /* monotonic; INT64_MAX: none */
    struct exchange *begun;      /* the loop's: a request whose end has not been told yet */
};

struct reaper;

/* `on_reaped` is called for each connection in LINK_READING that is cut, from the reaper's thread,
 * while its descriptor is still open. */
enum status reaper_start(int64_t tick_ms, void (*on_reaped)(void *context, struct link *link),
                         void *context, struct reaper **ret_reaper);

/* Joins. All links must be gone. NULL is fine. */
void reaper_stop(struct reaper *reaper);

/* A new connection, LINK_WAITING; NULL without memory. */
struct link *reaper_add(struct reaper *reaper, int fd, int64_t deadline_ns);

/* Before the descriptor is closed; frees the link. */
void reaper_remove(struct reaper *reaper, struct link *link);

/* Moves the phase; false when the reaper was faster: the connection must be dropped. */
bool link_enter(struct link *link, enum link_phase phase, int64_t deadline_ns);

/* The same phase, another deadline. */
void link_set_deadline(struct link *link, int64_t deadline_ns);

size_t reaper_count(struct reaper *reaper);

/* Connections in LINK_ANSWERING. */
size_t reaper_count_answering(struct reaper *reaper);
