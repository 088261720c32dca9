#include "cli/context.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/configuration.h"
#include "server/site.h"
#include "train/kept.h"
#include "train/snapshot.h"

enum { VERSION_PAGE = 256 };

/* A store that is there is opened for reading first: that refuses an older schema, which opening
 * for writing would bring up to date. */
static enum status open_existing(struct context *context, enum context_mode mode, bool is_there,
                                 struct error *reterr)
{
    const char *folder = context->settings.data.directory;
    if (!is_there && mode == CONTEXT_MAKE)
        return STATUS_OK;
    if (!is_there)
        return error_set(reterr, STATUS_NOT_FOUND,
                         "there is no store in %s; 'tastevin import' or 'tastevin serve' makes "
                         "one, --data names another directory",
                         folder);
    return store_open(folder, STORE_READ, &context->store, reterr);
}

/* Binding may add names of types to the store: it needs a writer, which is kept or closed. */
static enum status open_writer(struct context *context, enum context_mode mode,
                               struct error *reterr)
{
    struct store *writer = NULL;
    enum status status = store_open(context->settings.data.directory, STORE_WRITE, &writer, reterr);
    if (status == STATUS_OK)
        status = site_bind_types(writer, &context->types, reterr);
    if (status != STATUS_OK || mode == CONTEXT_READ) {
        store_close(writer);
        return status;
    }
    store_close(context->store);
    context->store = writer;
    return STATUS_OK;
}

enum status context_open_with(struct settings *settings, enum context_mode mode,
                              struct context *ret_context, struct error *reterr)
{
    char path[PATH_BYTES_MAX];
    struct stat facts;
    *ret_context = (struct context){.settings = *settings, .types = settings->types};
    *settings = (struct settings){0};
    const char *folder = ret_context->settings.data.directory;
    if (path_join(ret_context->snapshots, folder, SITE_SNAPSHOTS) != STATUS_OK ||
        path_join(path, folder, STORE_FILE) != STATUS_OK)
        return error_set(reterr, STATUS_TOO_LARGE, "the path of the data directory is too long");
    const enum status status = open_existing(ret_context, mode, stat(path, &facts) == 0, reterr);
    return status == STATUS_OK ? open_writer(ret_context, mode, reterr) : status;
}

enum status context_open(const struct invocation *invocation, enum context_mode mode,
                         struct context *ret_context, struct error *reterr)
{
    *ret_context = (struct context){0};
    struct settings settings;
    const enum status status = configuration_read(invocation, NULL, &settings, reterr);
    if (status == STATUS_OK)
        return context_open_with(&settings, mode, ret_context, reterr);
    settings_free(&settings);
    return status;
}

void context_close(struct context *context)
{
    store_close(context->store);
    settings_free(&context->settings);
    *context = (struct context){0};
}

bool context_has_daemon(const struct context *context)
{
    int lock = -1;
    if (site_lock(context->settings.data.directory, &lock, NULL) != STATUS_OK)
        return true;
    close(lock);
    return false;
}

struct version_search {
    uint32_t active, last;
    size_t seen;
};

static enum status look_at_version(void *context, const struct model_version *version)
{
    struct version_search *search = context;
    search->last = version->version;
    search->seen++;
    if (version->active)
        search->active = version->version;
    return STATUS_OK;
}

enum status active_version(struct store *store, uint32_t *ret_version, struct error *reterr)
{
    struct version_search search = {.last = UINT32_MAX};
    do {
        search.seen = 0;
        const enum status status =
            store_list_versions(store, search.last, VERSION_PAGE, look_at_version, &search, reterr);
        if (status != STATUS_OK)
            return status;
    } while (!search.active && search.seen == VERSION_PAGE);
    *ret_version = search.active;
    return STATUS_OK;
}

static enum status update_kept(void *snapshots, struct store *store, struct error *reterr)
{
    return kept_update(store, snapshots, reterr);
}

enum status context_prune(struct context *context, size_t keep, struct error *reterr)
{
    uint32_t active = 0;
    enum status status = active_version(context->store, &active, reterr);
    if (status == STATUS_OK)
        status = snapshot_prune(context->snapshots, keep, active, reterr);
    return status == STATUS_OK
               ? store_transact(context->store, update_kept, context->snapshots, reterr)
               : status;
}
