/* Names in a spec: columns, the parts of crosses, shared vectors; and the rules between features.
 */
#include <string.h>

#include "base/text.h"
#include "data/features/spec_parts.h"

static const char *file_column_at(const void *context, size_t i)
{
    return ((const struct feature_spec *)context)->file_columns[i].bytes;
}

static const char *feature_at(const void *context, size_t i)
{
    return ((const struct feature_spec *)context)->features[i].name;
}

static uint32_t find_feature(const struct feature_spec *spec, const char *name)
{
    uint32_t i = 0;
    while (i < spec->n_features && strcmp(spec->features[i].name, name) != 0)
        i++;
    return i < spec->n_features ? i : UINT32_MAX;
}

static enum status check_file_columns(const struct spec_reader *r)
{
    const struct feature_spec *spec = r->spec;
    for (uint32_t i = 0; i < spec->n_file_columns; i++)
        for (uint32_t j = 0; j < i; j++)
            if (strcmp(spec->file_columns[i].bytes, spec->file_columns[j].bytes) == 0)
                return spec_refuse(r, 1, STATUS_OUT_OF_RANGE, "the file has two columns '%.60s'",
                                   spec->file_columns[i].bytes);
    return STATUS_OK;
}

/* Without given columns the file's header will be asked. */
static enum status check_column(const struct spec_reader *r, const struct spec_column *column)
{
    const struct feature_spec *spec = r->spec;
    for (uint32_t i = 0; i < spec->n_file_columns; i++)
        if (strcmp(spec->file_columns[i].bytes, column->name) == 0)
            return STATUS_OK;
    if (spec->n_file_columns == 0)
        return STATUS_OK;
    const char *nearest = text_nearest(column->name, spec->n_file_columns, file_column_at, spec);
    return spec_refuse(r, column->line, STATUS_NOT_FOUND, "the file has no column '%.60s'%s",
                       column->name, text_suggest(nearest).text);
}

static enum status resolve_column(const struct spec_reader *r, struct spec_feature *f)
{
    struct feature_spec *spec = r->spec;
    f->column = spec_column_of(r, *f->column_name ? f->column_name : f->name, f->line);
    spec->columns[f->column].used = true;
    if (f->type != FEATURE_CATEGORICAL)
        spec->columns[f->column].number = true;
    if (f->column == spec->label)
        return spec_refuse(r, f->line, STATUS_OUT_OF_RANGE,
                           "the feature '%.60s' is made of the label", f->name);
    return STATUS_OK;
}

static enum status resolve_shared(const struct spec_reader *r, struct spec_feature *f)
{
    const struct feature_spec *spec = r->spec;
    const uint32_t own = (uint32_t)(f - spec->features);
    f->shared = own;
    if (!*f->shared_name)
        return STATUS_OK;
    const uint32_t with = find_feature(spec, f->shared_name);
    if (with >= own) {
        const char *nearest = text_nearest(f->shared_name, own, feature_at, spec);
        return spec_refuse(r, f->line, STATUS_NOT_FOUND,
                           "'%.60s' shares the vectors of '%.60s', which is no feature before it%s",
                           f->name, f->shared_name, text_suggest(nearest).text);
    }
    const struct spec_feature *root = &spec->features[with];
    if (root->type != FEATURE_CATEGORICAL || root->shared != with)
        return spec_refuse(r, f->line, STATUS_OUT_OF_RANGE,
                           "'%.60s' can only share the vectors of a categorical feature that has "
                           "its own",
                           f->name);
    if (root->embedding != f->embedding)
        return spec_refuse(r, f->line, STATUS_OUT_OF_RANGE,
                           "'%.60s' shares the vectors of '%.60s', so its embedding has the same "
                           "width: %d",
                           f->name, root->name, (int)root->embedding);
    f->shared = with;
    f->buckets = root->buckets;
    f->vocabulary = root->vocabulary;
    f->n_vocabulary = root->n_vocabulary;
    return STATUS_OK;
}

static enum status resolve_part(const struct spec_reader *r, struct spec_feature *f, uint32_t p)
{
    struct feature_spec *spec = r->spec;
    const char *name = f->of[p].bytes;
    for (uint32_t q = 0; q < p; q++)
        if (strcmp(f->of[q].bytes, name) == 0)
            return spec_refuse(r, f->line, STATUS_OUT_OF_RANGE,
                               "'%.60s' crosses '%.60s' with itself", f->name, name);
    f->of_features[p] = find_feature(spec, name);
    if (f->of_features[p] != UINT32_MAX) {
        const struct spec_feature *part = &spec->features[f->of_features[p]];
        if (part == f)
            return spec_refuse(r, f->line, STATUS_OUT_OF_RANGE, "'%.60s' is a cross of itself",
                               f->name);
        if (part->type == FEATURE_CROSSED)
            return spec_refuse(r, f->line, STATUS_OUT_OF_RANGE,
                               "'%.60s' crosses '%.60s', which is a cross; name the parts of both",
                               f->name, name);
        if (part->type == FEATURE_NUMERIC)
            return spec_refuse(r, f->line, STATUS_OUT_OF_RANGE,
                               "'%.60s' crosses the numeric '%.60s'; make a bucketized feature of "
                               "it ('feeds: none' if only crosses use it) and cross that",
                               f->name, name);
        return STATUS_OK;
    }
    f->of_columns[p] = spec_column_of(r, name, f->line);
    spec->columns[f->of_columns[p]].used = true;
    if (f->of_columns[p] == spec->label)
        return spec_refuse(r, f->line, STATUS_OUT_OF_RANGE, "'%.60s' crosses the label", f->name);
    return STATUS_OK;
}

/* After all columns know whether they hold numbers. */
static enum status check_types(const struct spec_reader *r, const struct spec_feature *f)
{
    const struct feature_spec *spec = r->spec;
    if (f->type == FEATURE_CATEGORICAL && spec->columns[f->column].number) {
        if (*f->separator)
            return spec_refuse(r, f->line, STATUS_OUT_OF_RANGE,
                               "'%.60s' has a separator, but its column holds one number", f->name);
        if (*f->shared_name || f->shared != (uint32_t)(f - spec->features))
            return spec_refuse(r, f->line, STATUS_OUT_OF_RANGE,
                               "'%.60s' is made of numbers and cannot share vectors", f->name);
        for (uint32_t i = 0; i < f->n_vocabulary; i++) {
            double number;
            if (text_to_double(f->vocabulary[i].bytes, &number) != STATUS_OK)
                return spec_refuse(r, f->line, STATUS_MALFORMED,
                                   "'%.60s' is made of numbers; its vocabulary has '%.60s'",
                                   f->name, f->vocabulary[i].bytes);
        }
    }
    if (f->shared != (uint32_t)(f - spec->features) &&
        spec->columns[spec->features[f->shared].column].number)
        return spec_refuse(r, f->line, STATUS_OUT_OF_RANGE,
                           "'%.60s' shares the vectors of '%.60s', which is made of numbers",
                           f->name, f->shared_name);
    for (uint32_t p = 0; p < f->n_of; p++)
        if (f->of_features[p] == UINT32_MAX && spec->columns[f->of_columns[p]].number)
            return spec_refuse(r, f->line, STATUS_OUT_OF_RANGE,
                               "'%.60s' crosses '%.60s', a column of numbers; make a bucketized "
                               "feature of it ('feeds: none' if only crosses use it) and cross "
                               "that",
                               f->name, f->of[p].bytes);
    return STATUS_OK;
}

static enum status check_label(const struct spec_reader *r)
{
    const struct feature_spec *spec = r->spec;
    if (spec->weight != UINT32_MAX && spec->columns[spec->weight].used)
        return spec_refuse(r, spec->columns[spec->weight].line, STATUS_OUT_OF_RANGE,
                           "the weight is a feature too");
    if (spec->weight != UINT32_MAX && spec->weight == spec->label)
        return spec_refuse(r, spec->columns[spec->weight].line, STATUS_OUT_OF_RANGE,
                           "the weight is the label");
    for (uint32_t i = 0; i < spec->n_negative; i++)
        for (uint32_t j = 0; j < spec->n_positive; j++)
            if (strcmp(spec->negative[i].bytes, spec->positive[j].bytes) == 0)
                return spec_refuse(r, spec->columns[spec->label].line, STATUS_OUT_OF_RANGE,
                                   "'%.60s' is both a positive and a negative value of the label",
                                   spec->negative[i].bytes);
    return STATUS_OK;
}

enum status spec_resolve(const struct spec_reader *r)
{
    struct feature_spec *spec = r->spec;
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < spec->n_features && status == STATUS_OK; i++) {
        struct spec_feature *f = &spec->features[i];
        if (f->type != FEATURE_CROSSED)
            status = resolve_column(r, f);
        if (status == STATUS_OK)
            status = resolve_shared(r, f);
        for (uint32_t p = 0; p < f->n_of && status == STATUS_OK; p++)
            status = resolve_part(r, f, p);
    }
    for (uint32_t i = 0; i < spec->n_features && status == STATUS_OK; i++)
        status = check_types(r, &spec->features[i]);
    if (status == STATUS_OK)
        status = check_label(r);
    if (status == STATUS_OK)
        status = check_file_columns(r);
    for (uint32_t i = 0; i < spec->n_columns && status == STATUS_OK; i++)
        status = check_column(r, &spec->columns[i]);
    return status;
}
