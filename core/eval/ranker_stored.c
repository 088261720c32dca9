#include "eval/ranker_stored.h"

#include <string.h>

#include "recommend/record_pool.h"

enum {
    PAGE = 1000,
    SEQS_A_PAGE = 65536,
    PLACE_BYTES = 24,    /* of a record, in a table that grows by half */
    VALUE_BYTES = 16,    /* of one value, beside its text */
    LIST_BYTES = 24 * 3, /* time, user, start and place: as read, sorted, and to sort by */
    SHOWN_BYTES = 4 * 3  /* as read, in a table that doubles, and sorted */
};

struct counting {
    struct store *store;
    uint64_t seq;
    const struct fact_names *names;
    const struct observer *observer;
    struct ranker_stored stored;
    uint32_t next, seen; /* of a list that is read in pages */
    struct error *reterr;
};

static enum status stop_or_go(const struct counting *c)
{
    return observer_stops(c->observer)
               ? error_set(c->reterr, STATUS_CANCELLED, "stopped while counting attributes")
               : STATUS_OK;
}

/* No value is longer than the text that it stands in. */
static uint64_t record_bytes(const struct counting *c, enum rank_source source,
                             const char *attributes)
{
    const size_t n = attributes ? strlen(attributes) : 0;
    return n <= 2 ? 0 : n + PLACE_BYTES + (uint64_t)c->names[source].n * VALUE_BYTES;
}

static enum status take_user(void *context, uint32_t number, const struct user_record *user)
{
    struct counting *c = context;
    c->next = number + 1;
    c->seen++;
    c->stored.fact_bytes += record_bytes(c, RANK_OF_USER, user->attributes);
    return STATUS_OK;
}

/* A path gives itself and all that lie above it. */
static uint64_t path_bytes(const char *path)
{
    uint64_t bytes = 0;
    for (const char *end = strchr(path, '/'); end; end = strchr(end + 1, '/'))
        bytes += (uint64_t)(end - path) + VALUE_BYTES;
    return bytes + strlen(path) + VALUE_BYTES;
}

static enum status take_item(void *context, uint32_t number, const struct item_record *item)
{
    struct counting *c = context;
    c->next = number + 1;
    c->seen++;
    c->stored.fact_bytes += record_bytes(c, RANK_OF_ITEM, item->attributes);
    if (fact_names_find(&c->names[RANK_OF_ITEM], fact_categories) != UINT32_MAX)
        for (uint32_t i = 0; i < item->n_categories; i++)
            c->stored.fact_bytes += path_bytes(item->categories[i]) + PLACE_BYTES;
    return STATUS_OK;
}

static enum status count_list(struct counting *c, enum rank_source source)
{
    enum status status = STATUS_OK;
    c->next = 0;
    do {
        c->seen = 0;
        status = stop_or_go(c);
        if (status == STATUS_OK && source == RANK_OF_USER)
            status = store_list_users(c->store, c->next, PAGE, take_user, c, c->reterr);
        else if (status == STATUS_OK)
            status = store_list_items(c->store, c->next, PAGE, take_item, c, c->reterr);
    } while (status == STATUS_OK && c->seen == PAGE);
    return status;
}

static enum status take_context(void *context, const struct event_row *row, const char *text)
{
    struct counting *c = context;
    (void)row;
    c->stored.fact_bytes += record_bytes(c, RANK_OF_CONTEXT, text);
    return STATUS_OK;
}

static enum status take_shown(void *context, const struct shown_row *row)
{
    struct counting *c = context;
    c->stored.n_lists++;
    c->stored.n_shown += row->n_items;
    if (c->names[RANK_OF_CONTEXT].n)
        c->stored.shown_facts += record_bytes(c, RANK_OF_CONTEXT, row->context);
    return STATUS_OK;
}

/* Contexts of events, where a column asks for any, and lists: both by seq. */
static enum status count_by_seq(struct counting *c, bool lists)
{
    enum status status = STATUS_OK;
    for (uint64_t seq = 0; seq < c->seq && status == STATUS_OK; seq += SEQS_A_PAGE) {
        const uint64_t left = c->seq - seq, upto = seq + (left < SEQS_A_PAGE ? left : SEQS_A_PAGE);
        status = stop_or_go(c);
        if (status == STATUS_OK && c->names[RANK_OF_CONTEXT].n)
            status = store_read_contexts(c->store, seq, upto, take_context, c, c->reterr);
        if (status == STATUS_OK && lists)
            status = store_read_impressions(c->store, seq, upto, take_shown, c, c->reterr);
    }
    return status;
}

enum status ranker_stored_count(struct store *store, uint64_t seq,
                                const struct fact_names names[RANK_FACTS], bool lists,
                                const struct observer *observer, struct ranker_stored *ret_stored,
                                struct error *reterr)
{
    struct counting c = {
        .store = store, .seq = seq, .names = names, .observer = observer, .reterr = reterr};
    enum status status = STATUS_OK;
    for (int source = RANK_OF_ITEM; source <= RANK_OF_USER && status == STATUS_OK; source++)
        if (names[source].n)
            status = count_list(&c, (enum rank_source)source);
    if (status == STATUS_OK && (lists || names[RANK_OF_CONTEXT].n))
        status = count_by_seq(&c, lists);
    if (status == STATUS_OK)
        *ret_stored = c.stored;
    return status;
}

uint64_t ranker_stored_bytes(const struct ranker_stored *stored)
{
    const bool has_facts = stored->fact_bytes || stored->shown_facts;
    const uint64_t begun = has_facts ? (RANK_FACTS + 1) * (uint64_t)RECORD_CHUNK_BYTES : 0;
    return begun + stored->fact_bytes + stored->shown_facts + stored->n_lists * LIST_BYTES +
           stored->n_shown * SHOWN_BYTES;
}
