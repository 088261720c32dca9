#pragma once
/* What a ranker asks for of items and users, as Live keeps it. Zero-initialise; live_facts_free.
 * Under Live's lock, but for live_facts_read_users, which takes it. */
#include <pthread.h>

#include "data/store.h"
#include "recommend/catalogue.h"
#include "recommend/facts.h"

struct ranker;

struct live_facts {
    struct facts *items, *users; /* NULL: the ranker asks for none */
    uint32_t users_read;         /* all users below this number have been read */
    bool users_are_read;
};

/* Those of items lie in the catalogue; users come with the first catching up. NO_MEMORY. */
enum status live_facts_start(struct live_facts *facts, const struct ranker *ranker,
                             const struct catalogue *catalogue);

/* Once: users as the store has them now. What changes later comes as any change, before or after.
 * Asked again it goes on from where it failed. */
enum status live_facts_read_users(struct live_facts *facts, pthread_rwlock_t *lock,
                                  struct store *store, struct error *reterr);

void live_facts_free(struct live_facts *facts);
