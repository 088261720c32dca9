#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "train/manifest.h"
#include "train/snapshot.h"

enum { VERSIONS_MAX = 65536, ABANDONED_S = 24 * 60 * 60 };

/* ---- the versions there are ---- */

/* 0 for any name that is not a version's. */
static uint32_t version_of(const char *name)
{
    if (name[0] < '1' || name[0] > '9' || strspn(name, "0123456789") != strlen(name) ||
        strlen(name) > 10)
        return 0;
    const unsigned long long value = strtoull(name, NULL, 10);
    return value <= UINT32_MAX ? (uint32_t)value : 0;
}

static int compare_versions(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

size_t snapshot_list(const char *root, uint32_t *versions, size_t room)
{
    DIR *folder = opendir(root);
    uint32_t *all = folder ? malloc(VERSIONS_MAX * sizeof *all) : NULL;
    size_t n = 0;
    struct dirent *entry;
    while (all && n < VERSIONS_MAX && (entry = readdir(folder)))
        if ((all[n] = version_of(entry->d_name)) != 0)
            n++;
    if (folder)
        closedir(folder);
    if (n) {
        qsort(all, n, sizeof *all, compare_versions);
        const size_t skip = n > room ? n - room : 0;
        n -= skip;
        memcpy(versions, all + skip, n * sizeof *all);
    }
    free(all);
    return n;
}

/* Another process may be writing one right now; only what is a day old was left by a crash. */
static void remove_abandoned(const char *root)
{
    DIR *folder = opendir(root);
    struct dirent *entry;
    while (folder && (entry = readdir(folder))) {
        char path[PATH_BYTES_MAX];
        struct stat info;
        const char *end = strrchr(entry->d_name, '.');
        if (entry->d_name[0] != '.' || !end || strcmp(end, ".writing") != 0 ||
            path_join(path, root, entry->d_name) != STATUS_OK || stat(path, &info) != 0 ||
            time(NULL) - info.st_mtime < ABANDONED_S)
            continue;
        folder_remove(path, NULL);
    }
    if (folder)
        closedir(folder);
}

enum status snapshot_prune(const char *root, size_t keep, uint32_t active, struct error *reterr)
{
    uint32_t *versions = malloc(VERSIONS_MAX * sizeof *versions);
    if (!versions)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the list of snapshots");
    enum status status = STATUS_OK;
    const size_t n = snapshot_list(root, versions, VERSIONS_MAX);
    size_t left = n;
    for (size_t i = 0; i < n && left > keep && status == STATUS_OK; i++) {
        char path[PATH_BYTES_MAX];
        if (versions[i] == active)
            continue;
        left--;
        status = snapshot_path(path, root, versions[i], NULL, reterr);
        if (status == STATUS_OK)
            status = folder_remove(path, reterr);
    }
    free(versions);
    remove_abandoned(root);
    return status;
}

enum status snapshot_seq(const char *root, uint32_t version, uint64_t *ret_seq,
                         struct error *reterr)
{
    struct manifest *manifest = calloc(1, sizeof *manifest);
    if (!manifest)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for snapshot %u", version);
    struct buffer text = {0};
    const enum status status = manifest_read(root, version, &text, manifest, reterr);
    if (status == STATUS_OK) {
        *ret_seq = manifest->seq;
        manifest_free(manifest);
    }
    buffer_free(&text);
    free(manifest);
    return status;
}

/* ---- erasure ---- */

struct model_sections {
    char users[MODEL_NAME_MAX + sizeof "/users"];
    char starts[MODEL_NAME_MAX + sizeof "/user_starts"];
    char rows[MODEL_NAME_MAX + sizeof "/user_rows"];
};

struct erasure {
    const char *root;
    uint32_t version;
    const uint32_t *users; /* [n] below the snapshot's n_users */
    size_t n;
    struct section_range *ranges; /* [2 n] */
    struct error *reterr;
};

static enum status store_manifest(const struct erasure *e, const struct manifest *manifest)
{
    char path[PATH_BYTES_MAX];
    struct buffer text = {0};
    enum status status = snapshot_path(path, e->root, e->version, MANIFEST_FILE, e->reterr);
    if (status == STATUS_OK && manifest_print(manifest, &text) != STATUS_OK)
        status = error_set(e->reterr, STATUS_NO_MEMORY, "out of memory for the manifest");
    if (status == STATUS_OK)
        status = file_replace(path, text.data, text.size, 0640, e->reterr);
    buffer_free(&text);
    return status;
}

/* The ranges of the users' rows in a table of fixed-size rows or, with starts, of runs. */
static size_t add_ranges(const struct erasure *e, size_t at, const char *name,
                         const uint64_t *starts, uint64_t rows, uint64_t row_bytes)
{
    for (size_t i = 0; i < e->n; i++) {
        const uint32_t user = e->users[i];
        const uint64_t from = starts ? starts[user < rows ? user : rows] : user;
        const uint64_t to = starts ? starts[user < rows ? user + 1 : rows] : user + UINT64_C(1);
        if (from < to)
            e->ranges[at++] =
                (struct section_range){name, from * row_bytes, (to - from) * row_bytes};
    }
    return at;
}

static enum status find_data_ranges(const struct erasure *e, const struct sections *data,
                                    size_t *ret_n)
{
    const struct section *ids, *touches;
    enum status status =
        sections_need(data, "user_ids/starts", SECTION_U64, UINT64_MAX, 1, &ids, e->reterr);
    if (status == STATUS_OK)
        status =
            sections_need(data, "touches/starts", SECTION_U64, UINT64_MAX, 1, &touches, e->reterr);
    if (status != STATUS_OK)
        return status;
    const size_t n = add_ranges(e, 0, "user_ids/bytes", ids->data, ids->rows - 1, 1);
    *ret_n =
        add_ranges(e, n, "touches/rows", touches->data, touches->rows - 1, sizeof(struct touch));
    return STATUS_OK;
}

/* The users' rows of a model's file: "<model>/users", of fixed size, or "<model>/user_rows" with
 * "<model>/user_starts". A model without either keeps nothing of single users. `names`: room for
 * what the ranges borrow. */
static size_t find_model_ranges(const struct erasure *e, const struct sections *sections,
                                const char *model, struct model_sections *names)
{
    snprintf(names->users, sizeof names->users, "%s/users", model);
    snprintf(names->starts, sizeof names->starts, "%s/user_starts", model);
    snprintf(names->rows, sizeof names->rows, "%s/user_rows", model);
    const struct section *users = sections_find(sections, names->users);
    const struct section *starts = sections_find(sections, names->starts);
    const struct section *rows = sections_find(sections, names->rows);
    size_t n = 0;
    if (users)
        n = add_ranges(e, n, names->users, NULL, users->rows,
                       users->columns * section_type_size(users->type));
    if (starts && rows && starts->type == SECTION_U64)
        n = add_ranges(e, n, names->rows, starts->data, starts->rows - 1,
                       rows->columns * section_type_size(rows->type));
    return n;
}

/* Zeroes the users' rows in data.tvs (model NULL), or in a model's file. */
static enum status erase_in(const struct erasure *e, const char *file, const char *model,
                            uint32_t *ret_crc)
{
    struct model_sections names;
    char path[PATH_BYTES_MAX];
    struct sections *sections;
    size_t n = 0;
    enum status status = snapshot_path(path, e->root, e->version, file, e->reterr);
    if (status == STATUS_OK)
        status = sections_open(path, &sections, e->reterr);
    if (status != STATUS_OK)
        return status;
    if (model)
        n = find_model_ranges(e, sections, model, &names);
    else
        status = find_data_ranges(e, sections, &n);
    sections_close(sections);
    if (status == STATUS_OK && n > 0)
        status = sections_zero(path, e->ranges, n, e->reterr);
    if (status == STATUS_OK)
        status = sections_open(path, &sections, e->reterr);
    if (status == STATUS_OK) {
        *ret_crc = sections_crc(sections);
        sections_close(sections);
    }
    return status;
}

static enum status erase_in_files(const struct erasure *e, struct manifest *manifest)
{
    enum status status = erase_in(e, DATA_FILE, NULL, &manifest->data_crc);
    for (size_t i = 0; i < manifest->n_models && status == STATUS_OK; i++) {
        char file[MODEL_NAME_MAX + sizeof ".tvs"];
        snprintf(file, sizeof file, "%s.tvs", manifest->models[i].name);
        status = erase_in(e, file, manifest->models[i].name, &manifest->models[i].crc);
    }
    return status;
}

/* The manifest says so before the first byte goes, and has the new checksums after the last. */
static enum status erase_known(struct erasure *e, struct manifest *manifest)
{
    manifest->erasing = true;
    enum status status = store_manifest(e, manifest);
    if (status == STATUS_OK)
        status = erase_in_files(e, manifest);
    manifest->erasing = false;
    return status == STATUS_OK ? store_manifest(e, manifest) : status;
}

enum status snapshot_erase_users(const char *root, uint32_t version, const uint32_t *users,
                                 size_t n_users, struct error *reterr)
{
    struct manifest *manifest = calloc(1, sizeof *manifest);
    uint32_t *known = malloc((n_users + 1) * sizeof *known);
    struct section_range *ranges = malloc((2 * n_users + 1) * sizeof *ranges);
    struct buffer text = {0};
    struct erasure e = {root, version, known, 0, ranges, reterr};
    enum status status = STATUS_NO_MEMORY;
    if (manifest && known && ranges)
        status = manifest_read(root, version, &text, manifest, reterr);
    else
        error_set(reterr, status, "out of memory for an erasure");
    if (status == STATUS_OK) {
        for (size_t i = 0; i < n_users; i++)
            if (users[i] < manifest->n_users)
                known[e.n++] = users[i];
        if (e.n > 0)
            status = erase_known(&e, manifest);
        manifest_free(manifest);
    }
    buffer_free(&text);
    free(ranges);
    free(known);
    free(manifest);
    return status;
}
