#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/json.h"
#include "data/store.h"
#include "eval/item_times.h"
#include "train/manifest.h"
#include "train/snapshot.h"

enum { ITEMS_A_PAGE = 1000, USERS_BETWEEN_STOPS = 4096 };

struct writing {
    const struct snapshot_contents *contents;
    const struct observer *observer;
    char folder[PATH_BYTES_MAX]; /* the temporary one */
    struct manifest manifest;
    struct error *reterr;
};

uint64_t snapshot_write_estimate(uint64_t n_events)
{
    return n_events * sizeof(struct touch);
}

static enum status stopped(struct writing *w)
{
    return error_set(w->reterr, STATUS_CANCELLED, "stopped while writing the snapshot");
}

/* ---- data.tvs ---- */

static void add_ids(struct sections_writer *writer, const char *prefix, const struct idmap *ids)
{
    static const uint64_t none = 0;
    char name[SECTION_NAME_MAX + 1];
    snprintf(name, sizeof name, "%s/starts", prefix);
    sections_add(writer, name, SECTION_U64, (uint64_t)ids->count + 1, 1,
                 ids->count ? ids->starts : &none);
    snprintf(name, sizeof name, "%s/bytes", prefix);
    sections_add(writer, name, SECTION_BYTES, ids->count ? ids->starts[ids->count] : 0, 1,
                 ids->bytes);
    snprintf(name, sizeof name, "%s/slots", prefix);
    sections_add(writer, name, SECTION_U32, ids->n_slots, 1, ids->slots);
}

static enum status add_touches(struct writing *w, struct sections_writer *writer)
{
    const struct dataset *dataset = w->contents->dataset;
    uint64_t *starts = calloc((size_t)dataset->n_users + 1, sizeof *starts);
    /* At most one an event; what is not used is never touched and so takes no memory. */
    struct touch *touches = malloc((dataset->n_events + 1) * sizeof *touches);
    enum status status = STATUS_OK;
    if (!starts || !touches)
        status = error_set(w->reterr, STATUS_NO_MEMORY, "out of memory for the histories");
    for (uint32_t u = 0; status == STATUS_OK && u < dataset->n_users; u++) {
        if (u % USERS_BETWEEN_STOPS == 0 && observer_stops(w->observer))
            status = stopped(w);
        starts[u + 1] = starts[u] + dataset_touches(dataset, u, NULL, touches + starts[u]);
    }
    if (status == STATUS_OK) {
        sections_add(writer, "touches/starts", SECTION_U64, (uint64_t)dataset->n_users + 1, 1,
                     starts);
        sections_add(writer, "touches/rows", SECTION_BYTES, starts[dataset->n_users],
                     sizeof *touches, touches);
    }
    free(starts);
    free(touches);
    return status;
}

struct listing {
    struct catalogue *catalogue;
    uint32_t n_items, next, seen;
    struct error *reterr;
};

static enum status put_item(void *context, uint32_t number, const struct item_record *item)
{
    struct listing *listing = context;
    listing->next = number + 1;
    listing->seen++;
    const enum status status =
        number < listing->n_items ? catalogue_put(listing->catalogue, number, item) : STATUS_OK;
    return status == STATUS_OK
               ? STATUS_OK
               : error_set(listing->reterr, status, "out of memory for the catalogue");
}

static enum status fill_catalogue(struct writing *w, struct catalogue *catalogue)
{
    struct listing listing = {
        .catalogue = catalogue, .n_items = w->contents->dataset->n_items, .reterr = w->reterr};
    do {
        if (observer_stops(w->observer))
            return stopped(w);
        listing.seen = 0;
        const enum status status = store_list_items(w->contents->store, listing.next, ITEMS_A_PAGE,
                                                    put_item, &listing, w->reterr);
        if (status != STATUS_OK)
            return status;
    } while (listing.seen == ITEMS_A_PAGE && listing.next < listing.n_items);
    return STATUS_OK;
}

static enum status add_catalogue(struct writing *w, struct sections_writer *writer)
{
    struct catalogue *catalogue;
    if (catalogue_new(&catalogue) != STATUS_OK)
        return error_set(w->reterr, STATUS_NO_MEMORY, "out of memory for the catalogue");
    enum status status = fill_catalogue(w, catalogue);
    if (status == STATUS_OK && catalogue_save(catalogue, writer) != STATUS_OK)
        status = error_set(w->reterr, STATUS_NO_MEMORY, "out of memory for the catalogue");
    catalogue_free(catalogue);
    return status;
}

static enum status add_data(struct writing *w, struct sections_writer *writer)
{
    add_ids(writer, "user_ids", &w->contents->dataset->user_ids);
    add_ids(writer, "item_ids", &w->contents->dataset->item_ids);
    const enum status status = add_touches(w, writer);
    return status == STATUS_OK ? add_catalogue(w, writer) : status;
}

/* ---- ranker.tvs ---- */

static enum status add_ranker(struct writing *w, struct sections_writer *writer)
{
    const struct dataset *dataset = w->contents->dataset;
    struct item_times times;
    struct activity *activity = calloc((size_t)dataset->n_items + 1, sizeof *activity);
    if (!activity || item_times_make(dataset, NULL, &times) != STATUS_OK) {
        free(activity);
        return error_set(w->reterr, STATUS_NO_MEMORY, "out of memory for the ranker's activity");
    }
    for (uint32_t i = 0; i < dataset->n_items; i++)
        item_times_as_of(&times, i, TIME_UNKNOWN, &activity[i]);
    sections_add(writer, "ranker/activity", SECTION_BYTES, dataset->n_items, sizeof *activity,
                 activity);
    item_times_free(&times);
    free(activity);
    return ranker_save(w->contents->ranker, writer, w->reterr);
}

/* ---- one file ---- */

/* Reads the file back: what a snapshot promises is what can be read, not what was written. */
static enum status check_file(const char *path, uint32_t *ret_crc, struct error *reterr)
{
    struct sections *sections;
    const enum status status = sections_open(path, &sections, reterr);
    if (status != STATUS_OK)
        return status;
    *ret_crc = sections_crc(sections);
    sections_close(sections);
    return STATUS_OK;
}

/* model NULL: data.tvs. */
static enum status write_file(struct writing *w, const char *name, const struct model *model,
                              uint32_t *ret_crc)
{
    char path[PATH_BYTES_MAX];
    struct sections_writer *writer;
    enum status status = path_join(path, w->folder, name);
    if (status != STATUS_OK)
        return error_set(w->reterr, status, "the path %.100s… is too long", w->folder);
    status = sections_create(path, &writer, w->reterr);
    if (status != STATUS_OK)
        return status;
    if (model)
        model->class->save(model, writer);
    else
        status = add_data(w, writer);
    /* The writer ends in any case; the first failure is the one to tell. */
    const enum status finished = sections_finish(writer, status == STATUS_OK ? w->reterr : NULL);
    if (status == STATUS_OK)
        status = finished;
    return status == STATUS_OK ? check_file(path, ret_crc, w->reterr) : status;
}

static enum status write_files(struct writing *w)
{
    const struct snapshot_contents *contents = w->contents;
    struct manifest *manifest = &w->manifest;
    enum status status = write_file(w, DATA_FILE, NULL, &manifest->data_crc);
    for (size_t i = 0; i < contents->n_models && status == STATUS_OK; i++) {
        char name[MODEL_NAME_MAX + sizeof ".tvs"];
        if (observer_stops(w->observer))
            return stopped(w);
        snprintf(manifest->models[i].name, sizeof manifest->models[i].name, "%s",
                 contents->models[i]->class->name);
        snprintf(name, sizeof name, "%s.tvs", manifest->models[i].name);
        status = write_file(w, name, contents->models[i], &manifest->models[i].crc);
        observe_progress(w->observer, "writing",
                         (double)(i + 1) / (double)(contents->n_models + 1));
    }
    return status;
}

static enum status write_ranker(struct writing *w)
{
    char path[PATH_BYTES_MAX];
    struct sections_writer *writer;
    if (!w->contents->ranker)
        return STATUS_OK;
    enum status status = path_join(path, w->folder, RANKER_FILE);
    if (status != STATUS_OK)
        return error_set(w->reterr, status, "the path %.100s… is too long", w->folder);
    status = sections_create(path, &writer, w->reterr);
    if (status != STATUS_OK)
        return status;
    status = add_ranker(w, writer);
    const enum status finished = sections_finish(writer, status == STATUS_OK ? w->reterr : NULL);
    if (status == STATUS_OK)
        status = finished;
    w->manifest.has_ranker = true;
    return status == STATUS_OK ? check_file(path, &w->manifest.ranker_crc, w->reterr) : status;
}

static enum status write_manifest(struct writing *w)
{
    const struct snapshot_contents *contents = w->contents;
    struct manifest *manifest = &w->manifest;
    manifest->seq = contents->dataset->seq;
    manifest->n_users = contents->dataset->n_users;
    manifest->n_items = contents->dataset->n_items;
    manifest->n_events = contents->dataset->n_events;
    manifest->frame = contents->dataset->frame;
    manifest->types = contents->dataset->types;
    manifest->n_models = contents->n_models;
    snprintf(manifest->retriever, sizeof manifest->retriever, "%s", contents->retriever);
    struct buffer text = {0};
    char path[PATH_BYTES_MAX];
    enum status status = path_join(path, w->folder, MANIFEST_FILE);
    if (status == STATUS_OK)
        status = manifest_print(manifest, &text);
    if (status == STATUS_OK)
        status = file_replace(path, text.data, text.size, 0640, w->reterr);
    else
        error_set(w->reterr, status, "cannot write the manifest: %s", status_name(status));
    buffer_free(&text);
    return status;
}

/* ---- the folder ---- */

static enum status publish_folder(struct writing *w, const char *root, const char *path)
{
    if (observer_stops(w->observer))
        return stopped(w);
    enum status status = folder_sync(w->folder, w->reterr);
    if (status == STATUS_OK && rename(w->folder, path) != 0)
        status = error_set_errno(w->reterr, errno, "cannot rename %s", w->folder);
    return status == STATUS_OK ? folder_sync(root, w->reterr) : status;
}

static enum status write_folder(struct writing *w, const char *root, const char *path)
{
    enum status status = folder_remove(w->folder, w->reterr);
    if (status == STATUS_OK)
        status = folder_make(w->folder, w->reterr);
    if (status == STATUS_OK)
        status = write_files(w);
    if (status == STATUS_OK)
        status = write_ranker(w);
    if (status == STATUS_OK)
        status = write_manifest(w);
    if (status == STATUS_OK)
        status = publish_folder(w, root, path);
    if (status != STATUS_OK)
        folder_remove(w->folder, NULL);
    return status;
}

enum status snapshot_write(const char *root, uint32_t version,
                           const struct snapshot_contents *contents,
                           const struct observer *observer, struct error *reterr)
{
    char path[PATH_BYTES_MAX];
    enum status status = snapshot_path(path, root, version, NULL, reterr);
    if (status != STATUS_OK)
        return status;
    struct stat info;
    if (lstat(path, &info) == 0)
        return error_set(reterr, STATUS_CONFLICT, "%s is there already", path);
    struct writing *w = calloc(1, sizeof *w);
    if (!w)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the snapshot");
    w->contents = contents;
    w->observer = observer;
    w->reterr = reterr;
    const int n = snprintf(w->folder, sizeof w->folder, "%s/.%u.writing", root, version);
    if (n >= (int)sizeof w->folder)
        status = error_set(reterr, STATUS_TOO_LARGE, "the path %.100s… is too long", root);
    if (status == STATUS_OK)
        status = json_parse(contents->settings_json, strlen(contents->settings_json),
                            &w->manifest.settings, reterr);
    observe_progress(observer, "writing", 0);
    if (status == STATUS_OK)
        status = write_folder(w, root, path);
    manifest_free(&w->manifest);
    free(w);
    return status;
}
