#pragma once
/* A round as TensorBoard shows it: an observer that writes what it hears into a run directory of
 * its own ("round-000012"), with a layout for the page of custom scalars, and passes everything on.
 */
#include "base/observer.h"
#include "base/op_graph.h"
#include "board/board.h"
#include "train/round.h"
#include "train/score_pictures.h"

#define WATCH_RUN_PREFIX "round-"

enum { WATCH_FILES_MAX = 600 }; /* event files of all rounds */

struct watch {
    struct observer observer; /* hand this to the work */
    const struct observer *next;
    struct board_run *run;          /* NULL: only passes on */
    struct score_pictures pictures; /* of the ranker's last scores */
    struct op_graph graph;          /* of all models so far: the page shows one of a run */
};

/* board may be NULL. costs_every as in struct observer, where there is a board. `next` hears
 * everything too, decides about stopping, and may be NULL; both outlive the watch. */
void watch_start(struct watch *watch, struct board *board, uint32_t version, int64_t costs_every,
                 const struct observer *next);

/* Closes the run: the verdict and the report as text. result is NULL where there was no round. */
void watch_finish(struct watch *watch, const struct round_result *result, enum status status);
