/* The spec of feature columns. What is accepted holds together and makes columns or says why not.
 */
#include <string.h>

#include "data/features/features.h"
#include "fuzz.h"

static void check_feature(const struct feature_spec *spec, uint32_t i)
{
    const struct spec_feature *f = &spec->features[i];
    assert(*f->name && f->feeds != FEEDS_BY_TYPE && f->shared <= i);
    if (f->type != FEATURE_CROSSED)
        assert(f->column < spec->n_columns && f->column != spec->label);
    assert((f->type == FEATURE_CROSSED) == (f->n_of >= 2) && f->n_of <= SPEC_CROSS_MAX);
    for (uint32_t p = 0; p < f->n_of; p++)
        if (f->of_features[p] == UINT32_MAX)
            assert(f->of_columns[p] < spec->n_columns && !spec->columns[f->of_columns[p]].number);
        else
            assert(f->of_features[p] < spec->n_features && f->of_features[p] != i);
    for (uint32_t b = 1; b < f->n_boundaries; b++)
        assert(f->boundaries[b] > f->boundaries[b - 1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct feature_spec *spec;
    struct features *features;
    struct error err = {0};
    enum status status =
        feature_spec_parse("f.yaml", size ? (const char *)data : "", size, &spec, &err);
    if (status != STATUS_OK) {
        fuzz_check_failure(status, &err);
        return 0;
    }
    assert(spec->n_features && strlen(spec->delimiter) == 1);
    for (uint32_t i = 0; i < spec->n_features; i++)
        check_feature(spec, i);
    status = features_new(spec, &features, &err);
    if (status == STATUS_OK)
        features_free(features);
    else
        fuzz_check_failure(status, &err);
    return 0;
}
