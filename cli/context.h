#pragma once
/* What most subcommands begin with: the settings in force and the store of the data directory. */
#include "base/file.h"
#include "cli/command.h"
#include "data/settings.h"
#include "data/store.h"

struct context {
    struct settings settings;
    struct event_types types; /* bound to the store's codes */
    struct store *store;
    char snapshots[PATH_BYTES_MAX];
};

enum context_mode {
    CONTEXT_READ,   /* the store must be there; the error says how to begin otherwise */
    CONTEXT_CHANGE, /* the same, opened for writing */
    CONTEXT_MAKE,   /* opened for writing, made where there is none */
};

/* A store with an older schema is refused in every mode: only `migrate up` and `serve` bring it up
 * to date. Close in any case. */
enum status context_open(const struct invocation *invocation, enum context_mode mode,
                         struct context *ret_context, struct error *reterr);

/* The same with settings that were read already, which are taken over. */
enum status context_open_with(struct settings *settings, enum context_mode mode,
                              struct context *ret_context, struct error *reterr);
void context_close(struct context *context);

/* True when a daemon has the data directory. */
bool context_has_daemon(const struct context *context);

/* Removes the oldest snapshots until at most `keep` are there, never the one that serves, and has
 * the store say so. */
enum status context_prune(struct context *context, size_t keep, struct error *reterr);

enum status active_version(struct store *store, uint32_t *ret_version, struct error *reterr);
