#include "models/network_costs.h"

#include <string.h>

#include "base/op_costs.h"

enum { BLOCKS_MAX = NETWORK_CHUNK / NETWORK_BLOCK };

enum status network_costs_init(struct network_step *step, const struct feature_layout *layout,
                               const struct network_settings *settings,
                               const struct observer *observer, struct arena *arena,
                               struct network_costs *ret_costs)
{
    struct network_costs costs = {
        .step = step, .layout = layout, .settings = settings, .observer = observer};
    if (observer_wants_costs(observer, 1)) {
        const size_t n_blocks = BLOCKS_MAX * NETWORK_SPOTS_MAX,
                     n_units = (size_t)step->n_units * UNIT_SPOTS,
                     n_fields = (size_t)step->network->n_fields + 1;
        costs.block_ns = arena_alloc(arena, n_blocks * sizeof *costs.block_ns);
        costs.unit_ns = arena_alloc(arena, n_units * sizeof *costs.unit_ns);
        costs.entries = arena_alloc(arena, n_fields * sizeof *costs.entries);
        if (!costs.block_ns || !costs.unit_ns || !costs.entries)
            return STATUS_NO_MEMORY;
    }
    *ret_costs = costs;
    return STATUS_OK;
}

bool network_costs_are_due(const struct network_costs *costs, uint32_t epoch)
{
    return costs->block_ns && observer_wants_costs(costs->observer, epoch);
}

void network_costs_begin(struct network_costs *costs)
{
    struct network_step *step = costs->step;
    step->block_ns =
        memset(costs->block_ns, 0, BLOCKS_MAX * NETWORK_SPOTS_MAX * sizeof *costs->block_ns);
    step->unit_ns =
        memset(costs->unit_ns, 0, (size_t)step->n_units * UNIT_SPOTS * sizeof *costs->unit_ns);
    memset(costs->entries, 0, step->network->n_fields * sizeof *costs->entries);
}

void network_costs_chunk(struct network_costs *costs)
{
    struct network_step *step = costs->step;
    const uint32_t n_fields = step->network->n_fields;
    const uint32_t *places = step->pass.places;
    for (uint32_t r = 0; r < step->n_rows; r++, places += n_fields + 1)
        for (uint32_t f = 0; f < n_fields; f++)
            costs->entries[f] += places[f + 1] - places[f];
    if (!step->is_last)
        return;
    step->block_ns = step->unit_ns = NULL;
    costs->measured = true;
}

/* ---- booking ---- */

struct bill {
    const struct network_costs *costs;
    const struct network *network;
    struct network_ops ops;
    struct op_costs of;
};

static void charge(struct bill *bill, uint32_t op, double ns, double bytes)
{
    op_costs_charge(&bill->of, op, (int64_t)ns, (uint64_t)bytes);
}

static double spot_ns(const struct bill *bill, size_t spot)
{
    int64_t sum = 0;
    for (size_t b = 0; b < BLOCKS_MAX; b++)
        sum += bill->costs->block_ns[b * NETWORK_SPOTS_MAX + spot];
    return (double)sum;
}

/* Among the fields that have such an operation, by their entries; where none has any, in equal
 * parts. */
static void share_out(struct bill *bill, const uint32_t *ops, double ns, double bytes)
{
    const uint64_t *entries = bill->costs->entries;
    double all = 0, n = 0;
    for (uint32_t f = 0; f < bill->network->n_fields; f++)
        if (ops[f] != OP_NONE) {
            all += (double)entries[f];
            n++;
        }
    for (uint32_t f = 0; f < bill->network->n_fields; f++)
        if (ops[f] != OP_NONE) {
            const double share = all > 0 ? (double)entries[f] / all : 1 / n;
            charge(bill, ops[f], share * ns, share * bytes);
        }
}

/* ---- time ---- */

/* The filling, by columns. */
static void charge_input(struct bill *bill)
{
    const struct network *network = bill->network;
    const double ns = spot_ns(bill, SPOT_INPUT);
    for (uint32_t f = 0; f < network->n_fields && network->input; f++)
        if (network->fields[f].deep == FIELD_EMBEDDED)
            charge(bill, bill->ops.means[f],
                   ns * bill->network->fields[f].dimension / network->input, 0);
    if (network->input)
        charge(bill, bill->ops.input, ns * (network->input - network->embedded) / network->input,
               0);
}

static void charge_blocks(struct bill *bill)
{
    const struct network_ops *ops = &bill->ops;
    share_out(bill, ops->inputs, spot_ns(bill, SPOT_FETCH), 0);
    share_out(bill, ops->products, spot_ns(bill, SPOT_WIDE), 0);
    charge_input(bill);
    charge(bill, ops->output, spot_ns(bill, SPOT_OUTPUT), 0);
    charge(bill, ops->loss, spot_ns(bill, SPOT_LOSS), 0);
    for (uint32_t i = 0; i < bill->network->n_layers; i++) {
        const size_t at = SPOT_LAYERS + (size_t)i * LAYER_SPOTS;
        charge(bill, ops->layers[i].product, spot_ns(bill, at + SPOT_PRODUCT), 0);
        charge(bill, ops->layers[i].norm, spot_ns(bill, at + SPOT_NORM), 0);
        charge(bill, ops->layers[i].activation, spot_ns(bill, at + SPOT_ACTIVATION), 0);
    }
}

/* The vectors' gradient goes to the fields that use the table. */
static void charge_table(struct bill *bill, uint32_t table, double ns)
{
    const struct network *network = bill->network;
    double all = 0;
    for (int pass = 0; pass < 2; pass++)
        for (uint32_t f = 0; f < network->n_fields; f++) {
            if (network->fields[f].deep != FIELD_EMBEDDED || network->fields[f].table != table)
                continue;
            const double entries = (double)bill->costs->entries[f] + 1;
            all += pass ? 0 : entries;
            if (pass)
                charge(bill, bill->ops.means[f], ns * entries / all, 0);
        }
}

static void charge_unit(struct bill *bill, uint32_t number)
{
    const struct network_unit *unit = &bill->costs->step->units[number];
    const int64_t *spots = bill->costs->unit_ns + (size_t)number * UNIT_SPOTS;
    const struct network_ops *ops = &bill->ops;
    const double ns = (double)spots[SPOT_GRADIENT];
    bool wide = false;
    switch (unit->kind) {
    case UNIT_STRIP:
        charge(bill, ops->layers[unit->number].product, ns, 0);
        break;
    case UNIT_VECTORS:
        charge(bill, ops->layers[unit->number].sum, ns, 0);
        charge(bill, ops->layers[unit->number].norm, (double)spots[SPOT_NORM_GRADIENT], 0);
        break;
    case UNIT_OUTPUT:
        charge(bill, ops->output, ns, 0);
        break;
    case UNIT_BIAS:
        charge(bill, ops->logit, ns, 0);
        wide = bill->network->shape.wide;
        break;
    case UNIT_WIDE:
        charge(bill, ops->products[unit->number], ns, 0);
        wide = true;
        break;
    case UNIT_TABLE:
        charge_table(bill, unit->number, ns);
        break;
    }
    charge(bill, wide ? ops->wide_step : ops->deep_step, (double)spots[SPOT_MOVE], 0);
}

/* ---- memory ---- */

/* A variable of so many floats: the numbers and their gradient; its optimizer's two states. */
static void charge_variable(struct bill *bill, uint32_t op, bool wide, double floats)
{
    charge(bill, op, 0, 2 * floats * sizeof(float));
    charge(bill, wide ? bill->ops.wide_step : bill->ops.deep_step, 0, 2 * floats * sizeof(float));
}

static void charge_layer(struct bill *bill, uint32_t i)
{
    const struct network_layer *layer = &bill->network->layers[i];
    const struct network_layer_ops *ops = &bill->ops.layers[i];
    const double rows = bill->costs->step->pass.capacity, width = layer->width,
                 in = (double)tile_round(layer->in);
    const double array = rows * width * sizeof(float);
    charge(bill, ops->product, 0, (layer->cross ? 3 : 2) * array);
    charge_variable(bill, ops->weights, false, in * width);
    charge(bill, ops->weights, 0, in * width * sizeof(float)); /* their transpose */
    charge_variable(bill, ops->biases, false, width);
    if (!layer->gains)
        return;
    charge(bill, ops->norm, 0, 3 * array + rows * sizeof(float));
    charge_variable(bill, ops->gains, false, width);
    charge_variable(bill, ops->shifts, false, width);
}

static void charge_field(struct bill *bill, uint32_t f)
{
    const struct network_field *field = &bill->network->fields[f];
    const double met = sizeof(uint32_t) + sizeof(uint8_t); /* a row of struct touched */
    if (field->wide) {
        charge_variable(bill, bill->ops.wide_weights[f], true, field->size);
        charge(bill, bill->ops.products[f], 0, met * field->size);
    }
    if (field->deep != FIELD_EMBEDDED || field->shared != f)
        return;
    const struct network_table *table = &bill->network->tables[field->table];
    charge_variable(bill, bill->ops.vectors[f], false, (double)table->rows * table->width);
    charge(bill, bill->ops.means[f], 0, met * table->rows);
}

static void charge_memory(struct bill *bill)
{
    const struct network *network = bill->network;
    const struct network_pass *pass = &bill->costs->step->pass;
    const double rows = pass->capacity, entry = sizeof *pass->features + sizeof *pass->values;
    share_out(bill, bill->ops.inputs, 0, rows * pass->entries_max * entry);
    for (uint32_t f = 0; f < network->n_fields; f++)
        charge_field(bill, f);
    charge_variable(bill, bill->ops.bias, network->shape.wide, 1);
    charge(bill, bill->ops.logit, 0, 2 * rows * sizeof(float));
    if (!network->shape.deep)
        return;
    charge(bill, bill->ops.input, 0,
           (network->shape.n_cross ? 3 : 2) * rows * network->input_width * sizeof(float));
    for (uint32_t i = 0; i < network->n_layers; i++)
        charge_layer(bill, i);
    charge_variable(bill, bill->ops.output_weights, false,
                    network->layers[network->n_layers - 1].width);
}

/* ---- telling ---- */

void network_costs_tell(struct network_costs *costs, uint32_t epoch)
{
    struct bill bill = {.costs = costs, .network = costs->step->network};
    if (!costs->measured)
        return;
    costs->measured = false;
    network_graph(bill.network, costs->layout, costs->settings, &bill.of.graph, &bill.ops);
    if (op_costs_begin(&bill.of)) {
        charge_blocks(&bill);
        for (uint32_t u = 0; u < costs->step->n_units; u++)
            charge_unit(&bill, u);
        charge_memory(&bill);
    }
    op_costs_tell(&bill.of, costs->observer, epoch);
}
