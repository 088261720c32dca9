#pragma once
/* Fits a predictor to a table's file, and measures one on another file.
 *
 * Of the training rows a share is held out, drawn by the seed, for stopping early: nothing is
 * learnt from those rows, neither weights nor vocabularies nor boundaries (with the setting `refit`
 * weights are, in the end, for as many epochs as were best without them). The file that a model is
 * measured on takes no part in any choice.
 */
#include "eval/binary_metrics.h"
#include "train/fitted.h"
#include "train/table_settings.h"

struct table_fit_request {
    const char *path; /* of the training rows; "-": standard input */
    const struct table_settings *settings;
    const struct fitted *from; /* a warm start: of the same class; NULL: none */
    uint64_t seed;
    struct parallel *pool;           /* may be NULL */
    const struct observer *observer; /* progress, the predictor's scalars, stop */
};

struct table_fit_result {
    struct fitted *fitted; /* without a report: "{}" */
    struct predictor_report report;
    uint32_t n_train, n_valid; /* rows */
    uint32_t n_features;       /* of the layout */
    uint64_t frame_bytes;      /* that the rows took in memory */
    uint64_t n_seen;           /* examples that were learnt from, epoch by epoch */
    double read_seconds, learn_seconds, fit_seconds;
};

/* Takes the spec over, also on failure. As features_fit, table_file_open and _read, and the
 * predictor's fit say; OUT_OF_RANGE: a warm start of another class. */
enum status table_fit(struct feature_spec *spec, const struct table_fit_request *request,
                      struct table_fit_result *ret_result, struct error *reterr);

struct table_measured {
    struct binary_report metrics;
    uint32_t n;
    double predict_seconds; /* without reading */
};

/* `batch`: examples a batch of `loss`. The observer gets the scores as test/pr. As table_file_open
 * and _read say; OUT_OF_RANGE: no rows. */
enum status table_measure(const struct fitted *fitted, const char *path, uint32_t batch,
                          struct parallel *pool, const struct observer *observer,
                          struct table_measured *ret_measured, struct error *reterr);

/* The fitted features' frame of a whole labelled file, for those who look closer. */
enum status table_read_rows(const struct features *features, const char *path, const char *phase,
                            const struct observer *observer, struct frame **ret_frame,
                            struct error *reterr);
