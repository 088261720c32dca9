#pragma once
/* Which run of seqs may hold an event with a given id: a Bloom filter a run.
 *
 * Clients' event ids are mostly random. In one index over all of them every new id would change a
 * page of its own (store_runs.c tells what that costs), so their index is cut into runs as well,
 * and these filters say in memory which runs are worth asking. 128 KiB a run: 16 bits an id, about
 * one in a thousand runs asked in vain.
 *
 * In memory the filters of 32 runs are one table, with a word for each bit of a filter and a bit of
 * it for each run: an id is looked for in all of them by six words that lie close together, instead
 * of one line in each of 32 places.
 *
 * A filter never misses an id that is stored. It may remember ids that are gone or were rolled
 * back, which costs a question and nothing else. Filters of complete runs are kept in the table
 * event_id_filters; the newest one is made again from its rows.
 */
#include <stdint.h>

#include "base/status.h"

struct store;

enum { FILTER_BYTES = 131072 };

enum { FILTER_GROUP_RUNS = 32, FILTER_BITS = 8 * FILTER_BYTES };

struct filter_group {
    uint32_t has_ids;           /* bit r: of run r of the group */
    uint32_t runs[FILTER_BITS]; /* [b]: which runs have bit b set */
};

/* Zero-initialise. */
struct id_filters {
    struct filter_group **groups; /* [n_groups]; NULL: no ids in those runs */
    uint64_t n_groups;
    uint64_t seq; /* all ids up to this seq are in, when loaded */
    bool loaded;
    bool current; /* brought up to date in this transaction */
};

void filters_free(struct id_filters *filters);

/* Brings the filters up to date with what this and other processes have stored; once a transaction
 * does the work. Before any question. */
enum status filters_update(struct store *store, struct error *reterr);

/* The newest run below `below` that may have an event of that id. False: none. */
bool filters_next_run(const struct store *store, const char *event_id, uint64_t below,
                      uint64_t *ret_run);

/* An event of that id is about to be stored in the run. */
enum status filters_add(struct store *store, uint64_t run, const char *event_id,
                        struct error *reterr);
