#pragma once
/* Examples for models that learn from features: sparse rows, fetched a batch at a time.
 *
 * A feature is a number below `n_features`; consecutive features that come from one column of one
 * use form a field. An example has at most `entries_max` features, in rising order, each once, with
 * a value (1 for a category). No matrix of all examples need exist: whoever has the data makes rows
 * as they are asked for, from a compact table, from a matrix, or from a store's events.
 *
 * Threads: fetch may be called from several threads at once, each with its own batch.
 */
#include <stdbool.h>
#include <stdint.h>

/* How the deep part sees a field. */
enum field_deep {
    FIELD_NOT_DEEP,
    FIELD_DENSE,    /* its features are inputs as they are: `size` of them */
    FIELD_EMBEDDED, /* the value-weighted mean of its features' vectors: `dimension` inputs */
};

struct field {
    const char *name;     /* "education", "age bucket", "education x occupation" */
    uint32_t first, size; /* features first .. first + size - 1 */
    bool wide;            /* feeds the linear part */
    enum field_deep deep;
    uint32_t dimension; /* FIELD_EMBEDDED: width of a vector */
    uint32_t shared; /* FIELD_EMBEDDED: the field (at most itself) whose vectors it uses; that one
                        has the same size and dimension */
    bool crossed;    /* its features are combinations of others' */
};

/* Fields in the order of their features, without gaps: fields[0].first is 0. */
struct feature_layout {
    const struct field *fields; /* [n_fields] */
    uint32_t n_fields, n_features;
};

/* Caller's memory, for one fetch at a time. */
struct example_batch {
    uint32_t n;         /* examples fetched */
    uint32_t *starts;   /* [capacity + 1] */
    uint32_t *features; /* [capacity * entries_max] */
    float *values;      /* [capacity * entries_max] */
    float *labels;      /* [capacity] in 0..1; untouched when the examples have none */
    float *weights;     /* [capacity] above 0 */
};

struct examples {
    const struct feature_layout *layout;
    uint32_t n;           /* examples */
    uint32_t entries_max; /* of one example */
    bool labelled;
    const void *context;
    /* The examples rows[n], in that order, each below `n` of the examples; never fails. */
    void (*fetch)(const void *context, const uint32_t *rows, uint32_t n,
                  struct example_batch *batch);
};
