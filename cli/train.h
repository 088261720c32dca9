#pragma once
/* One training round on a store, shared by `train` and `demo`. */
#include "base/observer.h"
#include "cli/context.h"
#include "train/round.h"

struct train_outcome {
    uint32_t version;
    struct round_result result;
};

/* Records the round in the store, runs it, makes its snapshot active when the gate lets it, removes
 * snapshots beyond training.keep. context: opened with CONTEXT_CHANGE. A refused round is OK with
 * result.published false. Free the result in any case. */
enum status train_run(struct context *context, const struct observer *observer,
                      struct train_outcome *ret_outcome, struct error *reterr);
