#include "models/wide.h"

#include "models/network_fit.h"
#include "models/network_predict.h"

static const struct option options[] = {
    NETWORK_OPTIONS_FIT,
    NETWORK_OPTIONS_WIDE,
};

static enum status wide_fit(const struct predictor_task *task, const void *settings,
                            struct parallel *pool, const struct observer *observer,
                            struct predictor **ret_predictor, struct error *reterr)
{
    return network_fit(&wide_class, true, false, task, settings, pool, observer, ret_predictor,
                       reterr);
}

static enum status wide_load(const struct sections *sections, struct predictor **ret_predictor,
                             struct error *reterr)
{
    return network_load(&wide_class, sections, ret_predictor, reterr);
}

const struct predictor_class wide_class = {
    .name = "wide",
    .summary = "a linear model of columns and their crosses, by FTRL-proximal",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .settings_size = sizeof(struct network_settings),
    .fit = wide_fit,
    .predict_batch = network_predict,
    .describe = network_describe,
    .save = network_save,
    .load = wide_load,
    .free = network_free,
};
