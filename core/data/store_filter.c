#include "data/store_filter.h"

#include <stdlib.h>
#include <string.h>

#include "data/store_internal.h"

enum {
    LINE_BITS = 512, /* an id's bits lie within one line of its run's filter */
    N_LINES = FILTER_BITS / LINE_BITS,
    BITS_SET = 6,
};

void filters_free(struct id_filters *filters)
{
    for (uint64_t g = 0; g < filters->n_groups; g++)
        free(filters->groups[g]);
    free(filters->groups);
    *filters = (struct id_filters){0};
}

/* The line is chosen by the low bits of the hash, each bit in it by nine more. */
static void bits_of(const struct store *store, const char *event_id, uint32_t bits[BITS_SET])
{
    uint64_t seed;
    memcpy(&seed, store->event_key, sizeof seed);
    const uint64_t hash = text_hash(event_id, strlen(event_id), seed);
    for (int i = 0; i < BITS_SET; i++)
        bits[i] = (uint32_t)(hash % N_LINES) * LINE_BITS +
                  (uint32_t)(hash * UINT64_C(0x9e3779b97f4a7c15) >> (10 + 9 * i) & (LINE_BITS - 1));
}

bool filters_next_run(const struct store *store, const char *event_id, uint64_t below,
                      uint64_t *ret_run)
{
    const struct id_filters *filters = &store->filters;
    uint32_t bits[BITS_SET];
    bits_of(store, event_id, bits);
    for (uint64_t g = filters->n_groups; g-- > 0;) {
        const uint64_t first = g * FILTER_GROUP_RUNS;
        if (!filters->groups[g] || first >= below)
            continue;
        uint32_t runs = UINT32_MAX;
        for (int i = 0; i < BITS_SET; i++)
            runs &= filters->groups[g]->runs[bits[i]];
        if (below - first < FILTER_GROUP_RUNS)
            runs &= (UINT32_C(1) << (below - first)) - 1;
        if (runs == 0)
            continue;
        *ret_run = first + (uint64_t)(31 - __builtin_clz(runs));
        return true;
    }
    return false;
}

static enum status out_of_memory(struct error *reterr)
{
    return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the filters of event ids");
}

static enum status grow(struct id_filters *filters, uint64_t n_groups, struct error *reterr)
{
    if (n_groups <= filters->n_groups)
        return STATUS_OK;
    struct filter_group **groups = realloc(filters->groups, n_groups * sizeof *groups);
    if (!groups)
        return out_of_memory(reterr);
    memset(groups + filters->n_groups, 0, (n_groups - filters->n_groups) * sizeof *groups);
    filters->groups = groups;
    filters->n_groups = n_groups;
    return STATUS_OK;
}

/* The group of a run that has ids, made if need be; *ret_bit is the run's bit in its words. */
static enum status need_group(struct id_filters *filters, uint64_t run,
                              struct filter_group **ret_group, uint32_t *ret_bit,
                              struct error *reterr)
{
    const uint64_t g = run / FILTER_GROUP_RUNS;
    const enum status status = grow(filters, g + 1, reterr);
    if (status != STATUS_OK)
        return status;
    if (!filters->groups[g])
        filters->groups[g] = calloc(1, sizeof *filters->groups[g]);
    if (!filters->groups[g])
        return out_of_memory(reterr);
    *ret_group = filters->groups[g];
    *ret_bit = UINT32_C(1) << run % FILTER_GROUP_RUNS;
    (*ret_group)->has_ids |= *ret_bit;
    return STATUS_OK;
}

enum status filters_add(struct store *store, uint64_t run, const char *event_id,
                        struct error *reterr)
{
    struct filter_group *group;
    uint32_t bit, bits[BITS_SET];
    const enum status status = need_group(&store->filters, run, &group, &bit, reterr);
    if (status != STATUS_OK)
        return status;
    bits_of(store, event_id, bits);
    for (int i = 0; i < BITS_SET; i++)
        group->runs[bits[i]] |= bit;
    return STATUS_OK;
}

/* ---- one run's filter as it is kept: bit b is bit b % 8 of byte b / 8 ---- */

static void unpack_filter(const unsigned char *filter, struct filter_group *group, uint32_t bit)
{
    for (uint32_t i = 0; i < FILTER_BYTES; i++)
        for (unsigned left = filter[i]; left; left &= left - 1)
            group->runs[8 * i + (uint32_t)__builtin_ctz(left)] |= bit;
}

static void pack_filter(const struct filter_group *group, uint32_t bit, unsigned char *filter)
{
    memset(filter, 0, FILTER_BYTES);
    for (uint32_t b = 0; b < FILTER_BITS; b++)
        if (group->runs[b] & bit)
            filter[b / 8] |= (unsigned char)(1 << b % 8);
}

/* All ids of a run's rows. */
static enum status scan_run(struct store *store, uint64_t run, struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, SQL_LIST_RUN_IDS);
    sql_bind_seq(s, ":run", run);
    bool row;
    enum status status;
    while ((status = sql_step(store, s, &row, reterr)) == STATUS_OK && row) {
        const char *event_id = sql_text(s, 0);
        status = event_id ? filters_add(store, run, event_id, reterr) : out_of_memory(reterr);
        if (status != STATUS_OK)
            break;
    }
    sqlite3_reset(s);
    return status;
}

/* The kept filters; an empty one stands for a run without ids. */
static enum status load_kept(struct store *store, struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, SQL_LIST_FILTERS);
    bool row;
    enum status status;
    while ((status = sql_step(store, s, &row, reterr)) == STATUS_OK && row) {
        const uint64_t run = (uint64_t)sqlite3_column_int64(s, 0);
        if (sqlite3_column_bytes(s, 1) != FILTER_BYTES)
            continue;
        const unsigned char *filter = sqlite3_column_blob(s, 1);
        struct filter_group *group;
        uint32_t bit;
        status =
            filter ? need_group(&store->filters, run, &group, &bit, reterr) : out_of_memory(reterr);
        if (status != STATUS_OK)
            break;
        unpack_filter(filter, group, bit);
    }
    sqlite3_reset(s);
    return status;
}

/* How many runs, from the first on, have their filter kept. */
static enum status count_kept(struct store *store, uint64_t *ret_n, struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, SQL_COUNT_FILTERS);
    uint32_t newest;
    const enum status status = sql_find(store, s, &newest, reterr);
    if (status == STATUS_OK)
        *ret_n = newest == NUMBER_NONE ? 0 : (uint64_t)newest + 1;
    return status;
}

static enum status keep(struct store *store, uint64_t run, struct error *reterr)
{
    const struct id_filters *filters = &store->filters;
    const uint64_t g = run / FILTER_GROUP_RUNS;
    const struct filter_group *group = g < filters->n_groups ? filters->groups[g] : NULL;
    const uint32_t bit = UINT32_C(1) << run % FILTER_GROUP_RUNS;
    const bool has_ids = group && (group->has_ids & bit);
    unsigned char *filter = malloc(FILTER_BYTES);
    if (!filter)
        return out_of_memory(reterr);
    if (has_ids)
        pack_filter(group, bit, filter);
    sqlite3_stmt *s = sql_get(store, SQL_ADD_FILTER);
    sql_bind_seq(s, ":run", run);
    sql_bind_blob(s, ":filter", filter, has_ids ? FILTER_BYTES : 0);
    const enum status status = sql_run(store, s, reterr);
    free(filter);
    return status;
}

/* From which run on the rows must be looked at: those that the kept filters do not cover, or those
 * that another process has written since. */
static enum status first_to_scan(struct store *store, uint64_t kept, uint64_t *ret_run,
                                 struct error *reterr)
{
    const struct id_filters *filters = &store->filters;
    if (filters->loaded) {
        const bool others_wrote = filters->seq != store->seq_at_begin;
        *ret_run = others_wrote ? run_of(filters->seq) : UINT64_MAX;
        return STATUS_OK;
    }
    *ret_run = kept;
    return load_kept(store, reterr);
}

enum status filters_update(struct store *store, struct error *reterr)
{
    struct id_filters *filters = &store->filters;
    if (filters->current)
        return STATUS_OK;
    const uint64_t last = run_of(store->counts.seq);
    uint64_t kept = 0, first = 0;
    enum status status = count_kept(store, &kept, reterr);
    if (status == STATUS_OK)
        status = grow(filters, last / FILTER_GROUP_RUNS + 1, reterr);
    if (status == STATUS_OK)
        status = first_to_scan(store, kept, &first, reterr);
    for (uint64_t run = first; status == STATUS_OK && run <= last; run++)
        status = scan_run(store, run, reterr);
    for (uint64_t run = kept; status == STATUS_OK && run < last; run++)
        status = keep(store, run, reterr);
    if (status != STATUS_OK)
        return status;
    filters->seq = store->seq_at_begin;
    filters->loaded = filters->current = true;
    return STATUS_OK;
}
