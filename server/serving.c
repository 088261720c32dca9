#include "server/site_parts.h"

#include <assert.h>
#include <stdlib.h>

#include "server/log.h"

/* The serving pair lives as long as somebody uses it. Whoever drops the last reference only puts it
 * on the reaper's list: unmapping a large snapshot takes milliseconds that no request should wait.
 */

static void serving_free(struct serving_impl *impl)
{
    live_free(impl->serving.live);
    rows8_free(impl->serving.coarse);
    snapshot_release(impl->serving.snapshot);
    free(impl);
}

static void *reaper_main(void *argument)
{
    struct site *site = argument;
    pthread_mutex_lock(&site->reaper_mutex);
    for (;;) {
        while (!site->retired && !site->reaper_ends)
            pthread_cond_wait(&site->reaper_wakes, &site->reaper_mutex);
        struct serving_impl *list = site->retired;
        if (!list)
            break;
        site->retired = NULL;
        pthread_mutex_unlock(&site->reaper_mutex);
        while (list) {
            struct serving_impl *next = list->next;
            serving_free(list);
            list = next;
        }
        pthread_mutex_lock(&site->reaper_mutex);
    }
    pthread_mutex_unlock(&site->reaper_mutex);
    return NULL;
}

enum status serving_slot_start(struct site *site)
{
    const int64_t lists = site->settings->server.cache;
    if (lists > 0 && list_cache_new((uint32_t)lists, &site->lists) != STATUS_OK)
        return STATUS_NO_MEMORY;
    pthread_mutex_init(&site->slot_mutex, NULL);
    pthread_mutex_init(&site->reaper_mutex, NULL);
    pthread_cond_init(&site->reaper_wakes, NULL);
    site->reaper_runs = pthread_create(&site->reaper, NULL, reaper_main, site) == 0;
    return site->reaper_runs ? STATUS_OK : STATUS_IO;
}

static struct serving_impl *impl_of(struct serving *serving)
{
    return (struct serving_impl *)serving; /* its first member */
}

static void drop(struct site *site, struct serving_impl *impl)
{
    if (!impl || atomic_fetch_sub(&impl->references, 1) != 1)
        return;
    pthread_mutex_lock(&site->reaper_mutex);
    impl->next = site->retired;
    site->retired = impl;
    pthread_cond_signal(&site->reaper_wakes);
    pthread_mutex_unlock(&site->reaper_mutex);
}

void serving_slot_stop(struct site *site)
{
    drop(site, site->serving);
    site->serving = NULL;
    pthread_mutex_lock(&site->reaper_mutex);
    site->reaper_ends = true;
    pthread_cond_signal(&site->reaper_wakes);
    pthread_mutex_unlock(&site->reaper_mutex);
    if (site->reaper_runs)
        pthread_join(site->reaper, NULL);
    pthread_cond_destroy(&site->reaper_wakes);
    pthread_mutex_destroy(&site->reaper_mutex);
    pthread_mutex_destroy(&site->slot_mutex);
}

/* Without it answers are the same, and slower: so memory that is short is no reason to fail. */
static struct rows8 *make_coarse(const struct snapshot *snapshot)
{
    const struct model *retriever = snapshot->retriever;
    if (!retriever || !retriever->class->item_vectors)
        return NULL;
    uint32_t d;
    const float *vectors = retriever->class->item_vectors(retriever, &d);
    struct rows8 *coarse;
    return rows8_new(vectors, retriever->n_items, d, &coarse) == STATUS_OK ? coarse : NULL;
}

enum status serving_new(struct site *site, struct snapshot *snapshot,
                        struct serving_impl **ret_serving, struct error *reterr)
{
    struct serving_impl *impl = calloc(1, sizeof *impl);
    struct catalogue *catalogue = NULL;
    enum status status = impl ? STATUS_OK : error_set(reterr, STATUS_NO_MEMORY, "out of memory");
    if (status == STATUS_OK)
        status = snapshot_catalogue(snapshot, &catalogue, reterr);
    if (*snapshot->ranker_fault)
        log_write(LOG_ERROR, "ranker_broken", "version %u answers without its ranker: %s",
                  snapshot->version, snapshot->ranker_fault);
    if (status == STATUS_OK) {
        impl->serving.coarse = make_coarse(snapshot);
        impl->serving.lists = site->lists;
        struct live_base base = snapshot_live_base(snapshot);
        base.types = &site->types;
        base.rules = rules_make(site->settings, snapshot->models, snapshot->n_models);
        base.coarse = impl->serving.coarse;
        base.generation = atomic_fetch_add(&site->n_servings, 1);
        base.lists = site->lists;
        impl->serving.snapshot = snapshot;
        atomic_init(&impl->references, 1);
        status = live_new(&base, catalogue, &impl->serving.live, reterr);
    }
    if (status != STATUS_OK) {
        if (impl)
            rows8_free(impl->serving.coarse);
        free(impl);
        snapshot_release(snapshot);
        return status;
    }
    *ret_serving = impl;
    return STATUS_OK;
}

void serving_publish(struct site *site, struct serving_impl *serving)
{
    pthread_mutex_lock(&site->slot_mutex);
    struct serving_impl *before = site->serving;
    site->serving = serving;
    pthread_mutex_unlock(&site->slot_mutex);
    drop(site, before);
}

struct serving *site_acquire(struct site *site)
{
    pthread_mutex_lock(&site->slot_mutex);
    struct serving_impl *impl = site->serving;
    atomic_fetch_add(&impl->references, 1);
    pthread_mutex_unlock(&site->slot_mutex);
    return &impl->serving;
}

void serving_release(struct site *site, struct serving *serving)
{
    drop(site, impl_of(serving));
}
