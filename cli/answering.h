#pragma once
/* Answers at the terminal, made as the daemon makes them: the active snapshot with everything that
 * the store has got since. */
#include "base/buffer.h"
#include "cli/context.h"
#include "recommend/live.h"
#include "recommend/recommend.h"
#include "train/snapshot.h"

struct answering {
    struct snapshot *snapshot;
    struct live *live;
    struct live_view view;
    bool viewed;
};

/* context: opened with CONTEXT_READ. Close in any case. */
enum status answering_open(struct context *context, struct answering *ret_answering,
                           struct error *reterr);
void answering_close(struct answering *answering);

/* The item's title, or "". From the arena; NULL when memory is out. */
const char *answering_title(const struct answering *answering, uint32_t item, struct arena *arena);
