#pragma once
/* The `model` part of a spec: which predictor, how its rows are held out, and its own settings. */
#include "data/features/spec.h"
#include "models/predictor.h"

struct table_settings {
    const struct predictor_class *class;
    double validation; /* share of the training rows held out for stopping early */
    bool refit;        /* then fit to all rows for as many epochs as were best */
    uint32_t batch;    /* examples a batch, for reports */
    void *predictor;   /* the class's settings */
    /* one table of all options over one struct, for setting and printing by name */
    struct option *options;
    size_t n_options;
    void *values;
};

/* Options that every predictor's fit has beside its own; offsets are not for use. */
extern const struct option table_fit_options[];
extern const size_t n_table_fit_options;

/* Defaults, then what the spec says; settings that only other predictors have are left out. `mode`
 * (NULL: the spec's) names the class. NOT_FOUND with the nearest name; MALFORMED, OUT_OF_RANGE with
 * file and line. All memory is the arena's. */
enum status table_settings_read(const struct feature_spec *spec, const char *mode,
                                struct arena *arena, struct table_settings *ret_settings,
                                struct error *reterr);

/* One more, from the command line. As options_set; `mode` itself is refused. */
enum status table_settings_set(struct table_settings *settings, const char *name, const char *text,
                               struct arena *arena, struct error *reterr);

/* {"mode": "wide", "validation": 0.1, …} */
void table_settings_append_json(const struct table_settings *settings, struct buffer *out);
