#pragma once
/* The events of a train set as baskets: what a user did at one go. */
#include "models/model.h"

enum baskets_kind { BASKETS_SESSIONS, BASKETS_DAYS, BASKETS_USERS };
extern const char *const baskets_kinds[]; /* their names, NULL at the end */

#define SESSION_PAUSE_MS (INT64_C(30) * 60 * 1000) /* a longer pause ends a session */

/* Rows are baskets, in order of user and time; columns are items, each at most once in a row, in
 * the order in which they came; values are 1. Baskets without anything are left out. What has no
 * time is one basket of its user. */
struct baskets {
    struct csr leads; /* n_baskets x n_items: events of type `from` */
    struct csr led;   /* the same baskets: events of type `to`; empty when both are one type */
    bool one;
};

/* from, to: names of types, or "" for events of whatever the user's signal for the item makes a
 * preference. Held events are left out. NOT_FOUND: an unknown type, with the nearest known one;
 * CANCELLED; NO_MEMORY. */
enum status baskets_make(const struct train_set *data, enum baskets_kind kind, const char *from,
                         const char *to, const struct observer *observer,
                         struct baskets *ret_baskets, struct error *reterr);
void baskets_free(struct baskets *baskets);

static inline const struct csr *baskets_led(const struct baskets *baskets)
{
    return baskets->one ? &baskets->leads : &baskets->led;
}
