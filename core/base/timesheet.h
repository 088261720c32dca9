#pragma once
/* Laps of work that several threads share: each worker books on a row of its own, and what a part
 * took is the sum of the column.
 *
 * Open while a step is measured. Laps of an empty or closed sheet are NULL, which cost a branch
 * each (base/laps.h). Whoever starts the parallel loops may book between them, on row 0.
 */
#include <stdbool.h>

#include "base/laps.h"

/* Zero: empty, for nobody who measures. */
struct timesheet {
    int64_t *ns; /* [n_workers x n_parts] */
    size_t n_workers, n_parts;
    int64_t n_steps; /* measured since it was cleared */
    bool open;
};

/* Memory for n_workers >= 1 rows; out of it the sheet stays empty. */
void timesheet_init(struct timesheet *sheet, size_t n_workers, size_t n_parts);
void timesheet_free(struct timesheet *sheet);

/* Around a step that is measured, while no worker runs. */
void timesheet_open(struct timesheet *sheet);
void timesheet_close(struct timesheet *sheet);

/* Begins laps of this worker in *laps and returns it; NULL where nothing is measured. */
static inline struct laps *timesheet_laps(const struct timesheet *sheet, size_t worker,
                                          struct laps *laps)
{
    if (!sheet->open)
        return NULL;
    laps->ns = sheet->ns + worker * sheet->n_parts;
    laps_begin(laps);
    return laps;
}

/* CPU time of a part, of all workers together, in the mean of the steps; 0 without any. */
int64_t timesheet_mean_ns(const struct timesheet *sheet, size_t part);

/* Forgets what was measured. */
void timesheet_clear(struct timesheet *sheet);
