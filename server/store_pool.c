#include "server/site_parts.h"

/* Handles are opened when first wanted, so that a daemon that only serves from memory has none. */
enum status site_borrow_store(struct site *site, struct store **ret_store, struct error *reterr)
{
    pthread_mutex_lock(&site->stores_mutex);
    while (site->n_free_stores == 0 && site->n_stores == SITE_STORES_MAX)
        pthread_cond_wait(&site->store_returned, &site->stores_mutex);
    if (site->n_free_stores > 0) {
        *ret_store = site->stores[--site->n_free_stores];
        pthread_mutex_unlock(&site->stores_mutex);
        return STATUS_OK;
    }
    site->n_stores++;
    pthread_mutex_unlock(&site->stores_mutex);
    const enum status status = store_open(site->folder, STORE_READ, ret_store, reterr);
    if (status != STATUS_OK) {
        pthread_mutex_lock(&site->stores_mutex);
        site->n_stores--;
        pthread_cond_signal(&site->store_returned);
        pthread_mutex_unlock(&site->stores_mutex);
    }
    return status;
}

void site_return_store(struct site *site, struct store *store)
{
    pthread_mutex_lock(&site->stores_mutex);
    site->stores[site->n_free_stores++] = store;
    pthread_cond_signal(&site->store_returned);
    pthread_mutex_unlock(&site->stores_mutex);
}
