#include "train/past_rounds.h"

#include <math.h>
#include <string.h>

#include "base/json.h"

/* Refused and failed rounds lie in between: so many rows are looked at. */
enum { VERSIONS_MAX = 200 };

struct reading {
    struct past_rounds past;
    uint32_t active;
};

static double gate_figure(const json_t *report, const char *name)
{
    const json_t *value = json_object_get(json_object_get(report, "gate"), name);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static enum status take_version(void *context, const struct model_version *version)
{
    struct reading *reading = context;
    struct past_rounds *past = &reading->past;
    json_t *report = NULL;
    const bool wanted = strcmp(version->state, "published") == 0 && past->n < GATE_ROUNDS;
    if (!wanted && version->version != reading->active)
        return STATUS_OK;
    if (json_parse(version->report, strlen(version->report), &report, NULL) != STATUS_OK)
        return STATUS_OK; /* a report that cannot be read is one that says nothing */
    const double relative = gate_figure(report, "relative_to_popular");
    if (wanted && relative > 0)
        past->relative[past->n++] = relative;
    if (version->version == reading->active)
        past->active_ndcg = gate_figure(report, "ndcg@20");
    json_decref(report);
    return STATUS_OK;
}

enum status past_rounds_read(struct store *store, uint32_t active, struct past_rounds *ret_past,
                             struct error *reterr)
{
    struct reading reading = {.past = {.active_ndcg = NAN}, .active = active};
    const enum status status =
        store_list_versions(store, UINT32_MAX, VERSIONS_MAX, take_version, &reading, reterr);
    if (status == STATUS_OK)
        *ret_past = reading.past;
    return status;
}
