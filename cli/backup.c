#include "cli/backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sections.h"
#include "base/text.h"
#include "data/migrate.h"
#include "server/site.h"
#include "train/kept.h"

enum { FILE_MODE = 0640 };

/* ---- writing ---- */

/* Adds a file as it is; mapped, so that a large store needs no memory of its own. */
static enum status add_file(struct sections_writer *writer, const char *name, const char *path,
                            struct error *reterr)
{
    struct stat facts;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &facts) != 0) {
        const enum status status = error_set_errno(reterr, errno, "reading %s", path);
        if (fd >= 0)
            close(fd);
        return status;
    }
    const size_t size = (size_t)facts.st_size;
    void *bytes = size ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
    const int reason = errno;
    close(fd);
    if (bytes == MAP_FAILED)
        return error_set_errno(reterr, reason, "mapping %s", path);
    sections_add(writer, name, SECTION_BYTES, size, 1, bytes);
    if (size)
        munmap(bytes, size);
    return STATUS_OK;
}

static enum status add_snapshot_file(struct sections_writer *writer, const char *folder,
                                     const char *file, struct error *reterr)
{
    char path[PATH_BYTES_MAX], name[SECTION_NAME_MAX + 1];
    struct stat facts;
    if (path_join(path, folder, file) != STATUS_OK || stat(path, &facts) != 0 ||
        !S_ISREG(facts.st_mode))
        return STATUS_OK;
    if (snprintf(name, sizeof name, BACKUP_SNAPSHOT "%s", file) >= (int)sizeof name)
        return error_set(reterr, STATUS_TOO_LARGE, "%s has too long a name for a backup", path);
    return add_file(writer, name, path, reterr);
}

static enum status add_snapshot(struct sections_writer *writer, const char *folder,
                                struct error *reterr)
{
    struct dirent **files = NULL;
    const int n = scandir(folder, &files, NULL, alphasort);
    if (n < 0)
        return error_set_errno(reterr, errno, "reading %s", folder);
    enum status status = STATUS_OK;
    for (int i = 0; i < n; i++) {
        if (status == STATUS_OK)
            status = add_snapshot_file(writer, folder, files[i]->d_name, reterr);
        free(files[i]);
    }
    free(files);
    return status;
}

static enum status add_active(struct sections_writer *writer, const struct context *context,
                              uint32_t version, struct error *reterr)
{
    char number[16], folder[PATH_BYTES_MAX];
    const int length = snprintf(number, sizeof number, "%u", version);
    if (path_join(folder, context->snapshots, number) != STATUS_OK)
        return error_set(reterr, STATUS_TOO_LARGE, "the path of the data directory is too long");
    sections_add(writer, BACKUP_VERSION, SECTION_BYTES, (uint64_t)length, 1, number);
    return add_snapshot(writer, folder, reterr);
}

/* The active version is read from the copy, so that both belong together; its snapshot may have
 * been pruned in between, which the caller's second attempt mends. */
static enum status add_all(struct sections_writer *writer, const struct context *context,
                           const char *copy_folder, const char *copy, struct error *reterr)
{
    struct store *store = NULL;
    struct buffer settings = {0};
    uint32_t version = 0;
    enum status status = store_open(copy_folder, STORE_READ, &store, reterr);
    if (status == STATUS_OK)
        status = active_version(store, &version, reterr);
    store_close(store);
    if (status == STATUS_OK)
        status = add_file(writer, BACKUP_STORE, copy, reterr);
    settings_print(&context->settings, "data.directory", &settings);
    if (status == STATUS_OK && settings.failed)
        status = error_set(reterr, STATUS_NO_MEMORY, "no memory for the settings");
    if (status == STATUS_OK)
        sections_add(writer, BACKUP_CONFIG, SECTION_BYTES, settings.size, 1, settings.data);
    buffer_free(&settings);
    if (status == STATUS_OK && version)
        status = add_active(writer, context, version, reterr);
    return status;
}

/* A folder of our own beside `path`, where its disk has to hold the backup anyway. */
static enum status make_scratch(const char *path, char folder[PATH_BYTES_MAX],
                                char store[PATH_BYTES_MAX], struct error *reterr)
{
    if (snprintf(folder, PATH_BYTES_MAX, "%s.XXXXXX", path) >= PATH_BYTES_MAX - 64)
        return error_set(reterr, STATUS_TOO_LARGE, "the path %.60s... is too long", path);
    if (!mkdtemp(folder))
        return error_set_errno(reterr, errno, "making a folder beside %s", path);
    return path_join(store, folder, STORE_FILE);
}

enum status backup_write(struct context *context, const char *path, struct error *reterr)
{
    char folder[PATH_BYTES_MAX], copy[PATH_BYTES_MAX];
    struct sections_writer *writer = NULL;
    if (access(path, F_OK) == 0)
        return error_set(reterr, STATUS_CONFLICT, "%s is there already; it is left as it is", path);
    enum status status = make_scratch(path, folder, copy, reterr);
    if (status != STATUS_OK)
        return status;
    status = store_backup(context->store, copy, reterr);
    if (status == STATUS_OK)
        status = sections_create(path, &writer, reterr);
    if (status == STATUS_OK) {
        status = add_all(writer, context, folder, copy, reterr);
        const enum status finished = sections_finish(writer, status == STATUS_OK ? reterr : NULL);
        if (status != STATUS_OK)
            unlink(path);
        status = status == STATUS_OK ? finished : status;
    }
    folder_remove(folder, NULL);
    return status;
}

/* ---- reading ---- */

static enum status write_section(const struct section *section, const char *folder,
                                 const char *name, struct error *reterr)
{
    char path[PATH_BYTES_MAX];
    if (strchr(name, '/') || strcmp(name, "..") == 0 || *name == '\0')
        return error_set(reterr, STATUS_CORRUPT, "the backup names a file '%.60s'", name);
    if (path_join(path, folder, name) != STATUS_OK)
        return error_set(reterr, STATUS_TOO_LARGE, "the path of the data directory is too long");
    return file_replace(path, section->data, section->rows * section->columns, FILE_MODE, reterr);
}

static enum status need_store(const struct sections *sections, const struct section **ret_store,
                              struct error *reterr)
{
    return sections_need(sections, BACKUP_STORE, SECTION_BYTES, UINT64_MAX, 1, ret_store, reterr);
}

enum status backup_verify(const char *path, struct error *reterr)
{
    char folder[PATH_BYTES_MAX], copy[PATH_BYTES_MAX];
    struct sections *sections = NULL;
    const struct section *bytes = NULL;
    struct store *store = NULL;
    enum status status = sections_open(path, &sections, reterr);
    if (status != STATUS_OK)
        return status;
    status = need_store(sections, &bytes, reterr);
    if (status == STATUS_OK)
        status = make_scratch(path, folder, copy, reterr);
    if (status != STATUS_OK) {
        sections_close(sections);
        return status;
    }
    status = write_section(bytes, folder, STORE_FILE, reterr);
    if (status == STATUS_OK)
        status = store_open(folder, STORE_READ, &store, reterr);
    if (status == STATUS_OK)
        status = store_verify(store, reterr);
    store_close(store);
    folder_remove(folder, NULL);
    sections_close(sections);
    return status;
}

static enum status restore_snapshot(const struct sections *sections, const char *folder,
                                    struct error *reterr)
{
    char snapshots[PATH_BYTES_MAX], path[PATH_BYTES_MAX], number[16];
    const struct section *version = sections_find(sections, BACKUP_VERSION);
    if (!version)
        return STATUS_OK;
    snprintf(number, sizeof number, "%.*s", (int)(version->rows < 12 ? version->rows : 12),
             (const char *)version->data);
    int64_t value;
    if (text_to_int64(number, &value) != STATUS_OK || value < 1 || value > UINT32_MAX)
        return error_set(reterr, STATUS_CORRUPT, "the backup names a snapshot '%s'", number);
    if (path_join(snapshots, folder, SITE_SNAPSHOTS) != STATUS_OK ||
        path_join(path, snapshots, number) != STATUS_OK)
        return error_set(reterr, STATUS_TOO_LARGE, "the path of the data directory is too long");
    enum status status = folder_make(path, reterr);
    const size_t prefix = strlen(BACKUP_SNAPSHOT);
    for (size_t i = 0; i < sections_count(sections) && status == STATUS_OK; i++) {
        const struct section *section = sections_at(sections, i);
        if (strncmp(section->name, BACKUP_SNAPSHOT, prefix) == 0)
            status = write_section(section, path, section->name + prefix, reterr);
    }
    return status == STATUS_OK ? folder_sync(snapshots, reterr) : status;
}

/* The store is written last: a directory without one is not a data directory yet. */
static enum status unpack(const struct sections *sections, const char *folder, struct error *reterr)
{
    const struct section *store = NULL;
    enum status status = need_store(sections, &store, reterr);
    if (status == STATUS_OK)
        status = restore_snapshot(sections, folder, reterr);
    const struct section *settings = sections_find(sections, BACKUP_CONFIG);
    if (status == STATUS_OK && settings)
        status = write_section(settings, folder, BACKUP_CONFIG, reterr);
    return status == STATUS_OK ? write_section(store, folder, STORE_FILE, reterr) : status;
}

static enum status update_kept(void *snapshots, struct store *store, struct error *reterr)
{
    return kept_update(store, snapshots, reterr);
}

/* Only the active snapshot came along. A store of an older schema stays as it is: bringing it up to
 * date is for 'migrate up'. */
static enum status forget_snapshots(const char *folder, struct error *reterr)
{
    struct store *store = NULL;
    char snapshots[PATH_BYTES_MAX];
    int version = 0;
    if (path_join(snapshots, folder, SITE_SNAPSHOTS) != STATUS_OK)
        return error_set(reterr, STATUS_TOO_LARGE, "the path of the data directory is too long");
    enum status status = migrate_status(folder, &version, reterr);
    if (status != STATUS_OK || version != migrate_latest(store_migrations))
        return status;
    status = store_open(folder, STORE_WRITE, &store, reterr);
    if (status == STATUS_OK)
        status = store_transact(store, update_kept, snapshots, reterr);
    store_close(store);
    return status;
}

enum status backup_restore(const char *path, const char *folder, struct error *reterr)
{
    char there[PATH_BYTES_MAX];
    struct sections *sections = NULL;
    int lock = -1;
    enum status status = sections_open(path, &sections, reterr);
    if (status == STATUS_OK)
        status = folder_make(folder, reterr);
    if (status == STATUS_OK)
        status = site_lock(folder, &lock, reterr);
    if (status == STATUS_OK && path_join(there, folder, STORE_FILE) != STATUS_OK)
        status = error_set(reterr, STATUS_TOO_LARGE, "the path %.60s... is too long", folder);
    if (status == STATUS_OK && access(there, F_OK) == 0)
        status = error_set(reterr, STATUS_CONFLICT,
                           "%s holds a store; move it away, or restore into another directory "
                           "with --data",
                           folder);
    if (status == STATUS_OK)
        status = unpack(sections, folder, reterr);
    if (status == STATUS_OK)
        status = forget_snapshots(folder, reterr);
    sections_close(sections);
    if (lock >= 0)
        close(lock);
    return status;
}
