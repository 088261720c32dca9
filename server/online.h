#pragma once
/* What came of the recommendations of the model that serves, as a round's own figures. */
#include <stdint.h>

#include "base/observer.h"

struct site;
struct snapshot;
struct store;

enum { ONLINE_CHANGES_MAX = 5000000 }; /* the newest ones that are looked at */

/* Since the snapshot's seq, in the definitions of feedback.h: "online/shown" and "online/chosen",
 * items of that version's lists, and "online/chosen_of_shown", at step `version`. Nothing where
 * neither was posted. What fails is logged and leaves the figures out. */
void online_observe(struct site *site, struct store *store, const struct snapshot *serving,
                    uint32_t version, const struct observer *observer);
