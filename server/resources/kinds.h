#pragma once
/* What users and items have in common: records with an id that are put, patched, read and listed.
 */
#include "server/resources/common.h"

/* `record` points to a struct user_record or item_record, `size` bytes. */
struct record_kind {
    size_t size;
    enum status (*parse)(const json_t *value, const char *id, const char *pointer,
                         struct arena *arena, void *record, struct error *reterr);
    enum status (*put)(struct store *store, const void *record, int64_t now_ms, bool *ret_created,
                       struct error *reterr);
    enum status (*get)(struct store *store, const char *id, struct arena *arena, void *record,
                       uint32_t *ret_number, struct error *reterr);
    void (*print)(const void *record, struct buffer *out);
};

extern const struct record_kind user_kind, item_kind;

/* The handlers of one record, of the id in the path. */
enum handled put_record(struct request *request, const struct record_kind *kind);
enum handled patch_record(struct request *request, const struct record_kind *kind);
enum handled get_record(struct request *request, const struct record_kind *kind);
