#include "data/store_internal.h"

/* Why the indexes by user and by item begin with seq >> 16. New events come for users and items all
 * over the store. In one large index by user, each of them would change a page of its own, and a
 * page is what the log is written in: 4 KiB for an entry of 14 bytes, more and more as the store
 * grows. So the index is cut into runs of 65,536 seqs. An array of events then changes a few
 * hundred pages of the newest run, however large the store is. The price: whoever wants one user's
 * events asks each run for them, a few microseconds each, 153 of them at ten million events. */

uint64_t run_of(uint64_t seq)
{
    return seq >> 16;
}

enum status runs_last(struct store *store, uint64_t *ret_run, struct error *reterr)
{
    struct store_counts counts;
    const enum status status = store_count(store, &counts, reterr);
    if (status == STATUS_OK)
        *ret_run = run_of(counts.seq);
    return status;
}

enum status runs_write(struct store *store, sqlite3_stmt *s, uint64_t *ret_changed,
                       struct error *reterr)
{
    uint64_t changed = 0;
    const uint64_t last = run_of(store->counts.seq);
    enum status status = STATUS_OK;
    for (uint64_t run = 0; status == STATUS_OK && run <= last; run++) {
        sql_bind_seq(s, ":run", run);
        status = sql_run(store, s, reterr);
        if (status == STATUS_OK)
            changed += (uint64_t)sqlite3_changes64(store->db);
    }
    if (status == STATUS_OK)
        *ret_changed = changed;
    return status;
}
