/* A snapshot's data.tvs with mended checksums, beside a manifest and a model that fit 3 users and
 * 4 items; then what serving reads of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "models/model.h"
#include "train/manifest.h"
#include "train/snapshot.h"

enum { USERS = 3, ITEMS = 4 };

/* "erasing" tells the loader to trust each file's own checksums. */
static const char manifest[] =
    "{\"format\":1,\"seq\":9,\"users\":3,\"items\":4,\"interactions\":9,\"retriever\":\"popular\","
    "\"frame\":{\"newest_ms\":1000000,\"scale_middle\":3},\"types\":{\"half_life_ms\":0,"
    "\"max_per_user\":10000,\"cap\":10,\"of\":[{\"code\":4,\"name\":\"like\",\"weight\":3,"
    "\"by_value\":false,\"hides_ms\":9223372036854775807,\"retention_ms\":9223372036854775807,"
    "\"aggregate\":\"sum_capped\"},{\"code\":5,\"name\":\"rating\",\"weight\":1,\"by_value\":true,"
    "\"hides_ms\":86400000,\"retention_ms\":9223372036854775807,\"aggregate\":\"last\"}]},"
    "\"data\":\"00000000\",\"models\":[{\"name\":\"popular\",\"crc\":\"00000000\"}],"
    "\"erasing\":true,\"settings\":{}}";

static void write_model(const char *path)
{
    const uint32_t shape[] = {USERS, ITEMS};
    const float scores[ITEMS] = {4, 3, 2, 1};
    struct sections_writer *writer;
    enum status status = sections_create(path, &writer, NULL);
    assert(status == STATUS_OK);
    sections_add(writer, "popular/shape", SECTION_U32, 2, 1, shape);
    sections_add(writer, "popular/scores", SECTION_F32, ITEMS, 1, scores);
    status = sections_finish(writer, NULL);
    assert(status == STATUS_OK);
    (void)status;
}

/* Writes what does not change, once; returns the path of data.tvs. */
static const char *prepare(void)
{
    static char data_path[PATH_BYTES_MAX];
    char path[PATH_BYTES_MAX];
    if (data_path[0])
        return data_path;
    snapshot_path(path, fuzz_folder(), 1, NULL, NULL);
    const enum status status = folder_make(path, NULL);
    assert(status == STATUS_OK);
    (void)status;
    snapshot_path(path, fuzz_folder(), 1, MANIFEST_FILE, NULL);
    fuzz_write(path, manifest, sizeof manifest - 1);
    snapshot_path(path, fuzz_folder(), 1, "popular.tvs", NULL);
    write_model(path);
    snapshot_path(data_path, fuzz_folder(), 1, DATA_FILE, NULL);
    return data_path;
}

static void use_ids(const struct idmap *ids)
{
    for (uint32_t number = 0; number < ids->count; number++) {
        size_t length;
        const char *id = idmap_id(ids, number, &length);
        const uint32_t found = idmap_find(ids, id, length);
        assert(found == IDMAP_NONE || found < ids->count);
    }
}

static void use_touches(const struct snapshot *s)
{
    for (uint32_t u = 0; u < s->n_users; u++) {
        const size_t n = (size_t)(s->touch_starts[u + 1] - s->touch_starts[u]);
        const struct touch *touches = s->touches + s->touch_starts[u];
        struct signal *signals = malloc((n + 1) * sizeof *signals);
        assert(signals);
        const size_t taught = signals_of_touches(touches, n, &s->types, &s->frame, signals);
        assert(taught <= n);
        for (size_t i = 0; i < taught; i++)
            assert(signals[i].item < s->n_items);
        for (size_t i = 0; i < n; i++)
            touch_hides_until(&touches[i], &s->types);
        free(signals);
    }
}

static void use_catalogue(const struct snapshot *snapshot)
{
    struct catalogue *catalogue;
    struct error err = {0};
    const enum status status = snapshot_catalogue(snapshot, &catalogue, &err);
    if (status != STATUS_OK) {
        fuzz_check_failure(status, &err);
        return;
    }
    struct buffer out = {0};
    const uint32_t count = catalogue_count(catalogue);
    for (uint32_t number = 0; number < count && number < 1000; number++) {
        catalogue_find(catalogue, catalogue_id(catalogue, number));
        for (size_t field = 0; catalogue_fields[field]; field++)
            catalogue_append_field(catalogue, number, field, &out);
    }
    catalogue_advance(catalogue, 1000);
    buffer_free(&out);
    catalogue_free(catalogue);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = prepare();
    unsigned char *bytes = (unsigned char *)fuzz_text(data, size);
    fuzz_mend_sections(bytes, size);
    fuzz_write(path, bytes, size);
    free(bytes);
    struct snapshot *snapshot;
    struct error err = {0};
    enum status status = snapshot_load(fuzz_folder(), 1, &snapshot, &err);
    if (status != STATUS_OK) {
        fuzz_check_failure(status, &err);
        return 0;
    }
    use_ids(&snapshot->user_ids);
    use_ids(&snapshot->item_ids);
    use_touches(snapshot);
    use_catalogue(snapshot);
    const uint32_t users[] = {1, 7};
    status = snapshot_erase_users(fuzz_folder(), 1, users, 2, &err);
    if (status != STATUS_OK)
        fuzz_check_failure(status, &err);
    snapshot_release(snapshot);
    char manifest_path[PATH_BYTES_MAX];
    snapshot_path(manifest_path, fuzz_folder(), 1, MANIFEST_FILE, NULL);
    fuzz_write(manifest_path, manifest, sizeof manifest - 1);
    return 0;
}
