#pragma once
/* Which items were shown to whom, when: what tells a chance from a guess.
 *
 * An item of a list was *chosen* if its user did something with it, by a type of positive weight,
 * within IMPRESSION_WINDOW_MS of being shown. A list whose window was not over when the newest
 * event or list was stored says nothing yet and is left out.
 */
#include "data/dataset.h"
#include "data/store.h"
#include "recommend/facts.h"

#define IMPRESSION_WINDOW_MS (INT64_C(24) * 60 * 60 * 1000)

struct impressions {
    uint32_t n; /* lists, by rising time */
    int64_t *times;
    uint32_t *users;
    uint64_t *starts;       /* [n + 1] */
    uint32_t *items;        /* as shown; below the dataset's n_items */
    uint32_t *places;       /* [n] number of each list in `contexts` */
    struct facts *contexts; /* NULL: no column asks for any */
};

/* All lists up to the dataset's seq whose window is over. names: what columns ask for of their
 * context. CANCELLED, NO_MEMORY, what the store says. */
enum status impressions_read(struct store *store, const struct dataset *dataset,
                             const struct fact_names *names, const struct observer *observer,
                             struct impressions *ret_impressions, struct error *reterr);
void impressions_free(struct impressions *impressions);

/* Was item chosen by the user within the window after now_ms, by events not in held (NULL: none)?
 */
bool impression_is_chosen(const struct dataset *dataset, const struct bitmap *held, uint32_t user,
                          uint32_t item, int64_t now_ms);

/* The user's first event at or after a time (d->starts[user + 1]: none). */
uint64_t dataset_first_from(const struct dataset *dataset, uint32_t user, int64_t time_ms);
