#include "models/deep.h"

#include "models/network_fit.h"
#include "models/network_predict.h"

static const struct option options[] = {
    NETWORK_OPTIONS_FIT,
    NETWORK_OPTIONS_DEEP,
};

static enum status deep_fit(const struct predictor_task *task, const void *settings,
                            struct parallel *pool, const struct observer *observer,
                            struct predictor **ret_predictor, struct error *reterr)
{
    return network_fit(&deep_class, false, true, task, settings, pool, observer, ret_predictor,
                       reterr);
}

static enum status deep_load(const struct sections *sections, struct predictor **ret_predictor,
                             struct error *reterr)
{
    return network_load(&deep_class, sections, ret_predictor, reterr);
}

const struct predictor_class deep_class = {
    .name = "deep",
    .summary = "embeddings and hidden layers",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .settings_size = sizeof(struct network_settings),
    .fit = deep_fit,
    .predict_batch = network_predict,
    .describe = network_describe,
    .save = network_save,
    .load = deep_load,
    .free = network_free,
};
