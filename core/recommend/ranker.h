#pragma once
/* The second stage: a fitted predictor that orders the retriever's best candidates again.
 *
 * It learns from rows (eval/ranker_rows) made of the values of rank_values by a spec of feature
 * columns, and answers from the same values. Its score of a candidate is the chance that it is
 * chosen, as estimated among candidates: good for order within one list, no probability of an
 * answer, unless it was calibrated on items that were shown. Const after fit: any number of threads
 * may ask.
 */
#include "base/embedded.h"
#include "base/sections.h"
#include "data/features/features.h"
#include "models/predictor.h"
#include "recommend/calibration.h"
#include "recommend/rank_columns.h"
#include "recommend/retrieve.h"

enum { RANKER_NAME_SIZE = 48, RANKER_STRATEGY_SIZE = 96 };

struct ranker {
    struct features *features;
    struct predictor *predictor;
    char retriever[RANKER_NAME_SIZE];
    struct calibration calibration; /* from what was shown and chosen; slope 0: none, and scores are
                                       no probabilities */
    double share; /* of the rows that are not positive, that it was fitted on: odds are too high by
                     1 / share */
    char strategies[2][RANKER_STRATEGY_SIZE]; /* see ranker_strategy */
    struct rank_columns columns;              /* of the features' spec */
};

/* The spec that comes with the program (config/ranker.yaml). */
extern const struct embedded_file ranker_files[];

/* For the candidates of `retriever`, a name. Takes features and predictor over, in any case. */
enum status ranker_new(const char *retriever, struct features *features,
                       struct predictor *predictor, double share, struct ranker **ret_ranker,
                       struct error *reterr);
void ranker_free(struct ranker *ranker); /* NULL is fine */

/* "ials+wide_deep"; folded: "fold_in+wide_deep". Good as long as the ranker. */
const char *ranker_strategy(const struct ranker *ranker, bool folded);

/* Does its spec have columns of that kind? NULL: no. */
bool ranker_needs_facts(const struct ranker *ranker, enum rank_source source);

/* Are its scores probabilities that an item is chosen when it is shown? NULL: no. */
bool ranker_is_calibrated(const struct ranker *ranker);

/* May anybody's next event change its order, by a model whose scores it looks at? NULL: no. */
bool ranker_follows_events(const struct ranker *ranker);

/* scores[table->n] above 0 and below 1, for the query that the table was made for. NO_MEMORY. */
enum status ranker_score(const struct ranker *ranker, const struct rank_query *query,
                         const struct rank_table *table, struct arena *arena, float *scores);

/* Puts the ranker's order over the retriever's: the RANK_CANDIDATES best of the candidates get its
 * scores, all others keep their order below them. The further retrievers that it looks at are
 * those of the query's view. What comes out depends on the candidates alone,
 * not on how many are asked for. NO_MEMORY. */
enum status rank_again(const struct ranker *ranker, const struct rank_query *query,
                       struct candidates *candidates, struct arena *arena);

/* Sections "ranker/…" and those of features and predictor. NO_MEMORY. */
enum status ranker_save(const struct ranker *ranker, struct sections_writer *writer,
                        struct error *reterr);
/* The sections may be closed afterwards. CORRUPT, UNSUPPORTED, NO_MEMORY. */
enum status ranker_load(const struct sections *sections, struct ranker **ret_ranker,
                        struct error *reterr);
