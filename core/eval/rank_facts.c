#include "eval/rank_facts.h"

#include "base/clock.h"

enum { PAGE = 1000 };

struct reading {
    struct store *store;
    const struct dataset *dataset;
    const struct observer *observer;
    struct rank_facts facts;
    uint32_t next, seen; /* of a list that is read in pages */
    struct error *reterr;
};

static enum status stop_or_go(const struct reading *r)
{
    return observer_stops(r->observer)
               ? error_set(r->reterr, STATUS_CANCELLED, "stopped while reading attributes")
               : STATUS_OK;
}

/* ---- users and items ---- */

static enum status take_user(void *context, uint32_t number, const struct user_record *user)
{
    struct reading *r = context;
    r->next = number + 1;
    r->seen++;
    return facts_put(r->facts.of[RANK_OF_USER], number, user->attributes, NULL, 0);
}

static enum status take_item(void *context, uint32_t number, const struct item_record *item)
{
    struct reading *r = context;
    r->next = number + 1;
    r->seen++;
    return facts_put(r->facts.of[RANK_OF_ITEM], number, item->attributes, item->categories,
                     item->n_categories);
}

static enum status read_list(struct reading *r, enum rank_source source)
{
    enum status status = STATUS_OK;
    r->next = 0;
    do {
        r->seen = 0;
        status = stop_or_go(r);
        if (status == STATUS_OK && source == RANK_OF_USER)
            status = store_list_users(r->store, r->next, PAGE, take_user, r, r->reterr);
        else if (status == STATUS_OK)
            status = store_list_items(r->store, r->next, PAGE, take_item, r, r->reterr);
    } while (status == STATUS_OK && r->seen == PAGE);
    return status;
}

/* ---- contexts ---- */

/* The dataset has no seq: an event is found by what it is. Of several that are alike in all, one
 * has the context. */
static enum status take_context(void *context, const struct event_row *row, const char *text)
{
    struct reading *r = context;
    const struct dataset *d = r->dataset;
    if (row->user >= d->n_users)
        return STATUS_OK;
    uint64_t from = d->starts[row->user], to = d->starts[row->user + 1];
    const uint64_t end = to;
    while (from < to) {
        const uint64_t middle = from + (to - from) / 2;
        if (d->times[middle] < row->time_ms)
            from = middle + 1;
        else
            to = middle;
    }
    for (; from < end && d->times[from] == row->time_ms; from++)
        if (d->items[from] == row->item && d->type_codes[from] == row->type)
            return facts_put(r->facts.of[RANK_OF_CONTEXT], (uint32_t)from, text, NULL, 0);
    return STATUS_OK;
}

static enum status read_contexts(struct reading *r)
{
    enum { SEQS_A_PAGE = 65536 };
    enum status status = STATUS_OK;
    for (uint64_t seq = 0; seq < r->dataset->seq && status == STATUS_OK; seq += SEQS_A_PAGE) {
        const uint64_t left = r->dataset->seq - seq;
        status = stop_or_go(r);
        if (status == STATUS_OK)
            status =
                store_read_contexts(r->store, seq, seq + (left < SEQS_A_PAGE ? left : SEQS_A_PAGE),
                                    take_context, r, r->reterr);
    }
    return status;
}

/* ---- the whole ---- */

enum status rank_facts_read(struct store *store, const struct dataset *dataset,
                            const struct fact_names names[RANK_FACTS],
                            const struct observer *observer, struct rank_facts *ret_facts,
                            struct error *reterr)
{
    struct reading r = {.store = store, .dataset = dataset, .observer = observer, .reterr = reterr};
    enum status status = STATUS_OK;
    for (int source = 0; source < RANK_FACTS && status == STATUS_OK; source++) {
        if (names[source].n == 0)
            continue;
        status = facts_new(&names[source], &r.facts.of[source]);
        if (status == STATUS_OK)
            status = source == RANK_OF_CONTEXT ? read_contexts(&r)
                                               : read_list(&r, (enum rank_source)source);
    }
    if (status == STATUS_OK)
        *ret_facts = r.facts;
    else
        rank_facts_free(&r.facts);
    if (status == STATUS_NO_MEMORY)
        error_set(reterr, status, "out of memory for the ranker's attributes");
    return status;
}

void rank_facts_free(struct rank_facts *facts)
{
    for (int source = 0; source < RANK_FACTS; source++)
        facts_free(facts->of[source]);
    *facts = (struct rank_facts){0};
}
