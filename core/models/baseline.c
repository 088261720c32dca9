#include "models/baseline.h"

#include <math.h>
#include <stdlib.h>

struct baseline {
    struct predictor base;
    double mean;
};

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

static enum status baseline_fit(const struct predictor_task *task, const void *settings,
                                struct parallel *pool, const struct observer *observer,
                                struct predictor **ret_predictor, struct error *reterr)
{
    (void)settings;
    (void)pool;
    struct label_sums sums;
    const enum status status =
        labels_check(task->train, "the training part", observer, &sums, reterr);
    if (status != STATUS_OK)
        return status;
    return baseline_new(task->train->layout->n_features, sums.positive_weight / sums.weight,
                        ret_predictor, reterr);
}

static enum status baseline_predict(const struct predictor *predictor,
                                    const struct examples *examples, struct parallel *pool,
                                    float *out, struct arena *scratch)
{
    (void)pool;
    (void)scratch;
    const struct baseline *baseline = (const struct baseline *)predictor;
    for (uint32_t r = 0; r < examples->n; r++)
        out[r] = (float)baseline->mean;
    return STATUS_OK;
}

static void baseline_describe(const struct predictor *predictor,
                              struct predictor_report *ret_report)
{
    (void)predictor;
    *ret_report = (struct predictor_report){
        .parameters = 1, .train_loss = NAN, .valid_loss = NAN, .valid_auc = NAN};
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
    .describe = baseline_describe,
    .save = baseline_save,
    .load = baseline_load,
    .free = baseline_free,
};
