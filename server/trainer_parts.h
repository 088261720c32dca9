#pragma once
/* The state of the trainer, shared by the files of trainer.h and by nothing else. */
#include <pthread.h>
#include <stdatomic.h>

#include "board/board.h"
#include "server/site_parts.h"

enum {
    TRAINER_PHASE_MAX = 64,
    TRAINER_REASON_MAX = 512,
    TRAINER_VERSIONS_MAX = 1024 /* above the most that training.keep allows */
};

struct round_state {
    bool running;
    uint32_t version;
    char phase[TRAINER_PHASE_MAX];
    double share;
    int64_t epoch;
    double loss; /* NaN: none yet */
    int64_t started_ms, phase_started_ns;
};

struct last_round {
    uint32_t version; /* 0: none yet */
    const char *state;
    char reason[TRAINER_REASON_MAX];
    int64_t finished_ms;
};

struct trainer {
    struct site *site;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wakes;
    bool wanted, ends;
    struct round_state now; /* under mutex, as the next two */
    struct last_round last;
    _Atomic bool stop;
    /* the thread's own */
    struct store *store;
    struct board *board;
    struct parallel *pool; /* of the running round */
    int64_t pool_started_ns, judged_ns, last_round_ns;
    bool asked_at_start;
    uint32_t tried_on;     /* the version that served when the last round began */
    uint64_t n_tried;      /* events after it at that time */
    uint64_t data_version; /* of the store, at the last look */
    uint32_t given_up;     /* a version that could not be loaded */
};

uint32_t trainer_serving_version(struct site *site);

/* trainer_follow.c: takes over what another process has activated; ends, in the store, the rounds
 * that an earlier process did not. */
void trainer_follow_store(struct trainer *trainer);
enum status trainer_end_interrupted(void *context, struct store *store, struct error *reterr);
