#pragma once
/* A TensorBoard log directory being written.
 *
 * A board is one log directory; a run is one directory in it with one event file that this process
 * appends to, a record in one write() each. Whoever watches may read at any time.
 *
 * Writing must never harm what is being watched. So nothing here waits, and nothing but board_open
 * returns an error: the first failure is kept for board_take_error, the run that failed goes quiet,
 * and every function takes a NULL board or run and does nothing. A run that fails is cut back to
 * its last whole record.
 *
 * Steps rise strictly within a tag of a run, because readers forget what lies at or after a step
 * that comes again. A point at or before its tag's last step is moved to the step after it: no
 * point is lost, and what was shown stays. Across restarts the caller keeps the counter:
 * first_step.
 *
 * An existing event file is never appended to, since it may end in half a record after a crash:
 * each board_run_open starts a new file, named so that it sorts after all others of its run.
 *
 * Life cycle: board_open, board_run_open, values, board_run_close, board_close (which closes the
 * runs that are still open). Threads: a run has one user at a time; a board any number.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/op_graph.h"
#include "base/status.h"
#include "board/summary.h"

enum {
    BOARD_RUN_BYTES_MAX = 64 << 20,  /* of one event file; then the run goes quiet */
    BOARD_RUN_FILES_MAX = 256,       /* readers keep a descriptor for each */
    BOARD_TAGS_MAX = 4096,           /* of one run */
    BOARD_BATCH_MAX = 64,            /* scalars in one event */
    BOARD_TEXT_BYTES_MAX = 64 << 10, /* longer texts are cut */
    BOARD_IMAGES_MAX = 16,           /* of one step */
    BOARD_IMAGE_BYTES_MAX = 4 << 20  /* of one step */
};

/* Steps after this one, the last that a browser can tell from the next, are refused. */
#define BOARD_STEP_MAX (INT64_C(1) << 53)

struct board;
struct board_run;

/* Makes the directory and locks it for this process. BUSY when another process (or another board of
 * this one) writes there; CONFLICT when logdir is a file; otherwise as the file system says. */
enum status board_open(const char *logdir, struct board **ret_board, struct error *reterr);
void board_close(struct board *board);

/* Starts a new event file in the run's directory (the name as run_name_clean makes it), whose steps
 * begin at first_step: greater than every step that the run was given before, 0 for a new one.
 * NULL when that failed, or when the run is open already. */
struct board_run *board_run_open(struct board *board, const char *name, int64_t first_step);
void board_run_close(struct board_run *run);

/* A point of a curve, stored as float. Points of one step that follow each other become one event
 * (half the bytes); it is written when a point of another step comes, and by board_flush. NaN and
 * infinities are allowed. Tags as tag_clean makes them. */
void board_scalar(struct board_run *run, const char *tag, int64_t step, double value);

/* A text, shown as Markdown. A tag holds one kind of value. */
void board_text(struct board_run *run, const char *tag, int64_t step, const char *markdown);

/* How values[n] are distributed; what is not finite is left out, and nothing is written where
 * nothing is finite. */
void board_histogram(struct board_run *run, const char *tag, int64_t step, const float *values,
                     size_t n);

/* Precision and recall by threshold, of scores[n] as in pr_curve_of. */
void board_pr_curve(struct board_run *run, const char *tag, int64_t step, const float *scores,
                    const float *labels, const float *weights, size_t n);

/* Pictures of one step, pictures[n], n at most BOARD_IMAGES_MAX: PNG files of one size, together at
 * most BOARD_IMAGE_BYTES_MAX. Others are refused, which is noted as a failure of writing is. */
void board_image(struct board_run *run, const char *tag, int64_t step,
                 const struct board_picture *pictures, size_t n);

/* What the run was made with, as a row of the HParams page: once at the beginning, and how it
 * ended. The first start that a reader sees of a run is the one that counts. */
void board_trial_start(struct board_run *run, const struct hparam *hparams, size_t n,
                       const char *group);
void board_trial_end(struct board_run *run, bool succeeded);

/* What the page of custom scalars shows, of all runs. */
void board_layout(struct board_run *run, const struct board_category *categories, size_t n);

/* The operations of what is being trained. A run shows the last. */
void board_graph(struct board_run *run, const struct op_graph *graph);

/* What the operations of one step of learning cost, costs[graph->n], for the graph page to colour
 * by: names are as in the graph that the run shows. A tag ("pass 1") is one step: the first counts,
 * others of it are left out. */
void board_costs(struct board_run *run, const char *tag, int64_t step, const struct op_graph *graph,
                 const struct op_cost *costs);

/* Writes what is still gathered: at the end of an epoch, say. */
void board_flush(struct board_run *run);

/* Removes the oldest runs whose names are `prefix` and a number or date, until at most `keep` are
 * there. They are ordered by name (board/listing.h), whatever the clock said. Left alone: open runs
 * (they count), other names, directories without event files, symbolic links. */
void board_prune(struct board *board, const char *prefix, size_t keep);

/* Removes the oldest of these runs until they hold at most bytes_max bytes and at most files_max
 * event files together (readers keep a descriptor for each: stay well below 1,000 in all). The
 * newest stays whatever its size; left alone is what board_prune leaves alone. */
void board_prune_size(struct board *board, const char *prefix, uint64_t bytes_max,
                      size_t files_max);

/* True once for each time that writing began to fail: the caller says so. */
bool board_take_error(struct board *board, struct error *ret_error);

/* How many values, files or removals failed so far, told or not. */
uint64_t board_failures(struct board *board);
