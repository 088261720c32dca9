#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "models/autorec.h"
#include "models/blend.h"
#include "models/bpr.h"
#include "models/content.h"
#include "models/cooccurrence.h"
#include "models/ease.h"
#include "models/gfcf.h"
#include "models/ials.h"
#include "models/item2vec.h"
#include "models/itemknn.h"
#include "models/latest.h"
#include "models/model.h"
#include "models/popular.h"
#include "models/rp3beta.h"
#include "models/sessionknn.h"
#include "models/slim.h"
#include "models/trending.h"

const struct model_class *const model_classes[] = {&popular_class,
                                                   &ials_class,
                                                   &itemknn_class,
                                                   &rp3beta_class,
                                                   &ease_class,
                                                   &gfcf_class,
                                                   &trending_class,
                                                   &latest_class,
                                                   &cooccurrence_class,
                                                   &content_class,
                                                   &sessionknn_class,
                                                   &autorec_class,
                                                   &item2vec_class,
                                                   &slim_class,
                                                   &bpr_class,
                                                   &blend_class,
                                                   NULL};

enum { N_CLASSES = sizeof model_classes / sizeof *model_classes - 1 };

static const char *name_at(const void *context, size_t i)
{
    (void)context;
    return model_classes[i]->name;
}

const struct model_class *model_class_find(const char *name, const char **ret_nearest)
{
    if (ret_nearest)
        *ret_nearest = NULL;
    for (size_t i = 0; i < N_CLASSES; i++)
        if (strcmp(model_classes[i]->name, name) == 0)
            return model_classes[i];
    if (ret_nearest)
        *ret_nearest = text_nearest(name, N_CLASSES, name_at, NULL);
    return NULL;
}

enum status model_class_need(const char *name, const struct model_class **ret_class,
                             struct error *reterr)
{
    const char *nearest;
    const struct model_class *class = model_class_find(name, &nearest);
    if (class) {
        *ret_class = class;
        return STATUS_OK;
    }
    if (nearest)
        return error_set(reterr, STATUS_NOT_FOUND, "unknown model '%.60s'; did you mean '%s'?",
                         name, nearest);
    char all[256] = "";
    for (size_t i = 0, used = 0; i < N_CLASSES && used < sizeof all; i++)
        used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", i ? ", " : "",
                                 model_classes[i]->name);
    return error_set(reterr, STATUS_NOT_FOUND, "unknown model '%.60s'; the models are %s", name,
                     all);
}

void *model_settings_new(const struct model_class *class, struct arena *arena)
{
    void *settings = arena_zalloc(arena, 1, class->settings_size ? class->settings_size : 1);
    if (!settings || options_init(class->options, class->n_options, settings, arena) != STATUS_OK)
        return NULL;
    return settings;
}

enum status model_settings_check(const struct model_class *class, const void *settings,
                                 struct error *reterr)
{
    return class->check ? class->check(settings, reterr) : STATUS_OK;
}

const struct model *model_named(const struct model *const *models, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(models[i]->class->name, name) == 0)
            return models[i];
    return NULL;
}

void model_free(struct model *model)
{
    if (model)
        model->class->free(model);
}
