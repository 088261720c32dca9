/* The mapping `features` of a spec: one entry a feature, keys by the table. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "data/features/spec_parts.h"

static const char *const types[] = {"numeric", "bucketized", "categorical", "crossed", NULL};
static const char *const feeds[] = {"by_type", "wide", "deep", "both", "none", NULL};
static const char *const normalizes[] = {"none", "standard", "quantile", "piecewise", NULL};
static const char *const bounds[] = {"quantile", "tree", NULL};

#define AT(field) offsetof(struct spec_feature, field)
const struct option feature_spec_keys[] = {
    {"type", OPTION_CHOICE, AT(type), "numeric", 0, 0, types, "what is made of the column"},
    {"column", OPTION_TEXT, AT(column_name), "", 0, 0, NULL,
     "the column it is made of; by default the one of its name"},
    {"feeds", OPTION_CHOICE, AT(feeds), "by_type", 0, 0, feeds,
     "the part of the model that sees it: wide, deep, both, or none (only crosses use it); "
     "by_type: "
     "a cross feeds wide, all else both"},
    {"embedding", OPTION_INT, AT(embedding), "0", 0, 1024, NULL,
     "the deep part sees the mean of learned vectors of this width"},
    {"indicator", OPTION_BOOL, AT(indicator), "false", 0, 0, NULL,
     "the deep part sees one input for each value"},
    {"shared", OPTION_TEXT, AT(shared_name), "", 0, 0, NULL,
     "the feature whose vocabulary and vectors it uses"},
    {"normalize", OPTION_CHOICE, AT(normalize), "none", 0, 0, normalizes,
     "none; standard: mean 0, deviation 1; quantile: the share of smaller values; piecewise: "
     "one input a piece"},
    {"log", OPTION_BOOL, AT(log), "false", 0, 0, NULL,
     "the logarithm of 1 + the size of x, with the sign of x, instead of x"},
    {"bounds", OPTION_CHOICE, AT(bounds), "quantile", 0, 0, bounds,
     "where pieces end: at quantiles, or where a decision tree on the label cuts"},
    {"quantiles", OPTION_INT, AT(quantiles), "0", 0, 4096, NULL,
     "points of the quantile function (1,000), pieces (64) or buckets"},
    {"leaves", OPTION_INT, AT(leaves), "64", 2, 1024, NULL, "pieces of a tree at most"},
    {"leaf_rows", OPTION_INT, AT(leaf_rows), "16", 1, 1e9, NULL, "training rows in each at least"},
    {"min_count", OPTION_INT, AT(min_count), "1", 1, 1e9, NULL,
     "values seen less often in the training rows count as unknown"},
    {"max_size", OPTION_INT, AT(max_size), "100000", 1, 1e7, NULL,
     "values beyond the so many most frequent count as unknown"},
    {"buckets", OPTION_INT, AT(buckets), "0", 0, SPEC_FEATURES_TOTAL_MAX / 2.0, NULL,
     "values are hashed to so many numbers"},
    {"separator", OPTION_TEXT, AT(separator), "", 0, 0, NULL,
     "one character between the values of a cell that has several"},
    {"max_values", OPTION_INT, AT(max_values), "64", 1, 1024, NULL,
     "values of one cell at most; further ones are left out"},
};
const size_t feature_spec_n_keys = sizeof feature_spec_keys / sizeof *feature_spec_keys;

/* Which types have which keys; the lists stand here only. */
enum { NUM = 1 << FEATURE_NUMERIC, BUC = 1 << FEATURE_BUCKETIZED };
enum { CAT = 1 << FEATURE_CATEGORICAL, CRO = 1 << FEATURE_CROSSED };
static const struct {
    const char *name;
    unsigned types;
} keys[] = {
    {"type", NUM | BUC | CAT | CRO},
    {"column", NUM | BUC | CAT},
    {"feeds", NUM | BUC | CAT | CRO},
    {"embedding", BUC | CAT | CRO},
    {"indicator", BUC | CAT | CRO},
    {"shared", CAT},
    {"normalize", NUM},
    {"log", NUM},
    {"bounds", NUM},
    {"quantiles", NUM | BUC},
    {"leaves", NUM},
    {"leaf_rows", NUM},
    {"min_count", CAT},
    {"max_size", CAT},
    {"buckets", CAT | CRO},
    {"separator", CAT},
    {"max_values", CAT},
    {"boundaries", BUC},
    {"vocabulary", CAT},
    {"of", CRO},
};
enum { N_KEYS = sizeof keys / sizeof *keys };

static const char *key_at(const void *context, size_t i)
{
    const unsigned type = 1u << *(const int *)context;
    return keys[i].types & type ? keys[i].name : "";
}

static enum status check_key(const struct spec_reader *r, const struct spec_feature *f,
                             const struct yaml_value *value)
{
    size_t i = 0;
    while (i < N_KEYS && strcmp(keys[i].name, value->key) != 0)
        i++;
    if (i < N_KEYS && keys[i].types & 1u << f->type)
        return STATUS_OK;
    if (i < N_KEYS)
        return spec_refuse(r, value->key_line, STATUS_OUT_OF_RANGE,
                           "'%s' is no key of a %s feature", value->key, types[f->type]);
    const char *nearest = text_nearest(value->key, N_KEYS, key_at, &f->type);
    return spec_refuse_key(r, value, "key", nearest && *nearest ? nearest : NULL);
}

static enum status take_boundaries(const struct spec_reader *r, const struct yaml_value *value,
                                   struct spec_feature *f)
{
    const struct spec_text *texts;
    const enum status status = spec_take_list(r, value, &texts, &f->n_boundaries);
    if (status != STATUS_OK)
        return status;
    double *numbers = arena_zalloc(&r->spec->arena, f->n_boundaries + 1, sizeof *numbers);
    if (!numbers)
        return spec_refuse_memory(r);
    for (uint32_t i = 0; i < f->n_boundaries; i++) {
        if (text_to_double(texts[i].bytes, &numbers[i]) != STATUS_OK ||
            !isfinite((float)numbers[i]))
            return spec_refuse(r, value->line, STATUS_MALFORMED,
                               "boundaries are numbers; '%.60s' is none", texts[i].bytes);
        if (i && (float)numbers[i] <= (float)numbers[i - 1])
            return spec_refuse(r, value->line, STATUS_OUT_OF_RANGE,
                               "boundaries must rise; %.60s does not lie above %.60s",
                               texts[i].bytes, texts[i - 1].bytes);
    }
    if (f->n_boundaries == 0)
        return spec_refuse(r, value->line, STATUS_OUT_OF_RANGE, "there are no boundaries");
    f->boundaries = numbers;
    return STATUS_OK;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(((const struct spec_text *)a)->bytes, ((const struct spec_text *)b)->bytes);
}

/* Sorted, so that the order in the file does not matter to anything. */
static enum status take_vocabulary(const struct spec_reader *r, const struct yaml_value *value,
                                   struct spec_feature *f)
{
    const struct spec_text *texts;
    const enum status status = spec_take_list(r, value, &texts, &f->n_vocabulary);
    if (status != STATUS_OK)
        return status;
    struct spec_text *sorted = arena_zalloc(&r->spec->arena, f->n_vocabulary + 1, sizeof *sorted);
    if (!sorted)
        return spec_refuse_memory(r);
    memcpy(sorted, texts, f->n_vocabulary * sizeof *sorted);
    qsort(sorted, f->n_vocabulary, sizeof *sorted, compare_texts);
    for (uint32_t i = 0; i < f->n_vocabulary; i++) {
        if (sorted[i].length == 0)
            return spec_refuse(r, value->line, STATUS_OUT_OF_RANGE,
                               "the vocabulary has an empty word; an empty cell is a missing one");
        if (i && strcmp(sorted[i].bytes, sorted[i - 1].bytes) == 0)
            return spec_refuse(r, value->line, STATUS_OUT_OF_RANGE,
                               "the vocabulary has '%.60s' twice", sorted[i].bytes);
    }
    if (f->n_vocabulary == 0)
        return spec_refuse(r, value->line, STATUS_OUT_OF_RANGE, "the vocabulary has no words");
    f->vocabulary = sorted;
    return STATUS_OK;
}

static enum status take_parts(const struct spec_reader *r, const struct yaml_value *value,
                              struct spec_feature *f)
{
    const enum status status = spec_take_list(r, value, &f->of, &f->n_of);
    if (status != STATUS_OK)
        return status;
    if (f->n_of < 2 || f->n_of > SPEC_CROSS_MAX)
        return spec_refuse(r, value->line, STATUS_OUT_OF_RANGE,
                           "a cross has from 2 to %d parts; this one has %u", SPEC_CROSS_MAX,
                           f->n_of);
    return STATUS_OK;
}

static enum status take_key(const struct spec_reader *r, const struct yaml_value *value,
                            struct spec_feature *f)
{
    const enum status status = check_key(r, f, value);
    if (status != STATUS_OK)
        return status;
    if (strcmp(value->key, "boundaries") == 0)
        return take_boundaries(r, value, f);
    if (strcmp(value->key, "vocabulary") == 0)
        return take_vocabulary(r, value, f);
    if (strcmp(value->key, "of") == 0)
        return take_parts(r, value, f);
    return spec_take_option(r, option_find(feature_spec_keys, feature_spec_n_keys, value->key), f,
                            value);
}

/* The type first: it tells which other keys there are. */
static enum status take_type(const struct spec_reader *r, const struct yaml_value *feature,
                             struct spec_feature *f)
{
    for (const struct yaml_value *v = feature->first; v; v = v->next)
        if (strcmp(v->key, "type") == 0)
            return spec_take_option(r, &feature_spec_keys[0], f, v);
    return spec_refuse(r, feature->key_line, STATUS_MALFORMED,
                       "the feature '%.60s' has no type; one of numeric, bucketized, categorical, "
                       "crossed",
                       feature->key);
}

static enum status refuse_feature(const struct spec_reader *r, const struct spec_feature *f,
                                  const char *why)
{
    return spec_refuse(r, f->line, STATUS_OUT_OF_RANGE, "the feature '%.60s' %s", f->name, why);
}

/* What keys of one feature demand of each other. */
static enum status check_feature(const struct spec_reader *r, struct spec_feature *f)
{
    if (f->feeds == FEEDS_BY_TYPE)
        f->feeds =
            f->type == FEATURE_CROSSED && !f->embedding && !f->indicator ? FEEDS_WIDE : FEEDS_BOTH;
    const bool deep = f->feeds == FEEDS_DEEP || f->feeds == FEEDS_BOTH;
    if (f->type != FEATURE_NUMERIC) {
        if (deep && !f->embedding && !f->indicator)
            return refuse_feature(r, f,
                                  "feeds the deep part: say how it is seen there, by "
                                  "'embedding: WIDTH' or 'indicator: true', or 'feeds: wide'");
        if (f->embedding && f->indicator)
            return refuse_feature(r, f, "has both an embedding and an indicator");
        if (!deep && (f->embedding || f->indicator))
            return refuse_feature(r, f,
                                  "does not feed the deep part, so it takes no embedding and no "
                                  "indicator");
    }
    if (f->type == FEATURE_NUMERIC && f->feeds == FEEDS_NONE)
        return refuse_feature(r, f, "is numeric and feeds nothing");
    if (f->type == FEATURE_NUMERIC && f->quantiles == 1)
        return refuse_feature(r, f, "needs at least 2 quantiles");
    if (f->type == FEATURE_BUCKETIZED && !f->boundaries == (f->quantiles < 2))
        return refuse_feature(r, f, "needs 'boundaries' or 'quantiles' (at least 2), not both");
    if (f->type == FEATURE_CROSSED && f->n_of == 0)
        return refuse_feature(r, f, "is a cross: name its parts by 'of'");
    if (f->type == FEATURE_CROSSED && f->buckets == 0)
        return refuse_feature(r, f, "is a cross: say to how many 'buckets' it is hashed");
    if (f->vocabulary && f->buckets)
        return refuse_feature(r, f, "has both a vocabulary and hash buckets");
    if (strlen(f->separator) > 1 || (unsigned char)*f->separator >= 0x80)
        return refuse_feature(r, f, "has a separator that is not one ASCII character");
    if (*f->shared_name && (!f->embedding || f->vocabulary))
        return refuse_feature(r, f,
                              "shares vectors: it needs an embedding of the same width and has "
                              "no vocabulary of its own");
    return STATUS_OK;
}

static enum status take_feature(const struct spec_reader *r, const struct yaml_value *feature,
                                struct spec_feature *f)
{
    struct feature_spec *spec = r->spec;
    if (feature->kind != YAML_MAP)
        return spec_refuse(r, feature->line, STATUS_MALFORMED,
                           "the feature '%.60s' must be a mapping, such as {type: numeric}",
                           feature->key);
    if (!utf8_is_printable(feature->key) || strlen(feature->key) > 200)
        return spec_refuse(r, feature->key_line, STATUS_OUT_OF_RANGE,
                           "a feature's name is up to 200 bytes without control characters");
    if (options_init(feature_spec_keys, feature_spec_n_keys, f, &spec->arena) != STATUS_OK)
        return spec_refuse_memory(r);
    f->line = feature->key_line;
    f->name = arena_strndup(&spec->arena, feature->key, strlen(feature->key));
    if (!f->name)
        return spec_refuse_memory(r);
    enum status status = take_type(r, feature, f);
    for (const struct yaml_value *v = feature->first; v && status == STATUS_OK; v = v->next)
        status = take_key(r, v, f);
    return status == STATUS_OK ? check_feature(r, f) : status;
}

enum status spec_take_features(const struct spec_reader *r, const struct yaml_value *features)
{
    struct feature_spec *spec = r->spec;
    if (features->kind != YAML_MAP)
        return spec_refuse(r, features->line, STATUS_MALFORMED,
                           "'features' must be a mapping of names to features");
    if (features->n_children > SPEC_FEATURES_MAX)
        return spec_refuse(r, features->line, STATUS_TOO_LARGE, "there are more than %d features",
                           SPEC_FEATURES_MAX);
    spec->features = arena_zalloc(&spec->arena, features->n_children + 1, sizeof *spec->features);
    if (!spec->features)
        return spec_refuse_memory(r);
    enum status status = STATUS_OK;
    for (const struct yaml_value *v = features->first; v && status == STATUS_OK; v = v->next)
        status = take_feature(r, v, &spec->features[spec->n_features++]);
    return status;
}
