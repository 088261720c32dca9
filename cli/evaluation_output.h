#pragma once
/* What `evaluate` leaves behind: tables, per-user figures, the parts of the data. */
#include <stdio.h>

#include "cli/evaluation_data.h"
#include "eval/evaluate.h"
#include "eval/ranker_fit.h"

/* Three tables: the figures, the differences between models, the slices. */
enum status evaluation_print(const struct report *report, const char *split, FILE *out);

/* CSV: user, history, model, then each metric at each k. */
enum status evaluation_write_users(const struct report *report, const struct dataset *dataset,
                                   const char *path, struct error *reterr);

/* <folder>/train.csv and test.csv: user,item,type,timestamp,rating of every event of that part, as
 * `import csv` and `evaluate --format csv` read them. Only for data that was split. */
enum status evaluation_write_parts(const struct evaluation_data *data, const char *folder,
                                   struct error *reterr);

/* A few lines on the rows that a ranker learnt from, how well it orders them, and how the features
 * of its retriever have shifted since (NULL: not measured). */
void evaluation_print_ranking(const char *name, const struct ranker_fit_report *report,
                              const struct ranker_shift *shift, FILE *out);

/* {"name", "rows", "positives", "moments", "wanted", "auc", "auc_of_retriever", "shift"} */
void evaluation_append_ranking(const char *name, const struct ranker_fit_report *report,
                               const struct ranker_shift *shift, struct buffer *out);
