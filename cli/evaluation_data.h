#pragma once
/* What `evaluate` measures on: a training part and a test part, from files or from the store. */
#include "cli/command.h"
#include "data/item_records.h"
#include "data/settings.h"
#include "data/split.h"
#include "eval/impressions.h"
#include "eval/rank_facts.h"
#include "eval/test_set.h"
#include "linalg/csr.h"

struct evaluation_data {
    struct dataset *dataset; /* with --test: the training events alone, but all ids */
    struct bitmap held;      /* empty with --test */
    bool has_held;
    struct csr by_user, by_item; /* of the training part */
    struct test_set test;
    struct csr ratings, test_ratings; /* with --ratings: of both parts, by user */
    struct rank_facts facts;          /* of the store; nothing of files */
    struct impressions shown;         /* for rankers; of the store as well */
    const char *split;                /* "files", or how it was split */
    struct item_records items;
    struct evaluation_items *source; /* what they are read from */
};

/* names: what rankers ask for; NULL: there are none. Free in any case. */
enum status evaluation_data_read(const struct invocation *invocation,
                                 const struct settings *settings,
                                 const struct fact_names names[RANK_FACTS], struct parallel *pool,
                                 const struct observer *observer, struct evaluation_data *ret_data,
                                 struct error *reterr);
void evaluation_data_free(struct evaluation_data *data);
