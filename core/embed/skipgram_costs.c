#include "embed/skipgram_costs.h"

#include "base/op_costs.h"

static const char *const operations[SKIPGRAM_PARTS] = {
    [SKIPGRAM_STREAM] = "inputs/sequences",
    [SKIPGRAM_WINDOWS] = "inputs/pairs",
    [SKIPGRAM_DRAWS] = "inputs/negatives",
    [SKIPGRAM_NEIGHBOUR_LOOKUP] = "neighbour/lookup",
    [SKIPGRAM_OBSERVED_LOOKUP] = "observed/lookup",
    [SKIPGRAM_NOISE_LOOKUP] = "noise/lookup",
    [SKIPGRAM_OBSERVED_PRODUCT] = "observed/product",
    [SKIPGRAM_OBSERVED_CONTRAST] = "observed/contrast",
    [SKIPGRAM_OBSERVED_LOSS] = "loss/observed",
    [SKIPGRAM_NOISE_PRODUCT] = "noise/product",
    [SKIPGRAM_NOISE_CONTRAST] = "noise/contrast",
    [SKIPGRAM_NOISE_LOSS] = "loss/noise",
    [SKIPGRAM_LOSS] = "loss/sum",
    [SKIPGRAM_STEPS] = "train/sgd",
};

void skipgram_costs_tell(const struct skipgram_settings *settings, const struct vectors *vectors,
                         const struct timesheet *sheet, const uint64_t bytes[SKIPGRAM_PARTS],
                         int64_t epoch, const struct observer *observer)
{
    struct op_costs costs = {0};
    const uint64_t table = vectors->n * vectors->width * sizeof(float);
    if (sheet->n_steps == 0)
        return;
    skipgram_graph(settings, vectors->n, &costs.graph);
    op_costs_begin(&costs);
    for (size_t part = 0; part < SKIPGRAM_PARTS; part++) {
        const int64_t ns = timesheet_mean_ns(sheet, part);
        op_costs_charge_name(&costs, operations[part],
                             part == SKIPGRAM_LOSS ? ns / SKIPGRAM_LOSS_EVERY : ns, bytes[part]);
    }
    op_costs_charge_name(&costs, "inputs/noise_chances", 0, vectors->n * sizeof(float));
    op_costs_charge_name(&costs, "vectors/inputs", 0, table);
    op_costs_charge_name(&costs, "vectors/outputs", 0, table);
    op_costs_tell(&costs, observer, epoch);
}
