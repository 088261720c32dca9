#include "models/wide_deep.h"

#include "models/network_fit.h"
#include "models/network_predict.h"

static const struct option options[] = {
    NETWORK_OPTIONS_FIT,
    NETWORK_OPTIONS_WIDE,
    NETWORK_OPTIONS_DEEP,
};

static enum status wide_deep_fit(const struct predictor_task *task, const void *settings,
                                 struct parallel *pool, const struct observer *observer,
                                 struct predictor **ret_predictor, struct error *reterr)
{
    return network_fit(&wide_deep_class, true, true, task, settings, pool, observer, ret_predictor,
                       reterr);
}

static enum status wide_deep_load(const struct sections *sections, struct predictor **ret_predictor,
                                  struct error *reterr)
{
    return network_load(&wide_deep_class, sections, ret_predictor, reterr);
}

const struct predictor_class wide_deep_class = {
    .name = "wide_deep",
    .summary = "a linear model and hidden layers, trained together",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .settings_size = sizeof(struct network_settings),
    .fit = wide_deep_fit,
    .predict_batch = network_predict,
    .describe = network_describe,
    .save = network_save,
    .load = wide_deep_load,
    .free = network_free,
};
