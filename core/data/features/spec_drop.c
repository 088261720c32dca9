/* Features that are left out, by name or by their column, with the crosses that are made of them.
 */
#include <string.h>

#include "base/buffer.h"
#include "base/text.h"
#include "data/features/spec_parts.h"

static bool is_listed(const struct spec_text *names, uint32_t n, const char *name)
{
    for (uint32_t i = 0; i < n; i++)
        if (strcmp(names[i].bytes, name) == 0)
            return true;
    return false;
}

static bool is_made_of(const struct spec_feature *f, const char *name)
{
    if (strcmp(f->name, name) == 0)
        return true;
    if (f->type != FEATURE_CROSSED)
        return strcmp(*f->column_name ? f->column_name : f->name, name) == 0;
    return is_listed(f->of, f->n_of, name);
}

/* A feature goes for its own name, its column's, or a part that goes. */
static bool must_go(const struct feature_spec *spec, const bool *gone, const struct spec_feature *f)
{
    for (uint32_t i = 0; i < spec->n_dropped; i++)
        if (is_made_of(f, spec->dropped[i].bytes))
            return true;
    for (uint32_t i = 0; f->type == FEATURE_CROSSED && i < spec->n_features; i++)
        if (gone[i] && is_listed(f->of, f->n_of, spec->features[i].name))
            return true;
    return false;
}

static const char *feature_at(const void *context, size_t i)
{
    return ((const struct feature_spec *)context)->features[i].name;
}

static enum status check_names(const struct spec_reader *r)
{
    const struct feature_spec *spec = r->spec;
    for (uint32_t i = 0; i < spec->n_dropped; i++) {
        uint32_t f = 0;
        while (f < spec->n_features && !is_made_of(&spec->features[f], spec->dropped[i].bytes))
            f++;
        if (f < spec->n_features)
            continue;
        const char *nearest =
            text_nearest(spec->dropped[i].bytes, spec->n_features, feature_at, spec);
        return spec_refuse(r, spec->dropped_line, STATUS_NOT_FOUND,
                           "'%.60s', to be dropped, is neither a feature nor a column of one%s",
                           spec->dropped[i].bytes, text_suggest(nearest).text);
    }
    return STATUS_OK;
}

enum status spec_apply_drops(const struct spec_reader *r)
{
    struct feature_spec *spec = r->spec;
    bool gone[SPEC_FEATURES_MAX] = {false};
    enum status status = check_names(r);
    if (status != STATUS_OK || spec->n_dropped == 0)
        return status;
    /* Crosses are made of no crosses: what they are made of first, then they. */
    for (uint32_t i = 0; i < spec->n_features; i++)
        gone[i] =
            spec->features[i].type != FEATURE_CROSSED && must_go(spec, gone, &spec->features[i]);
    for (uint32_t i = 0; i < spec->n_features; i++)
        gone[i] = gone[i] || must_go(spec, gone, &spec->features[i]);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < spec->n_features; i++)
        if (!gone[i])
            spec->features[kept++] = spec->features[i];
    spec->n_features = kept;
    return kept ? STATUS_OK
                : spec_refuse(r, spec->dropped_line, STATUS_OUT_OF_RANGE,
                              "every feature is dropped");
}

enum status feature_spec_drop(const struct feature_spec *spec, const char *const *names, uint32_t n,
                              struct feature_spec **ret_spec, struct error *reterr)
{
    struct buffer text = {0};
    if (spec->n_dropped)
        return error_set_at(reterr, STATUS_CONFLICT, spec->file,
                            "the spec has a list 'drop' already: add '%.60s' there", names[0]);
    buffer_append(&text, spec->text.bytes, spec->text.length);
    buffer_append_text(&text, "\ndrop: [");
    for (uint32_t i = 0; i < n; i++) {
        buffer_append_text(&text, i ? ", " : "");
        buffer_append_json(&text, names[i], strlen(names[i]));
    }
    buffer_append_text(&text, "]\n");
    const enum status status =
        text.failed ? error_set(reterr, STATUS_NO_MEMORY, "out of memory for %s", spec->file)
                    : feature_spec_parse(spec->file, text.data, text.size, ret_spec, reterr);
    buffer_free(&text);
    return status;
}
