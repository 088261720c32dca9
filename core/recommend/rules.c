#include "recommend/rules.h"

#include "data/settings.h"

struct rules rules_make(const struct settings *settings, const struct model *const *models,
                        size_t n_models)
{
    return (struct rules){.guests = model_named(models, n_models, settings->models.guests),
                          .content = model_named(models, n_models, "content"),
                          .sessions = model_named(models, n_models, "sessionknn"),
                          .short_history = (uint32_t)settings->models.short_history,
                          .cold_every = (uint32_t)settings->models.cold_every};
}
