#include "recommend/live_facts.h"

#include "recommend/ranker.h"

enum status live_facts_start(struct live_facts *facts, const struct ranker *ranker,
                             const struct catalogue *catalogue)
{
    enum status status = STATUS_OK;
    facts->users_are_read = !ranker_needs_facts(ranker, RANK_OF_USER);
    if (!facts->users_are_read)
        status = facts_new(&ranker->columns.names[RANK_OF_USER], &facts->users);
    if (status != STATUS_OK || !ranker_needs_facts(ranker, RANK_OF_ITEM))
        return status;
    status = facts_new(&ranker->columns.names[RANK_OF_ITEM], &facts->items);
    const uint32_t n = catalogue_count(catalogue);
    for (uint32_t i = 0; i < n && status == STATUS_OK; i++) {
        const char *categories[CATEGORIES_MAX];
        struct item_record item;
        if (catalogue_record(catalogue, i, categories, &item))
            status =
                facts_put(facts->items, i, item.attributes, item.categories, item.n_categories);
    }
    return status;
}

static enum status take_user(void *context, uint32_t number, const struct user_record *user)
{
    struct live_facts *facts = context;
    facts->users_read = number + 1;
    return facts_put(facts->users, number, user->attributes, NULL, 0);
}

enum status live_facts_read_users(struct live_facts *facts, pthread_rwlock_t *lock,
                                  struct store *store, struct error *reterr)
{
    enum { USERS_A_PAGE = 1000 };
    while (!facts->users_are_read) {
        const uint32_t from = facts->users_read;
        pthread_rwlock_wrlock(lock);
        const enum status status =
            store_list_users(store, from, USERS_A_PAGE, take_user, facts, reterr);
        pthread_rwlock_unlock(lock);
        if (status == STATUS_NO_MEMORY)
            return error_set(reterr, status, "out of memory for the attributes of users");
        if (status != STATUS_OK)
            return status;
        facts->users_are_read = facts->users_read == from;
    }
    return STATUS_OK;
}

void live_facts_free(struct live_facts *facts)
{
    facts_free(facts->items);
    facts_free(facts->users);
}
