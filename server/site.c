#include "server/site_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "server/log.h"
#include "train/round.h"

enum { DRAIN_MS = 5000, KEYS_MAX = 1024 };

/* ---- the folder ---- */

enum status site_lock(const char *folder, int *ret_fd, struct error *reterr)
{
    char path[PATH_BYTES_MAX];
    if (path_join(path, folder, SITE_LOCK_FILE) != STATUS_OK)
        return error_set(reterr, STATUS_TOO_LARGE, "the path %.100s… is too long", folder);
    const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0)
        return error_set_errno(reterr, errno, "cannot open %s", path);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        const int reason = errno;
        close(fd);
        if (reason == EWOULDBLOCK)
            return error_set(reterr, STATUS_BUSY,
                             "%s is in use by another daemon; stop it first or choose another "
                             "data directory (--data)",
                             folder);
        return error_set_errno(reterr, reason, "cannot lock %s", path);
    }
    *ret_fd = fd;
    return STATUS_OK;
}

static enum status set_folders(struct site *site, struct error *reterr)
{
    const struct settings *settings = site->settings;
    const char *logdir = settings->tensorboard.logdir;
    enum status status = STATUS_OK;
    if (strlen(settings->data.directory) >= PATH_BYTES_MAX / 2)
        status = STATUS_TOO_LARGE;
    else
        strcpy(site->folder, settings->data.directory);
    if (status == STATUS_OK)
        status = path_join(site->snapshots, site->folder, SITE_SNAPSHOTS);
    if (status == STATUS_OK && logdir[0] == '\0')
        status = path_join(site->logdir, site->folder, "tensorboard");
    else if (status == STATUS_OK)
        status = path_join(site->logdir, logdir, "");
    if (status != STATUS_OK)
        return error_set(reterr, status, "the data directory's path is too long");
    status = folder_make(site->folder, reterr);
    return status == STATUS_OK ? folder_make(site->snapshots, reterr) : status;
}

/* ---- what the store gives at start ---- */

static enum status bind_types(void *context, struct store *store, struct error *reterr)
{
    return store_bind_types(store, context, reterr);
}

enum status site_bind_types(struct store *store, struct event_types *types, struct error *reterr)
{
    return store_transact(store, bind_types, types, reterr);
}

/* The signing secret is made once and stays with the data. */
static enum status read_secret(void *context, struct store *store, struct error *reterr)
{
    struct site *site = context;
    struct buffer value = {0};
    enum status status = store_get_setting(store, "signing_secret", &value, reterr);
    if (status == STATUS_OK && value.size == sizeof site->secret) {
        memcpy(site->secret, value.data, sizeof site->secret);
    } else if (status == STATUS_OK || status == STATUS_NOT_FOUND) {
        randombytes_buf(site->secret, sizeof site->secret);
        status =
            store_put_setting(store, "signing_secret", site->secret, sizeof site->secret, reterr);
    }
    buffer_free(&value);
    return status;
}

struct admin_key {
    unsigned char hash[KEY_HASH_BYTES];
    bool known;
};

static enum status find_admin_key(void *context, const struct key_row *key)
{
    struct admin_key *admin = context;
    admin->known = admin->known || memcmp(key->hash, admin->hash, KEY_HASH_BYTES) == 0;
    return STATUS_OK;
}

/* The key that the operator hands over in a file (a Docker secret) is made known once. */
static enum status seed_admin_key(void *context, struct store *store, struct error *reterr)
{
    struct admin_key *admin = context;
    enum status status = store_list_keys(store, find_admin_key, admin, reterr);
    if (status != STATUS_OK || admin->known)
        return status;
    uint32_t number;
    return store_add_key(store, "admin (from file)", SCOPE_ADMIN, admin->hash, clock_now_ms(),
                         &number, reterr);
}

static enum status read_admin_key(struct site *site, struct store *store, struct error *reterr)
{
    enum { KEY_FILE_MAX = 4096, KEY_MIN = 16 };
    const char *path = site->settings->server.admin_key_file;
    if (path[0] == '\0')
        return STATUS_OK;
    struct buffer key = {0};
    enum status status = file_read(path, KEY_FILE_MAX, &key, reterr);
    if (status != STATUS_OK)
        return status;
    while (key.size && (key.data[key.size - 1] == '\n' || key.data[key.size - 1] == '\r'))
        key.size--;
    struct admin_key admin = {0};
    if (key.size < KEY_MIN) {
        status = error_set(reterr, STATUS_OUT_OF_RANGE,
                           "%s holds a key of %zu bytes; give at least %d random characters", path,
                           key.size, KEY_MIN);
    } else {
        crypto_generichash(admin.hash, sizeof admin.hash, (const unsigned char *)key.data, key.size,
                           NULL, 0);
        status = store_transact(store, seed_admin_key, &admin, reterr);
    }
    sodium_memzero(key.data, key.capacity);
    buffer_free(&key);
    return status;
}

/* ---- keys for the HTTP layer ---- */

struct key_list {
    struct key_row rows[KEYS_MAX]; /* one revoked one: a site that once had keys stays closed */
    size_t n, n_in_force, n_revoked;
};

static enum status collect_key(void *context, const struct key_row *key)
{
    struct key_list *list = context;
    if (key->revoked_ms != TIME_UNKNOWN && list->n_revoked++ > 0)
        return STATUS_OK;
    list->n_in_force += key->revoked_ms == TIME_UNKNOWN;
    if (list->n == KEYS_MAX)
        return STATUS_TOO_LARGE;
    list->rows[list->n] = *key;
    list->rows[list->n++].name = NULL;
    return STATUS_OK;
}

static enum status list_keys(struct store *store, struct key_list *list, struct error *reterr)
{
    const enum status status = store_list_keys(store, collect_key, list, reterr);
    if (status == STATUS_TOO_LARGE)
        return error_set(reterr, status, "there are more than %d access keys; revoke some",
                         KEYS_MAX - 1);
    return status;
}

enum status site_reload_keys(struct site *site, struct store *store, struct error *reterr)
{
    struct key_list *list = calloc(1, sizeof *list);
    if (!list)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory");
    enum status status = list_keys(store, list, reterr);
    if (status == STATUS_OK && httpd_set_keys(site->httpd, list->rows, list->n) != STATUS_OK)
        status = error_set(reterr, STATUS_NO_MEMORY, "out of memory");
    free(list);
    return status;
}

/* Beyond loopback somebody must hold a key. */
static enum status check_exposure(struct site *site, struct store *store, struct error *reterr)
{
    const char *address = site->settings->server.address;
    const bool loopback = strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0 ||
                          strcmp(address, "localhost") == 0;
    if (loopback || site->settings->server.insecure)
        return STATUS_OK;
    struct key_list *list = calloc(1, sizeof *list);
    if (!list)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory");
    enum status status = list_keys(store, list, reterr);
    if (status == STATUS_OK && list->n_in_force == 0)
        status = error_set(reterr, STATUS_OUT_OF_RANGE,
                           "server.address %s is not loopback and there is no access key: make "
                           "one with `tastevin keys make`, or say --insecure",
                           address);
    free(list);
    return status;
}

/* ---- snapshots ---- */

struct version_list {
    uint32_t active, kept[64];
    size_t n;
};

static enum status collect_version(void *context, const struct model_version *version)
{
    struct version_list *list = context;
    if (version->active)
        list->active = version->version;
    if (version->kept && list->n < sizeof list->kept / sizeof *list->kept &&
        strcmp(version->state, "published") == 0)
        list->kept[list->n++] = version->version;
    return STATUS_OK;
}

static bool try_snapshot(struct site *site, uint32_t version, struct snapshot **ret_snapshot)
{
    struct error err = {0};
    if (snapshot_load(site->snapshots, version, ret_snapshot, &err) == STATUS_OK) {
        log_write(LOG_INFO, "snapshot_loaded", "version %u serves", version);
        return true;
    }
    log_write(LOG_ERROR, "snapshot_broken", "version %u cannot serve: %s", version, err.text);
    return false;
}

/* The active one; broken: the newest kept one before it; none: the empty one. */
static enum status load_snapshot(struct site *site, struct store *store,
                                 struct snapshot **ret_snapshot, struct error *reterr)
{
    struct version_list list = {0};
    const enum status status =
        store_list_versions(store, UINT32_MAX, UINT32_MAX, collect_version, &list, reterr);
    if (status != STATUS_OK)
        return status;
    if (list.active && try_snapshot(site, list.active, ret_snapshot))
        return STATUS_OK;
    for (size_t i = 0; list.active && i < list.n; i++)
        if (list.kept[i] < list.active && try_snapshot(site, list.kept[i], ret_snapshot))
            return STATUS_OK;
    return snapshot_new_empty(&site->types, ret_snapshot);
}

static enum status start_serving(struct site *site, struct store *store, struct error *reterr)
{
    struct snapshot *snapshot;
    struct serving_impl *serving;
    enum status status = load_snapshot(site, store, &snapshot, reterr);
    if (status == STATUS_OK)
        status = serving_new(site, snapshot, &serving, reterr);
    if (status != STATUS_OK)
        return status;
    serving_publish(site, serving);
    return live_catch_up(serving->serving.live, store, NULL, reterr);
}

/* ---- activation: the swap is the writer's, so that no change falls between two Lives ---- */

struct activation {
    struct site *site;
    struct serving_impl *serving;
    uint32_t version;
};

static enum status mark_active(void *context, struct store *store, struct error *reterr)
{
    const struct activation *activation = context;
    return store_activate_version(store, activation->version, reterr);
}

static enum status swap_serving(void *context, struct store *store, struct error *reterr)
{
    struct activation *activation = context;
    bool keys_changed = false;
    struct error err = {0};
    enum status status =
        live_catch_up(activation->serving->serving.live, store, &keys_changed, reterr);
    if (status == STATUS_OK)
        status = store_transact(store, mark_active, activation, reterr);
    if (status != STATUS_OK)
        return status;
    serving_publish(activation->site, activation->serving);
    /* The Live before may not have come to see them: another process may have made the change. */
    if (keys_changed && site_reload_keys(activation->site, store, &err) != STATUS_OK)
        log_write(LOG_ERROR, "keys_not_read", "access keys stay as they were: %s", err.text);
    return STATUS_OK;
}

enum status site_activate_held(struct site *site, uint32_t version, struct error *reterr)
{
    struct snapshot *snapshot;
    struct activation activation = {.site = site, .version = version};
    struct store *store;
    enum status status = snapshot_load(site->snapshots, version, &snapshot, reterr);
    if (status == STATUS_OK)
        status = serving_new(site, snapshot, &activation.serving, reterr);
    if (status != STATUS_OK)
        return status;
    /* most of the way here, so that the writer has little left to do */
    status = site_borrow_store(site, &store, reterr);
    if (status == STATUS_OK) {
        status = live_catch_up(activation.serving->serving.live, store, NULL, reterr);
        site_return_store(site, store);
    }
    if (status == STATUS_OK)
        status = writer_run(site->writer, swap_serving, &activation, true, reterr);
    if (status != STATUS_OK)
        serving_release(site, &activation.serving->serving);
    return status;
}

enum status site_activate(struct site *site, uint32_t version, struct error *reterr)
{
    pthread_mutex_lock(&site->versions_mutex);
    const enum status status = site_activate_held(site, version, reterr);
    pthread_mutex_unlock(&site->versions_mutex);
    return status;
}

/* ---- start and stop ---- */

static enum status start_store(struct site *site, struct error *reterr)
{
    struct store *store;
    enum status status = store_open(site->folder, STORE_WRITE, &store, reterr);
    if (status != STATUS_OK)
        return status;
    status = site_bind_types(store, &site->types, reterr);
    if (status == STATUS_OK)
        status = store_transact(store, read_secret, site, reterr);
    if (status == STATUS_OK)
        status = read_admin_key(site, store, reterr);
    if (status == STATUS_OK)
        status = check_exposure(site, store, reterr);
    if (status == STATUS_OK)
        status = site_reload_keys(site, store, reterr);
    if (status == STATUS_OK)
        status = start_serving(site, store, reterr);
    if (status == STATUS_OK)
        status = writer_start(site, store, &site->writer, reterr);
    if (status != STATUS_OK)
        store_close(store);
    return status;
}

/* The port is bound first and answers last: whatever fails in between has answered nobody. */
static enum status start_parts(struct site *site, struct error *reterr)
{
    enum status status = serving_slot_start(site);
    if (status != STATUS_OK)
        return error_set(reterr, status,
                         status == STATUS_NO_MEMORY ? "no memory for server.cache"
                                                    : "cannot start a thread");
    status = answered_new(&site->answered);
    if (status != STATUS_OK)
        return error_set(reterr, status, "out of memory");
    status = httpd_new(site->settings, site, routes, &site->httpd, reterr);
    if (status == STATUS_OK)
        status = start_store(site, reterr);
    if (status == STATUS_OK)
        status = trainer_start(site, &site->trainer, reterr);
    if (status == STATUS_OK)
        status = mapper_start(site, &site->mapper, reterr);
    if (status == STATUS_OK)
        status = scrubber_start(site, &site->scrubber, reterr);
    if (status == STATUS_OK)
        status = reporter_start(site, &site->reporter, reterr);
    return status == STATUS_OK ? httpd_run(site->httpd, reterr) : status;
}

enum status site_start(const struct settings *settings, struct site **ret_site,
                       struct error *reterr)
{
    if (sodium_init() < 0)
        return error_set(reterr, STATUS_IO, "the system gives no random numbers");
    enum status status = round_check_settings(settings, reterr);
    if (status != STATUS_OK)
        return status;
    struct site *site = calloc(1, sizeof *site);
    if (!site)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory");
    site->settings = settings;
    site->types = settings->types;
    site->started_ms = clock_now_ms();
    uint64_t first;
    randombytes_buf(&first, sizeof first);
    atomic_init(&site->n_recommendations, first);
    site->lock_fd = -1;
    pthread_mutex_init(&site->versions_mutex, NULL);
    pthread_mutex_init(&site->stores_mutex, NULL);
    pthread_cond_init(&site->store_returned, NULL);
    status = set_folders(site, reterr);
    if (status == STATUS_OK)
        status = site_lock(site->folder, &site->lock_fd, reterr);
    if (status == STATUS_OK)
        status = start_parts(site, reterr);
    if (status != STATUS_OK) {
        site_stop(site);
        return status;
    }
    *ret_site = site;
    return STATUS_OK;
}

void site_stop(struct site *site)
{
    if (!site)
        return;
    if (site->trainer) /* a round is not waited for; requests may still ask about it */
        trainer_cancel(site->trainer, NULL);
    reporter_stop(site->reporter);
    httpd_stop(site->httpd, DRAIN_MS);
    mapper_stop(site->mapper); /* it asks the trainer whether a round runs */
    trainer_stop(site->trainer);
    scrubber_stop(site->scrubber);
    writer_stop(site->writer);
    if (site->reaper_runs)
        serving_slot_stop(site);
    list_cache_free(site->lists);
    answered_free(site->answered);
    while (site->n_free_stores > 0)
        store_close(site->stores[--site->n_free_stores]);
    pthread_cond_destroy(&site->store_returned);
    pthread_mutex_destroy(&site->stores_mutex);
    pthread_mutex_destroy(&site->versions_mutex);
    sodium_memzero(site->secret, sizeof site->secret);
    if (site->lock_fd >= 0)
        close(site->lock_fd);
    free(site);
}

unsigned site_port(const struct site *site)
{
    return httpd_port(site->httpd);
}

const struct settings *site_settings(const struct site *site)
{
    return site->settings;
}

const struct event_types *site_types(const struct site *site)
{
    return &site->types;
}

struct writer *site_writer(const struct site *site)
{
    return site->writer;
}

struct trainer *site_trainer(const struct site *site)
{
    return site->trainer;
}

struct httpd *site_httpd(const struct site *site)
{
    return site->httpd;
}

void site_count_list(struct site *site, const char *strategy, uint32_t version, uint32_t offset,
                     uint32_t n)
{
    answered_add(site->answered, strategy, version, offset, n);
}
