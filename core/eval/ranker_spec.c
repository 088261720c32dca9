#include "eval/ranker_spec.h"

#include <string.h>

#include "base/embedded.h"
#include "base/text.h"
#include "data/yaml.h"
#include "recommend/ranker.h"

static const char mode_name[] = "mode", default_mode[] = "wide_deep";

static const char *predictor_name(const void *context, size_t i)
{
    (void)context;
    return predictor_classes[i]->name;
}

enum status ranker_predictor_need(const char *name, const struct predictor_class **ret_class,
                                  struct error *reterr)
{
    size_t n = 0;
    for (; predictor_classes[n]; n++)
        if (strcmp(predictor_classes[n]->name, name) == 0) {
            *ret_class = predictor_classes[n];
            return STATUS_OK;
        }
    const char *nearest = text_nearest(name, n, predictor_name, NULL);
    return error_set(reterr, STATUS_NOT_FOUND, "there is no ranker '%.60s'; %s '%s'%s", name,
                     nearest ? "did you mean" : "there is", nearest ? nearest : default_mode,
                     nearest ? "?" : "");
}

enum status ranker_spec_predictor(const struct feature_spec *spec,
                                  const struct predictor_class **ret_class, struct error *reterr)
{
    const char *mode = feature_spec_option(spec, mode_name);
    const enum status status = ranker_predictor_need(mode ? mode : default_mode, ret_class, reterr);
    for (uint32_t i = 0; status != STATUS_OK && i < spec->n_options; i++)
        if (strcmp(spec->options[i].name, mode_name) == 0)
            error_prefix(reterr, "%s:%u: ", spec->file, spec->options[i].line);
    return status;
}

/* Has any of the predictors such an option? */
static bool is_known(const char *name)
{
    for (size_t i = 0; predictor_classes[i]; i++)
        if (option_find(predictor_classes[i]->options, predictor_classes[i]->n_options, name))
            return true;
    return false;
}

/* The options of the spec's model, but for its name and those that only another one has. */
enum status ranker_spec_options(const struct feature_spec *spec,
                                const struct predictor_class *class, struct arena *arena,
                                void **ret_settings, struct error *reterr)
{
    void *settings = arena_zalloc(arena, 1, class->settings_size);
    enum status status = settings ? options_init(class->options, class->n_options, settings, arena)
                                  : STATUS_NO_MEMORY;
    if (status != STATUS_OK)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the ranker");
    for (uint32_t i = 0; i < spec->n_options; i++) {
        const struct spec_option *given = &spec->options[i];
        struct error err = {0};
        if (strcmp(given->name, mode_name) == 0 ||
            (!option_find(class->options, class->n_options, given->name) && is_known(given->name)))
            continue;
        status = options_set(class->options, class->n_options, settings, "key of 'model'",
                             given->name, given->value, arena, &err);
        if (status != STATUS_OK)
            return yaml_refuse(spec->file, given->line, status, reterr, "%s", err.text);
    }
    *ret_settings = settings;
    return STATUS_OK;
}

enum status ranker_spec_read(const char *path, const struct predictor_class *predictor,
                             struct feature_spec **ret_spec, struct error *reterr)
{
    struct feature_spec *spec;
    struct rank_columns columns;
    struct arena arena = {0};
    void *settings;
    enum status status = *path ? feature_spec_read(path, &spec, reterr)
                               : feature_spec_parse(ranker_files[0].name, ranker_files[0].bytes,
                                                    ranker_files[0].size, &spec, reterr);
    if (status != STATUS_OK)
        return status;
    status = rank_columns_of(spec, &columns, reterr);
    if (status == STATUS_OK && !predictor)
        status = ranker_spec_predictor(spec, &predictor, reterr);
    if (status == STATUS_OK)
        status = ranker_spec_options(spec, predictor, &arena, &settings, reterr);
    arena_free(&arena);
    if (status == STATUS_OK)
        *ret_spec = spec;
    else
        feature_spec_free(spec);
    return status;
}
