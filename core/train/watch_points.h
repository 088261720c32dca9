#pragma once
/* Vectors of a round that TensorBoard's projector shows: a run of their own for each round,
 * "items-000012", because the projector keeps what it has once read.
 */
#include "board/board.h"
#include "board/projector.h"
#include "train/snapshot.h"

enum {
    WATCH_POINTS_KEPT = 3,            /* of the runs of one kind */
    WATCH_POINTS_BYTES_MAX = 8 << 20, /* of the vectors of one, as text */
};

/* A choice of rows, of users or of items, by how many touches each has. */
struct watch_choice {
    uint32_t touches, number;
};

/* Puts first the up to `most` of choices[n] with the most touches, of as many the lower number, and
 * returns how many have any; no more than the projector and WATCH_POINTS_BYTES_MAX take of rows of
 * d floats. */
uint32_t watch_choose(struct watch_choice *choices, uint32_t n, uint32_t most, uint32_t d);

/* The run <prefix><version> of rows of length at most 1; no rows: none is written. As
 * projector_write. */
enum status watch_points_write(struct board *board, const char *prefix, uint32_t version,
                               const struct projector *points, struct error *reterr);

/* Removes older runs, to WATCH_POINTS_KEPT and bytes_max of them. */
void watch_points_prune(struct board *board, const char *prefix, uint64_t bytes_max);

/* Writes the run of a snapshot, by watch_points_write, of at most `most` rows. */
typedef enum status (*watch_projection)(const struct snapshot *snapshot, struct board *board,
                                        uint32_t most, struct error *reterr);

/* Projects the stored snapshot, then prunes the runs of the prefix. OK without board or snapshot;
 * otherwise as snapshot_load and `project`. */
enum status watch_points_show(struct board *board, const char *prefix, const char *snapshots,
                              uint32_t version, watch_projection project, uint32_t most,
                              uint64_t bytes_max, struct error *reterr);
