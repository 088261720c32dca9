#pragma once
/* Which lists of shown items a ranker learns from, and which ones tell whether its chances are
 * right.
 *
 * Time is cut once for all users: T1 is when half of all events had happened, or the first list was
 * shown if that was later; T2 is when 70 % of the lists after T1 were. The retriever of the rows
 * knows no event from T1 on. Lists in [T1, T2) are for the rows, but for those whose window reaches
 * into what is held of their user; lists from T2 + IMPRESSION_WINDOW_MS on, of which the ranker has
 * seen neither list nor choice, are for calibration.
 */
#include "eval/impressions.h"

enum {
    SHOWN_LISTS_MIN = 1000, /* whose window is over; fewer: rows are drawn from candidates */
    SHOWN_CHOSEN_MIN = 100, /* chosen items among the rows */
    SHOWN_LATER_MIN = 25    /* chosen items in each half of the lists for calibration */
};

struct shown_plan {
    int64_t t1_ms, t2_ms;
    uint32_t *train, n_train; /* lists, rising; at most so many items in all as asked for */
    uint32_t *later, n_later;
};

/* OUT_OF_RANGE: too few lists, with the numbers; NO_MEMORY. held may be NULL. */
enum status shown_plan_make(const struct dataset *dataset, const struct bitmap *held,
                            const struct impressions *lists, uint32_t items_max,
                            struct shown_plan *ret_plan, struct error *reterr);
void shown_plan_free(struct shown_plan *plan);
