#pragma once
/* A ranker's spec and what it says of the predictor, checked before there are rows. */
#include "data/features/spec.h"
#include "models/predictor.h"
#include "recommend/rank_columns.h"

/* The spec from a file, or for "" the program's own, with all that can be checked before there are
 * rows: its columns (rank_columns_of) and the options of the predictor (NULL: the one that it
 * names). A line that begins with score.* or rank.* stands for one of each of the others (NULL:
 * of none), and so it reads in the spec's text. Options that only another predictor has do not
 * count. NOT_FOUND, MALFORMED, OUT_OF_RANGE with file, line and the nearest name. */
enum status ranker_spec_read(const char *path, const struct predictor_class *predictor,
                             const struct rank_others *others, struct feature_spec **ret_spec,
                             struct error *reterr);

/* NOT_FOUND with the nearest name, or with all of them. */
enum status ranker_predictor_need(const char *name, const struct predictor_class **ret_class,
                                  struct error *reterr);

/* The predictor that the spec names. NOT_FOUND with the line. */
enum status ranker_spec_predictor(const struct feature_spec *spec,
                                  const struct predictor_class **ret_class, struct error *reterr);

/* Settings of the class by the spec's `model`, in the arena: all but its name and what only other
 * predictors have. Errors have file and line. */
enum status ranker_spec_options(const struct feature_spec *spec,
                                const struct predictor_class *class, struct arena *arena,
                                void **ret_settings, struct error *reterr);
