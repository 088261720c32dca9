#include "data/store_filter.h"

#include <stdlib.h>
#include <string.h>

#include "data/store_internal.h"

enum { LINE_BYTES = 64, N_LINES = FILTER_BYTES / LINE_BYTES, BITS_SET = 6, RUNS_AHEAD = 16 };

void filters_free(struct id_filters *filters)
{
    for (uint64_t run = 0; run < filters->n_runs; run++)
        free(filters->of_run[run]);
    free(filters->of_run);
    *filters = (struct id_filters){0};
}

static uint64_t hash_of(const struct store *store, const char *event_id)
{
    uint64_t seed;
    memcpy(&seed, store->event_key, sizeof seed);
    return text_hash(event_id, strlen(event_id), seed);
}

/* The cache line is chosen by the low bits of the hash, six bits in it by nine more each. */
static size_t line_of(uint64_t hash)
{
    return (size_t)(hash % N_LINES) * LINE_BYTES;
}

static unsigned bit_of(uint64_t hash, int i)
{
    return (unsigned)(hash * UINT64_C(0x9e3779b97f4a7c15) >> (10 + 9 * i)) & (8 * LINE_BYTES - 1);
}

static bool has_all_bits(const unsigned char *filter, uint64_t hash)
{
    const unsigned char *line = filter + line_of(hash);
    for (int i = 0; i < BITS_SET; i++)
        if (!(line[bit_of(hash, i) / 8] >> bit_of(hash, i) % 8 & 1))
            return false;
    return true;
}

/* One line of each filter, and none of them likely to be in a cache: they are asked for ahead. */
bool filters_next_run(const struct store *store, const char *event_id, uint64_t below,
                      uint64_t *ret_run)
{
    const struct id_filters *filters = &store->filters;
    const uint64_t hash = hash_of(store, event_id);
    for (uint64_t run = below < filters->n_runs ? below : filters->n_runs; run-- > 0;) {
        if (run >= RUNS_AHEAD && filters->of_run[run - RUNS_AHEAD])
            __builtin_prefetch(filters->of_run[run - RUNS_AHEAD] + line_of(hash));
        if (!filters->of_run[run] || !has_all_bits(filters->of_run[run], hash))
            continue;
        *ret_run = run;
        return true;
    }
    return false;
}

static enum status out_of_memory(struct error *reterr)
{
    return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the filters of event ids");
}

static enum status grow(struct id_filters *filters, uint64_t n_runs, struct error *reterr)
{
    if (n_runs <= filters->n_runs)
        return STATUS_OK;
    unsigned char **of_run = realloc(filters->of_run, n_runs * sizeof *of_run);
    if (!of_run)
        return out_of_memory(reterr);
    memset(of_run + filters->n_runs, 0, (n_runs - filters->n_runs) * sizeof *of_run);
    filters->of_run = of_run;
    filters->n_runs = n_runs;
    return STATUS_OK;
}

/* The run's filter, made if it has none. */
static enum status need_filter(struct id_filters *filters, uint64_t run, struct error *reterr)
{
    const enum status status = grow(filters, run + 1, reterr);
    if (status != STATUS_OK || filters->of_run[run])
        return status;
    filters->of_run[run] = calloc(1, FILTER_BYTES);
    return filters->of_run[run] ? STATUS_OK : out_of_memory(reterr);
}

enum status filters_add(struct store *store, uint64_t run, const char *event_id,
                        struct error *reterr)
{
    const enum status status = need_filter(&store->filters, run, reterr);
    if (status != STATUS_OK)
        return status;
    const uint64_t hash = hash_of(store, event_id);
    unsigned char *line = store->filters.of_run[run] + line_of(hash);
    for (int i = 0; i < BITS_SET; i++)
        line[bit_of(hash, i) / 8] |= (unsigned char)(1 << bit_of(hash, i) % 8);
    return STATUS_OK;
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
        status = need_filter(&store->filters, run, reterr);
        if (status != STATUS_OK)
            break;
        memcpy(store->filters.of_run[run], sqlite3_column_blob(s, 1), FILTER_BYTES);
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
    const unsigned char *filter = store->filters.of_run[run];
    sqlite3_stmt *s = sql_get(store, SQL_ADD_FILTER);
    sql_bind_seq(s, ":run", run);
    sql_bind_blob(s, ":filter", filter ? (const void *)filter : "", filter ? FILTER_BYTES : 0);
    return sql_run(store, s, reterr);
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
        status = grow(filters, last + 1, reterr);
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
