#include <string.h>

#include "base/clock.h"
#include "server/log.h"
#include "server/trainer_parts.h"

struct versions_found {
    uint32_t active, interrupted[TRAINER_VERSIONS_MAX];
    size_t n_interrupted;
};

static enum status find_versions(void *context, const struct model_version *version)
{
    struct versions_found *found = context;
    if (version->active)
        found->active = version->version;
    if (strcmp(version->state, "training") == 0 && found->n_interrupted < TRAINER_VERSIONS_MAX)
        found->interrupted[found->n_interrupted++] = version->version;
    return STATUS_OK;
}

/* One that cannot be loaded is tried once. */
static void follow_version(struct trainer *trainer)
{
    struct versions_found found = {0};
    struct error err = {0};
    if (store_list_versions(trainer->store, UINT32_MAX, UINT32_MAX, find_versions, &found, NULL) !=
            STATUS_OK ||
        found.active == 0 || found.active == trainer_serving_version(trainer->site) ||
        found.active == trainer->given_up)
        return;
    if (site_activate_held(trainer->site, found.active, &err) == STATUS_OK) {
        log_write(LOG_INFO, "version_followed", "version %u serves, as the store says",
                  found.active);
        return;
    }
    trainer->given_up = found.active;
    log_write(LOG_ERROR, "version_not_followed", "version %u: %s", found.active, err.text);
}

/* Another process on this directory (`train`, `models activate`) may have chosen another version.
 * Nobody activates one between the look at the store and the one at what serves: what the store
 * said before would undo it. */
void trainer_follow_store(struct trainer *trainer)
{
    uint64_t data_version;
    if (store_data_version(trainer->store, &data_version) != STATUS_OK ||
        data_version == trainer->data_version)
        return;
    trainer->data_version = data_version;
    pthread_mutex_lock(&trainer->site->versions_mutex);
    follow_version(trainer);
    pthread_mutex_unlock(&trainer->site->versions_mutex);
}

enum status trainer_end_interrupted(void *context, struct store *store, struct error *reterr)
{
    (void)context;
    struct versions_found found = {0};
    enum status status =
        store_list_versions(store, UINT32_MAX, UINT32_MAX, find_versions, &found, reterr);
    for (size_t i = 0; status == STATUS_OK && i < found.n_interrupted; i++) {
        const struct model_version version = {.version = found.interrupted[i],
                                              .finished_ms = clock_now_ms(),
                                              .state = "failed",
                                              .reason = "the process ended during this round",
                                              .report = "{}"};
        status = store_update_version(store, &version, reterr);
    }
    return status;
}
