#pragma once
/* Vectors of a round that TensorBoard's projector shows: a run of their own for each round,
 * "items-000012", because the projector keeps what it has once read.
 */
#include "board/board.h"
#include "board/projector.h"

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
