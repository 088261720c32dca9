#pragma once
/* What a table means, as its user declares it: the file's format, the label, the feature columns,
 * and the model's options. One YAML file:
 *
 *     file:    {columns: [age, job, city, income], delimiter: ",", comment: "|", missing: ["?"]}
 *     label:   {column: income, positive: ">50K", trim: "."}
 *     weight:  {column: w}
 *     features:
 *       age:        {type: numeric, normalize: standard, feeds: deep}
 *       age bucket: {type: bucketized, column: age, boundaries: [18, 30, 45, 65], feeds: wide}
 *       job:        {type: categorical, embedding: 8}
 *       job x age:  {type: crossed, of: [job, age bucket], buckets: 10000}
 *     model:   {mode: wide_deep, hidden: [100, 75, 50, 25]}
 *     drop:    [city]
 *
 * `drop` leaves features out, by their names or by the column that they are made of, and every
 * cross that has such a part: to try what they are worth.
 *
 * A feature is read from the column of its name unless it names another. `feature_spec_keys` lists
 * the keys of a feature. The model's options are only collected: who knows the model checks them.
 *
 * A spec is checked as a whole when it is read and does not change; any number of readers.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/option.h"
#include "base/status.h"

enum {
    SPEC_FEATURES_MAX = 512,
    SPEC_CROSS_MAX = 8,               /* parts of a cross */
    SPEC_INDICATOR_MAX = 4096,        /* inputs of one indicator */
    SPEC_FEATURES_TOTAL_MAX = 1 << 26 /* numbers of all features together */
};

enum feature_type { FEATURE_NUMERIC, FEATURE_BUCKETIZED, FEATURE_CATEGORICAL, FEATURE_CROSSED };
enum feature_feeds { FEEDS_BY_TYPE, FEEDS_WIDE, FEEDS_DEEP, FEEDS_BOTH, FEEDS_NONE };
enum feature_normalize { NORMALIZE_NONE, NORMALIZE_STANDARD, NORMALIZE_QUANTILE, NORMALIZE_PIECES };
enum feature_bounds { BOUNDS_QUANTILE, BOUNDS_TREE };

struct spec_text {
    const char *bytes; /* terminated */
    size_t length;
};

struct spec_feature {
    const char *name;
    uint32_t line;
    int type, feeds; /* feeds is never FEEDS_BY_TYPE after reading */
    const char *column_name;
    uint32_t column; /* index into the spec's columns; not of a cross */
    /* how the deep part sees it */
    int64_t embedding; /* width; 0: none */
    bool indicator;
    const char *shared_name;
    uint32_t shared; /* the feature whose vectors and vocabulary it uses; itself otherwise */
    /* numeric */
    int normalize, bounds;
    bool log; /* sign(x) log(1 + |x|) before anything else */
    int64_t quantiles, leaves, leaf_rows;
    /* bucketized; NULL: by quantiles */
    const double *boundaries;
    uint32_t n_boundaries;
    /* categorical: given vocabulary, or learned (min_count, max_size), or hashed when buckets */
    const struct spec_text *vocabulary;
    uint32_t n_vocabulary;
    int64_t min_count, max_size, buckets; /* buckets also of a cross */
    const char *separator;                /* "": one value a cell; else one byte */
    int64_t max_values;                   /* of a cell with a separator */
    /* crossed: names, and what they are: a categorical or bucketized feature, or (UINT32_MAX in
     * of_features) the text of a column */
    const struct spec_text *of;
    uint32_t n_of;
    uint32_t of_features[SPEC_CROSS_MAX], of_columns[SPEC_CROSS_MAX];
};

/* One key of the model part, a list joined by commas. */
struct spec_option {
    const char *name, *value;
    uint32_t line;
};

/* Columns that the spec uses, those of label and weight among them; feature_spec_column finds one.
 */
struct spec_column {
    const char *name;
    uint32_t line; /* where it was first named */
    bool number;   /* read as a number: a numeric or bucketized feature is made of it */
    bool used;     /* by a feature */
};

struct feature_spec {
    struct arena arena;
    const char *file;      /* name for errors */
    struct spec_text text; /* the YAML as read: what is saved with a model */
    /* file */
    const char *delimiter, *comment; /* one byte; comment may be "" */
    bool trim;                       /* blanks around unquoted cells do not count */
    int header;                      /* SPEC_HEADER_… */
    const struct spec_text *file_columns, *missing;
    uint32_t n_file_columns, n_missing;
    /* label */
    uint32_t label, weight; /* columns; UINT32_MAX: none */
    const char *label_trim; /* bytes that do not count at the label's end */
    const struct spec_text *positive, *negative;
    uint32_t n_positive, n_negative; /* no positive: the label is a number from 0 to 1 */

    struct spec_column *columns;
    uint32_t n_columns;
    struct spec_feature *features;
    uint32_t n_features;
    struct spec_option *options;
    uint32_t n_options;
    const struct spec_text *dropped; /* features and columns that are left out; none is above */
    uint32_t n_dropped, dropped_line;
};

enum { SPEC_HEADER_AUTO, SPEC_HEADER_YES, SPEC_HEADER_NO };

/* Reads and checks. `name` stands for the file in errors ("name:line" with the nearest known name).
 * MALFORMED, OUT_OF_RANGE, NOT_FOUND, TOO_LARGE, NO_MEMORY; nothing to free then. */
enum status feature_spec_parse(const char *name, const char *bytes, size_t length,
                               struct feature_spec **ret_spec, struct error *reterr);
enum status feature_spec_read(const char *path, struct feature_spec **ret_spec,
                              struct error *reterr);
/* The same without names[n], which its text then lists under `drop`. NOT_FOUND with the nearest
 * name; OUT_OF_RANGE: nothing would be left; CONFLICT: the spec has such a list already. */
enum status feature_spec_drop(const struct feature_spec *spec, const char *const *names, uint32_t n,
                              struct feature_spec **ret_spec, struct error *reterr);
void feature_spec_free(struct feature_spec *spec); /* NULL is fine */

/* Sets the model's options in `values` by the model's table; errors have the file and line. */
enum status feature_spec_set_options(const struct feature_spec *spec, const struct option *options,
                                     size_t n_options, void *values, struct arena *arena,
                                     struct error *reterr);

/* The column's number, or UINT32_MAX when the spec does not use one of that name. */
uint32_t feature_spec_column(const struct feature_spec *spec, const char *name);

/* The option's text, or NULL. */
const char *feature_spec_option(const struct feature_spec *spec, const char *name);

/* Keys of a feature with one value each, for help and documentation; offsets in spec_feature. */
extern const struct option feature_spec_keys[];
extern const size_t feature_spec_n_keys;
