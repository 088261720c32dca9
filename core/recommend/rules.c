#include "recommend/rules.h"

#include <string.h>

#include "data/settings.h"

static const struct model *find(const char *name, const struct model *const *models,
                                size_t n_models)
{
    for (size_t i = 0; i < n_models; i++)
        if (strcmp(models[i]->class->name, name) == 0)
            return models[i];
    return NULL;
}

struct rules rules_make(const struct settings *settings, const struct model *const *models,
                        size_t n_models)
{
    return (struct rules){.guests = find(settings->models.guests, models, n_models),
                          .content = find("content", models, n_models),
                          .sessions = find("sessionknn", models, n_models),
                          .short_history = (uint32_t)settings->models.short_history,
                          .cold_every = (uint32_t)settings->models.cold_every};
}
