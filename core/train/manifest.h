#pragma once
/* manifest.json of a snapshot: what it holds and the checksum of every file beside it. Private to
 * the snapshot's files.
 *
 * {"format": 1, "seq", "users", "items", "interactions", "retriever", "frame": {"newest_ms",
 *  "scale_middle"}, "types": {"half_life_ms", "max_per_user", "cap", "of": [{"code", "name",
 *  "weight", "by_value", "aggregate", "hides_ms", "retention_ms"}]}, "data": "<crc>", "models":
 *  [{"name", "crc"}], "ranker": "<crc>", "erasing": false, "settings": {...}}; "ranker" only where
 *  there is one.
 *
 * "erasing" is true while rows of erased users are being overwritten: the files then have checksums
 * that the manifest does not know yet, and are checked by their own.
 */
#include <jansson.h>

#include "base/file.h"
#include "train/snapshot.h"

#define MANIFEST_FILE "manifest.json"
#define DATA_FILE     "data.tvs"
#define RANKER_FILE   "ranker.tvs"

enum { MANIFEST_FORMAT = 1, MANIFEST_BYTES_MAX = 4 << 20, MODEL_NAME_MAX = 47 };

struct manifest {
    uint64_t seq, n_events;
    uint32_t n_users, n_items;
    char retriever[MODEL_NAME_MAX + 1];
    struct signal_frame frame;
    struct event_types types;
    uint32_t data_crc;
    struct {
        char name[MODEL_NAME_MAX + 1];
        uint32_t crc;
    } models[SNAPSHOT_MODELS_MAX];
    size_t n_models;
    bool has_ranker;
    uint32_t ranker_crc;
    bool erasing;
    json_t *settings; /* owned */
};

/* The same manifest gives the same text. NO_MEMORY. */
enum status manifest_print(const struct manifest *manifest, struct buffer *out);

/* CORRUPT names the member; UNSUPPORTED for a newer format. */
enum status manifest_parse(const char *text, size_t length, struct manifest *ret_manifest,
                           struct error *reterr);
void manifest_free(struct manifest *manifest);

/* Paths within <root>/<version>/; `name` NULL: the folder. TOO_LARGE. */
enum status snapshot_path(char out[PATH_BYTES_MAX], const char *root, uint32_t version,
                          const char *name, struct error *reterr);
enum status manifest_read(const char *root, uint32_t version, struct buffer *ret_text,
                          struct manifest *ret_manifest, struct error *reterr);
