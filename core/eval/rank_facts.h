#pragma once
/* The facts that a ranker's rows are made of, read from the store: attributes and categories as
 * they are now (they have no history), and the context of each event. */
#include "data/dataset.h"
#include "data/store.h"
#include "recommend/rank_columns.h"

struct rank_facts {
    /* NULL: no column asks for it. Users and items by number, context by event of the dataset. */
    struct facts *of[RANK_FACTS];
};

/* All that `names` ask for. CANCELLED within a second of the observer's stop; NO_MEMORY; what the
 * store says. */
enum status rank_facts_read(struct store *store, const struct dataset *dataset,
                            const struct fact_names names[RANK_FACTS],
                            const struct observer *observer, struct rank_facts *ret_facts,
                            struct error *reterr);
void rank_facts_free(struct rank_facts *facts);
