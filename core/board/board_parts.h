#pragma once
/* The state of a board, shared by board.c and board_values.c and by nothing else. */
#include <pthread.h>

#include "base/buffer.h"
#include "base/idmap.h"
#include "board/board.h"
#include "board/names.h"

struct board {
    char *logdir;
    int lock_fd;
    pthread_mutex_t mutex; /* guards all that follows */
    struct board_run *runs;
    struct error err; /* why writing began to fail */
    bool failing;     /* since then no run was opened */
    bool told;
    uint64_t failures;
};

enum tag_kind {
    TAG_SCALAR,
    TAG_TEXT,
    TAG_HISTOGRAM,
    TAG_PR_CURVE,
    TAG_IMAGE,
    TAG_TRIAL,
    TAG_LAYOUT,
    TAG_GRAPH,
    TAG_COSTS
};

struct tag {
    int64_t last_step;
    enum tag_kind kind;
    bool described; /* its metadata is in this file */
    bool gathered;  /* is in the event that is being gathered */
};

struct board_run {
    struct board *board;
    struct board_run *next;
    char name[RUN_NAME_BYTES_MAX + 1];
    int fd; /* -1 once the run has gone quiet */
    uint64_t size;
    int64_t first_step;
    struct idmap tag_names;
    struct tag *tags; /* [tag_names.count] */
    size_t tags_capacity;
    struct buffer event, record; /* scratch */
    /* the scalars that will be one event */
    struct buffer values;
    uint32_t gathered[BOARD_BATCH_MAX]; /* their tags */
    size_t n_gathered;
    int64_t asked_step, step; /* as the caller gave it; as it will be written */
    double wall_time;
};

void board_note_failure(struct board *board, const struct error *err);

/* Frames run->event and writes it. */
void board_write_event(struct board_run *run);

/* Before a value that is an event of its own: writes what is gathered, clears run->event and
 * returns the tag with its last_step at the value's (at least `step`) and its name cleaned. NULL
 * where nothing can be written; why is noted. */
struct tag *board_tag_begin(struct board_run *run, const char *tag, enum tag_kind kind,
                            int64_t step, char ret_name[TAG_BYTES_MAX + 1]);
