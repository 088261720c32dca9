/* What each column of the round's ranker is worth. One fit, that of the round, and few rows: this
 * is the round's time, and `tastevin features` has more of it. */
#include "train/ranker_features.h"
#include "train/round_parts.h"

enum { REPEATS = 5, HELD_MAX = 20000 };
static const double least = 0.001; /* as `tastevin features` */

enum status round_measure_features(struct round *round, struct ranker_parts *parts)
{
    const struct round_request *request = round->request;
    if (!request->settings->training.features)
        return STATUS_OK;
    round_phase(round, "features");
    const struct feature_source source = ranker_parts_source(parts);
    const struct feature_report_request ask = {.spec = features_spec(parts->features),
                                               .source = &source,
                                               .seeds = 1,
                                               .repeats = REPEATS,
                                               .held_max = HELD_MAX,
                                               .seed = (uint64_t)request->settings->training.seed,
                                               .least = least,
                                               .pool = request->pool,
                                               .observer = request->observer};
    struct error err = {0};
    const enum status status = feature_report_make(&ask, &round->second.features, &err);
    if (status == STATUS_OUT_OF_RANGE) {
        buffer_printf(&round->reason, "What the ranker's columns are worth is not known: %s. ",
                      err.text);
        return STATUS_OK;
    }
    if (status != STATUS_OK && round->reterr)
        *round->reterr = err;
    return status;
}
