#pragma once
/* The users of a round as points that TensorBoard's projector shows, the run "users-000012"
 * (train/watch_points.h): only where an operator asks for it, because ids, and what a vector tells
 * of somebody, then lie in a directory that others may read.
 *
 * The vectors are those by which the model that answers ranks items for them, scaled to length 1.
 * Beside each stand the user's id, the first category that most of the items touched have, and how
 * many items that are. Guests are left out.
 *
 * A run goes when somebody is erased from its snapshot, and with its snapshot. What TensorBoard has
 * read by then it keeps until it is started again.
 */
#include "board/board.h"

#define WATCH_USERS_PREFIX "users-"

/* Of the stored snapshot, at most users_max users: those who have touched the most items (0:
 * nothing is written, and runs of other rounds go). Then removes older runs, to WATCH_POINTS_KEPT
 * and bytes_max of them. Nobody may erase users from the snapshot meanwhile. OK also where there is
 * nothing to show, as watch_items; otherwise as snapshot_load and projector_write. */
enum status watch_users(struct board *board, const char *snapshots, uint32_t version,
                        uint32_t users_max, uint64_t bytes_max, struct error *reterr);

/* Removes the run of a snapshot from which somebody is erased; fine when there is none. */
enum status watch_users_forget(const char *logdir, uint32_t version, struct error *reterr);

/* Removes the runs whose snapshots are not among versions[n]; fine where there is no logdir. */
enum status watch_users_keep(const char *logdir, const uint32_t *versions, size_t n,
                             struct error *reterr);
