#include "models/baseline.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

struct baseline {
    struct predictor base;
    double mean;
};

static enum status check_example(float label, float weight, uint32_t row, struct error *reterr)
{
    if (!(label >= 0 && label <= 1))
        return error_set(reterr, STATUS_OUT_OF_RANGE,
                         "the label of example %" PRIu32 " is %g; it must be from 0 to 1", row,
                         (double)label);
    if (!(weight > 0) || !isfinite(weight))
        return error_set(reterr, STATUS_OUT_OF_RANGE,
                         "the weight of example %" PRIu32 " is %g; it must be above 0", row,
                         (double)weight);
    return STATUS_OK;
}

static enum status mean_label(const struct table *table, double *ret_mean, struct error *reterr)
{
    const uint32_t n = table->features->n_rows;
    if (n == 0)
        return error_set(reterr, STATUS_OUT_OF_RANGE, "the table has no examples");
    double sum = 0, weights = 0;
    for (uint32_t r = 0; r < n; r++) {
        const float weight = table->weights ? table->weights[r] : 1;
        const enum status status = check_example(table->labels[r], weight, r, reterr);
        if (status != STATUS_OK)
            return status;
        sum += (double)weight * (double)table->labels[r];
        weights += (double)weight;
    }
    *ret_mean = sum / weights;
    return STATUS_OK;
}

static enum status baseline_new(uint32_t n_features, double mean, struct predictor **ret_predictor,
                                struct error *reterr)
{
    struct baseline *baseline = calloc(1, sizeof *baseline);
    if (!baseline)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the baseline");
    baseline->base = (struct predictor){.class = &baseline_class, .n_features = n_features};
    baseline->mean = mean;
    *ret_predictor = &baseline->base;
    return STATUS_OK;
}

static enum status baseline_fit(const struct table *table, const void *settings,
                                struct parallel *pool, const struct observer *observer,
                                struct predictor **ret_predictor, struct error *reterr)
{
    (void)settings;
    (void)pool;
    assert(table->labels);
    if (observer_stops(observer))
        return error_set(reterr, STATUS_CANCELLED, "baseline: cancelled");
    double mean = 0;
    const enum status status = mean_label(table, &mean, reterr);
    if (status != STATUS_OK)
        return status;
    return baseline_new(table->features->n_columns, mean, ret_predictor, reterr);
}

static enum status baseline_predict(const struct predictor *predictor, const struct table *table,
                                    float *out, struct arena *scratch)
{
    (void)scratch;
    const struct baseline *baseline = (const struct baseline *)predictor;
    for (uint32_t r = 0; r < table->features->n_rows; r++)
        out[r] = (float)baseline->mean;
    return STATUS_OK;
}

static void baseline_save(const struct predictor *predictor, struct sections_writer *writer)
{
    const struct baseline *baseline = (const struct baseline *)predictor;
    sections_add(writer, "baseline/features", SECTION_U32, 1, 1, &predictor->n_features);
    sections_add(writer, "baseline/mean", SECTION_F64, 1, 1, &baseline->mean);
}

static enum status baseline_load(const struct sections *sections, struct predictor **ret_predictor,
                                 struct error *reterr)
{
    const struct section *features, *mean;
    enum status status =
        sections_need(sections, "baseline/features", SECTION_U32, 1, 1, &features, reterr);
    if (status == STATUS_OK)
        status = sections_need(sections, "baseline/mean", SECTION_F64, 1, 1, &mean, reterr);
    if (status != STATUS_OK)
        return status;
    return baseline_new(*(const uint32_t *)features->data, *(const double *)mean->data,
                        ret_predictor, reterr);
}

static void baseline_free(struct predictor *predictor)
{
    free(predictor);
}

const struct predictor_class baseline_class = {
    .name = "baseline",
    .summary = "the mean of the labels, for every example",
    .fit = baseline_fit,
    .predict_batch = baseline_predict,
    .save = baseline_save,
    .load = baseline_load,
    .free = baseline_free,
};
