#include "models/sessions.h"

#include <stdlib.h>
#include <string.h>

/* ---- the index ---- */

/* A session of the rows: [first, first + n). */
struct run {
    uint64_t first;
    uint32_t user, n, age_s, number; /* number: in the order of the rows */
};

static int compare_runs(const void *a, const void *b)
{
    const struct run *x = a, *y = b;
    if (x->age_s != y->age_s)
        return x->age_s < y->age_s ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

/* Erased rows are in no session. runs NULL: only counts. */
static uint32_t find_runs(const uint64_t *user_starts, const struct session_row *rows,
                          uint32_t n_users, struct run *runs)
{
    uint32_t n = 0;
    for (uint32_t u = 0; u < n_users; u++) {
        bool open = false;
        for (uint64_t k = user_starts[u]; k < user_starts[u + 1]; k++) {
            if (!(rows[k].code & SESSION_ITEM))
                continue;
            if (!open || rows[k].code & SESSION_BEGINS) {
                if (runs)
                    runs[n] =
                        (struct run){.user = u, .first = k, .age_s = rows[k].age_s, .number = n};
                n++;
            }
            open = true;
            if (runs) {
                struct run *run = &runs[n - 1];
                run->n = (uint32_t)(k - run->first) + 1;
                run->age_s = rows[k].age_s < run->age_s ? rows[k].age_s : run->age_s;
            }
        }
    }
    return n;
}

static void fill_sessions(const struct run *runs, const struct session_row *rows,
                          struct session_index *x)
{
    for (uint32_t s = 0; s < x->n_sessions; s++) {
        uint64_t n = x->starts[s];
        x->users[s] = runs[s].user;
        for (uint64_t k = runs[s].first; k < runs[s].first + runs[s].n; k++) {
            const uint32_t item = (rows[k].code & SESSION_ITEM) - 1;
            x->items[n++] = item;
            x->counts[item]++;
        }
        x->starts[s + 1] = n;
    }
}

/* The newest sessions of each item: sessions stand by age, so the first ones met. */
static void fill_items(struct session_index *x, uint32_t n_items, uint32_t recent)
{
    for (uint32_t i = 0; i < n_items; i++)
        x->item_starts[i + 1] = x->item_starts[i] + (x->counts[i] < recent ? x->counts[i] : recent);
    for (uint32_t s = x->n_sessions; s-- > 0;)
        for (uint64_t k = x->starts[s]; k < x->starts[s + 1]; k++)
            x->counts[x->items[k]]--; /* now: how many newer sessions have it */
    for (uint32_t s = 0; s < x->n_sessions; s++)
        for (uint64_t k = x->starts[s]; k < x->starts[s + 1]; k++) {
            const uint32_t item = x->items[k], at = x->counts[item]++;
            if (at < recent)
                x->sessions[x->item_starts[item] + at] = s;
        }
}

enum status session_index_make(const uint64_t *user_starts, const struct session_row *rows,
                               uint32_t n_users, uint32_t n_items, uint32_t recent,
                               struct session_index *ret_index)
{
    const uint64_t size = user_starts[n_users];
    struct session_index x = {.n_sessions = find_runs(user_starts, rows, n_users, NULL)};
    struct run *runs = malloc(((size_t)x.n_sessions + 1) * sizeof *runs);
    x.starts = calloc((size_t)x.n_sessions + 1, sizeof *x.starts);
    x.users = malloc(((size_t)x.n_sessions + 1) * sizeof *x.users);
    x.items = malloc((size + 1) * sizeof *x.items);
    x.item_starts = calloc((size_t)n_items + 1, sizeof *x.item_starts);
    x.sessions = malloc((size + 1) * sizeof *x.sessions);
    x.counts = calloc((size_t)n_items + 1, sizeof *x.counts);
    if (!runs || !x.starts || !x.users || !x.items || !x.item_starts || !x.sessions || !x.counts) {
        free(runs);
        session_index_free(&x);
        return STATUS_NO_MEMORY;
    }
    find_runs(user_starts, rows, n_users, runs);
    qsort(runs, x.n_sessions, sizeof *runs, compare_runs);
    fill_sessions(runs, rows, &x);
    fill_items(&x, n_items, recent);
    free(runs);
    *ret_index = x;
    return STATUS_OK;
}

void session_index_free(struct session_index *index)
{
    free(index->starts);
    free(index->users);
    free(index->items);
    free(index->item_starts);
    free(index->sessions);
    free(index->counts);
    *index = (struct session_index){0};
}
