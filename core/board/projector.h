#pragma once
/* Vectors that TensorBoard's projector shows: a run directory of its own with `tensors.tsv` (a row
 * a line), `metadata.tsv` (what each row is called), `projector_config.pbtxt`, and an event file.
 *
 * TensorBoard reads a configuration anew only when the set of runs changes, and keeps a tensor that
 * it has once read. So each state of the vectors is a new run, and the event file, by which a run
 * is found, comes last: whoever finds the run finds all of it. Nothing is synced: a power cut may
 * leave the newest run empty.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/status.h"
#include "board/board.h"

enum {
    PROJECTOR_ROWS_MAX = 100000,    /* TensorBoard shows no more */
    PROJECTOR_CELL_BYTES_MAX = 200, /* longer ones are cut */
};

/* What is shown. Borrowed for the call. */
struct projector {
    const char *name; /* of the tensor; cleaned as the name of a run is */
    uint32_t n, d;    /* 1 .. PROJECTOR_ROWS_MAX rows, of d >= 1 numbers */
    size_t width;     /* floats from one row to the next, at least d */
    const float *vectors;
    bool
        unit; /* no number is beyond -1 .. 1: four decimals are written, not all that a float has */
    const char *const *columns; /* [n_columns] titles; with one column there is no header line */
    uint32_t n_columns;         /* at least 1; the first is the label */
    /* Appends the text of a cell, any bytes; what would break a line or is not UTF-8 is replaced,
     * and nothing becomes "-". */
    void (*cell)(void *context, uint32_t row, uint32_t column, struct buffer *out);
    void *context;
};

/* Writes the run `run` (cleaned, board/names.h) with the step that its values belong to.
 * OUT_OF_RANGE without rows or for what is not finite, TOO_LARGE for too many rows, CONFLICT when
 * the run has vectors already; otherwise as the file system says. The caller decides whether that
 * is a failure: nothing else of the board is touched. */
enum status projector_write(struct board *board, const char *run, int64_t step,
                            const struct projector *projector, struct error *reterr);
