#include "train/snapshot.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "train/manifest.h"

struct snapshot_impl {
    _Atomic uint32_t references;
    struct snapshot snapshot;
    struct sections *data;
    struct sections *model_files[SNAPSHOT_MODELS_MAX];
    struct model *models[SNAPSHOT_MODELS_MAX];
    struct sections *ranker_file;
    struct ranker *ranker;
    struct error ranker_error;
    struct buffer manifest;
};

static void impl_free(struct snapshot_impl *impl)
{
    for (size_t i = 0; i < SNAPSHOT_MODELS_MAX; i++) {
        model_free(impl->models[i]);
        sections_close(impl->model_files[i]);
    }
    ranker_free(impl->ranker);
    sections_close(impl->ranker_file);
    sections_close(impl->data);
    buffer_free(&impl->manifest);
    free(impl);
}

struct live_base snapshot_live_base(const struct snapshot *snapshot)
{
    return (struct live_base){.seq = snapshot->seq,
                              .n_users = snapshot->n_users,
                              .n_items = snapshot->n_items,
                              .types = &snapshot->types,
                              .frame = &snapshot->frame,
                              .user_ids = &snapshot->user_ids,
                              .item_ids = &snapshot->item_ids,
                              .touch_starts = snapshot->touch_starts,
                              .touches = snapshot->touches,
                              .models = snapshot->models,
                              .n_models = snapshot->n_models,
                              .retriever = snapshot->retriever,
                              .ranker = snapshot->ranker,
                              .activity = snapshot->activity};
}

struct snapshot *snapshot_acquire(struct snapshot *snapshot)
{
    atomic_fetch_add_explicit(&snapshot->impl->references, 1, memory_order_relaxed);
    return snapshot;
}

void snapshot_release(struct snapshot *snapshot)
{
    if (!snapshot)
        return;
    struct snapshot_impl *impl = snapshot->impl;
    const uint32_t before = atomic_fetch_sub_explicit(&impl->references, 1, memory_order_acq_rel);
    assert(before > 0);
    if (before == 1)
        impl_free(impl);
}

static struct snapshot_impl *impl_new(void)
{
    struct snapshot_impl *impl = calloc(1, sizeof *impl);
    if (!impl)
        return NULL;
    atomic_init(&impl->references, 1);
    impl->snapshot.impl = impl;
    impl->snapshot.ranker_fault = "";
    return impl;
}

enum status snapshot_new_empty(const struct event_types *types, struct snapshot **ret_snapshot)
{
    static const uint64_t no_starts[1] = {0};
    struct snapshot_impl *impl = impl_new();
    if (!impl)
        return STATUS_NO_MEMORY;
    struct snapshot *snapshot = &impl->snapshot;
    snapshot->types = *types;
    snapshot->frame = (struct signal_frame){.newest_ms = INT64_MIN};
    snapshot->touch_starts = no_starts;
    snapshot->manifest = "{}";
    *ret_snapshot = snapshot;
    return STATUS_OK;
}

/* ---- loading ---- */

static enum status load_ids(const struct sections *data, const char *prefix, uint32_t limit,
                            struct idmap *ret_ids, struct error *reterr)
{
    const struct section *starts, *bytes, *slots;
    char name[3][SECTION_NAME_MAX + 1];
    snprintf(name[0], sizeof name[0], "%s/starts", prefix);
    snprintf(name[1], sizeof name[1], "%s/bytes", prefix);
    snprintf(name[2], sizeof name[2], "%s/slots", prefix);
    enum status status = sections_need(data, name[0], SECTION_U64, UINT64_MAX, 1, &starts, reterr);
    if (status == STATUS_OK)
        status = sections_need(data, name[1], SECTION_BYTES, UINT64_MAX, 1, &bytes, reterr);
    if (status == STATUS_OK)
        status = sections_need(data, name[2], SECTION_U32, UINT64_MAX, 1, &slots, reterr);
    if (status != STATUS_OK)
        return status;
    if (starts->rows == 0 || starts->rows - 1 > limit || slots->rows > UINT32_MAX)
        return error_set(reterr, STATUS_CORRUPT, "the section '%s' has another shape", name[0]);
    if (starts->rows == 1)
        return STATUS_OK; /* no ids: the zeroed map */
    if (idmap_view(ret_ids, (uint32_t)(starts->rows - 1), starts->data, bytes->data, bytes->rows,
                   slots->data, (uint32_t)slots->rows) != STATUS_OK)
        return error_set(reterr, STATUS_CORRUPT, "the sections '%s/…' contradict each other",
                         prefix);
    return STATUS_OK;
}

static bool touches_are_sound(const struct snapshot *s, uint64_t n_touches)
{
    if (s->touch_starts[0] != 0 || s->touch_starts[s->n_users] != n_touches)
        return false;
    for (uint32_t u = 0; u < s->n_users; u++)
        if (s->touch_starts[u] > s->touch_starts[u + 1])
            return false;
    for (uint64_t i = 0; i < n_touches; i++)
        if (s->touches[i].item >= s->n_items && s->touches[i].type != 0)
            return false;
    return true;
}

static enum status load_touches(const struct sections *data, struct snapshot *s,
                                struct error *reterr)
{
    const struct section *starts, *rows;
    enum status status = sections_need(data, "touches/starts", SECTION_U64,
                                       (uint64_t)s->n_users + 1, 1, &starts, reterr);
    if (status == STATUS_OK)
        status = sections_need(data, "touches/rows", SECTION_BYTES, UINT64_MAX,
                               sizeof(struct touch), &rows, reterr);
    if (status != STATUS_OK)
        return status;
    s->touch_starts = starts->data;
    s->touches = rows->data;
    if (!touches_are_sound(s, rows->rows))
        return error_set(reterr, STATUS_CORRUPT, "the sections 'touches/…' contradict each other");
    return STATUS_OK;
}

/* Opens <root>/<version>/<name> and compares its checksum with the manifest's. */
static enum status open_file(const char *root, uint32_t version, const char *name, uint32_t crc,
                             bool erasing, struct sections **ret_sections, struct error *reterr)
{
    char path[PATH_BYTES_MAX];
    enum status status = snapshot_path(path, root, version, name, reterr);
    if (status == STATUS_OK)
        status = sections_open(path, ret_sections, reterr);
    if (status == STATUS_NOT_FOUND)
        return error_set(reterr, STATUS_CORRUPT, "%s is missing", path);
    if (status != STATUS_OK || erasing || sections_crc(*ret_sections) == crc)
        return status;
    sections_close(*ret_sections);
    *ret_sections = NULL;
    return error_set(reterr, STATUS_CORRUPT, "%s is not the file that the manifest names", path);
}

static enum status load_model(struct snapshot_impl *impl, const char *root, uint32_t version,
                              const struct manifest *manifest, size_t i, struct error *reterr)
{
    const char *name = manifest->models[i].name;
    const struct model_class *class = model_class_find(name, NULL);
    if (!class)
        return error_set(reterr, STATUS_UNSUPPORTED,
                         "the snapshot holds a model '%s' that this program does not know: use the "
                         "version that wrote it",
                         name);
    char file[MODEL_NAME_MAX + sizeof ".tvs"];
    snprintf(file, sizeof file, "%s.tvs", name);
    enum status status = open_file(root, version, file, manifest->models[i].crc, manifest->erasing,
                                   &impl->model_files[i], reterr);
    if (status == STATUS_OK)
        status = class->load(impl->model_files[i], &impl->models[i], reterr);
    if (status != STATUS_OK)
        return status;
    struct snapshot *s = &impl->snapshot;
    const struct model *model = impl->models[i];
    if (model->n_users != s->n_users || model->n_items != s->n_items)
        return error_set(reterr, STATUS_CORRUPT, "%s was fitted on other data", file);
    s->models[s->n_models++] = model;
    if (strcmp(name, manifest->retriever) == 0)
        s->retriever = model;
    return STATUS_OK;
}

static enum status load_files(struct snapshot_impl *impl, const char *root, uint32_t version,
                              const struct manifest *manifest, struct error *reterr)
{
    struct snapshot *s = &impl->snapshot;
    enum status status = open_file(root, version, DATA_FILE, manifest->data_crc, manifest->erasing,
                                   &impl->data, reterr);
    if (status == STATUS_OK)
        status = load_ids(impl->data, "user_ids", s->n_users, &s->user_ids, reterr);
    if (status == STATUS_OK)
        status = load_ids(impl->data, "item_ids", s->n_items, &s->item_ids, reterr);
    if (status == STATUS_OK)
        status = load_touches(impl->data, s, reterr);
    for (size_t i = 0; i < manifest->n_models && status == STATUS_OK; i++)
        status = load_model(impl, root, version, manifest, i, reterr);
    if (status == STATUS_OK && !s->retriever)
        status =
            error_set(reterr, STATUS_CORRUPT,
                      "the retriever '%s' is not among the snapshot's models", manifest->retriever);
    return status;
}

static enum status find_others(const struct snapshot *s, const struct ranker *ranker,
                               struct error *reterr)
{
    const struct rank_others *others = &ranker->columns.others;
    const struct model *found[RANK_OTHERS_MAX];
    rank_others_find(others, s->models, s->n_models, found);
    for (uint32_t o = 0; o < others->n; o++)
        if (!found[o])
            return error_set(reterr, STATUS_CORRUPT,
                             "the ranker looks at the scores of '%s', which is not among the "
                             "snapshot's models",
                             others->of[o]->name);
    return STATUS_OK;
}

/* The second stage is worth having, but not worth failing for. */
static enum status read_ranker(struct snapshot_impl *impl, const char *root, uint32_t version,
                               const struct manifest *manifest, struct error *reterr)
{
    struct snapshot *s = &impl->snapshot;
    const struct section *activity;
    enum status status = open_file(root, version, RANKER_FILE, manifest->ranker_crc,
                                   manifest->erasing, &impl->ranker_file, reterr);
    if (status == STATUS_OK)
        status = sections_need(impl->ranker_file, "ranker/activity", SECTION_BYTES, s->n_items,
                               sizeof(struct activity), &activity, reterr);
    if (status == STATUS_OK)
        status = ranker_load(impl->ranker_file, &impl->ranker, reterr);
    if (status == STATUS_OK && strcmp(impl->ranker->retriever, manifest->retriever) != 0)
        status = error_set(reterr, STATUS_CORRUPT, "the ranker is for the candidates of '%s'",
                           impl->ranker->retriever);
    if (status == STATUS_OK)
        status = find_others(s, impl->ranker, reterr);
    if (status == STATUS_OK) {
        s->ranker = impl->ranker;
        s->activity = activity->data;
    }
    return status;
}

static enum status load_into(struct snapshot_impl *impl, const char *root, uint32_t version,
                             struct manifest *manifest, struct error *reterr)
{
    enum status status = manifest_read(root, version, &impl->manifest, manifest, reterr);
    if (status != STATUS_OK)
        return status;
    struct snapshot *s = &impl->snapshot;
    s->seq = manifest->seq;
    s->version = version;
    s->crc = crc32c(0, impl->manifest.data, impl->manifest.size);
    s->n_users = manifest->n_users;
    s->n_items = manifest->n_items;
    s->types = manifest->types;
    s->frame = manifest->frame;
    s->manifest = impl->manifest.data;
    status = load_files(impl, root, version, manifest, reterr);
    if (status == STATUS_OK && manifest->has_ranker &&
        read_ranker(impl, root, version, manifest, &impl->ranker_error) != STATUS_OK)
        s->ranker_fault = impl->ranker_error.text;
    manifest_free(manifest);
    return status;
}

enum status snapshot_load(const char *root, uint32_t version, struct snapshot **ret_snapshot,
                          struct error *reterr)
{
    struct snapshot_impl *impl = impl_new();
    struct manifest *manifest = calloc(1, sizeof *manifest);
    enum status status = STATUS_NO_MEMORY;
    if (impl && manifest)
        status = load_into(impl, root, version, manifest, reterr);
    else
        error_set(reterr, status, "out of memory for snapshot %u", version);
    free(manifest);
    if (status == STATUS_OK)
        *ret_snapshot = &impl->snapshot;
    else if (impl)
        impl_free(impl);
    if (status != STATUS_OK && status != STATUS_NO_MEMORY && reterr)
        error_prefix(reterr, "snapshot %u: ", version);
    return status;
}

enum status snapshot_catalogue(const struct snapshot *snapshot, struct catalogue **ret_catalogue,
                               struct error *reterr)
{
    if (snapshot->impl->data)
        return catalogue_load(snapshot->impl->data, snapshot->n_items, ret_catalogue, reterr);
    const enum status status = catalogue_new(ret_catalogue);
    return status == STATUS_OK ? status : error_set(reterr, status, "out of memory");
}
