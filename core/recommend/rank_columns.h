#pragma once
/* What the columns of a ranker's spec are, and how a row for it is made: of rank_values, of what
 * further retrievers think, and of facts about the item, the user and the request. The one way for
 * training rows and for answers.
 */
#include "data/features/features.h"
#include "data/features/frame.h"
#include "recommend/facts.h"
#include "recommend/rank_values.h"

enum { RANKER_COLUMNS_MAX = 64 };

enum rank_source { RANK_OF_ITEM, RANK_OF_USER, RANK_OF_CONTEXT, RANK_FACTS };

/* Of one column: a number or a list of rank_values, a fact, or the label. */
struct rank_column {
    enum { RANK_LABEL, RANK_NUMBER, RANK_LIST, RANK_FACT } kind;
    enum rank_source source; /* FACT */
    uint8_t value;           /* NUMBER: its place in a row; LIST: which of rank_values */
    const char *name;        /* the spec's */
    bool number;             /* it is read as a number */
    bool list;               /* all that use it take lists */
};

struct rank_columns {
    uint32_t n;
    struct rank_column of[RANKER_COLUMNS_MAX];
    struct fact_names names[RANK_FACTS]; /* the spec's texts: they live as long as it */
    struct rank_others others;           /* whose scores and ranks are asked for */
};

/* Checks that a spec is a ranker's. NOT_FOUND with the nearest name for a column that is none;
 * MALFORMED for a spec without the label `chosen`, with a weight, or with a list that is read
 * as a number or as one text. */
enum status rank_columns_of(const struct feature_spec *spec, struct rank_columns *ret_columns,
                            struct error *reterr);

/* Where each column's fact stands in the records at hand. */
struct rank_binding {
    const struct rank_columns *columns;
    uint32_t at[RANKER_COLUMNS_MAX];
    bool skipped[RANKER_COLUMNS_MAX]; /* of a row that follows */
};
struct rank_binding rank_bind(const struct rank_columns *columns,
                              const struct fact_names *const names[RANK_FACTS]);

struct rank_row {
    const struct rank_moment *moment;
    uint32_t item;
    const float *numbers;                 /* [rank_width of the columns' others] */
    struct fact_record facts[RANK_FACTS]; /* with the names that were bound */
    float label;                          /* looked at by labelled frames */
    bool follows;                         /* see rank_numbers_put */
};

/* Adds it to a frame of the spec's features. Fails as frame_add does: too many different texts
 * while learning, or for want of memory. */
enum status rank_row_add(const struct rank_binding *binding, struct frame *frame,
                         const struct rank_row *row, struct error *reterr);

/* For the rows of one moment, user and context, in a frame of its own that takes them
 * (frame_add_like_last): with `follows` in all but the first only what is the item's is read, and
 * numbers are put for all rows at the end: numbers[rows x width] of a rank_table. */
void rank_numbers_put(const struct rank_binding *binding, struct frame *frame, const float *numbers,
                      uint32_t width);
