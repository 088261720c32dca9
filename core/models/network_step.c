#include "models/network_step.h"

#include <assert.h>
#include <string.h>

#include "linalg/kernels.h"

/* Inputs of a layer whose weights are one unit; a multiple of TILE. */
enum { STRIP = 32 };

/* ---- memory ---- */

static void *take(struct arena *arena, size_t count, size_t size, bool *failed)
{
    char *memory = arena_zalloc(arena, count + 64 / size, size);
    if (!memory) {
        *failed = true;
        return NULL;
    }
    return memory + (64 - (uintptr_t)memory % 64) % 64;
}

static void take_touched(struct touched *touched, uint32_t size, struct arena *arena, bool *failed)
{
    touched->rows = take(arena, size, sizeof *touched->rows, failed);
    touched->met = take(arena, size, sizeof *touched->met, failed);
}

static void list_units(struct network_step *step)
{
    const struct network *network = step->network;
    struct network_unit *unit = step->units;
    for (uint32_t i = 0; i < network->n_layers; i++)
        for (uint32_t first = 0; first < network->layers[i].in; first += STRIP) {
            const uint32_t end = first + STRIP, in = network->layers[i].in;
            *unit++ = (struct network_unit){UNIT_STRIP, i, first, end < in ? end : in};
        }
    for (uint32_t f = 0; f < network->n_fields; f++)
        if (network->fields[f].wide)
            *unit++ = (struct network_unit){.kind = UNIT_WIDE, .number = f};
    for (uint32_t t = 0; t < network->n_tables; t++)
        *unit++ = (struct network_unit){.kind = UNIT_TABLE, .number = t};
    for (uint32_t i = 0; i < network->n_layers; i++)
        *unit++ = (struct network_unit){.kind = UNIT_VECTORS, .number = i};
    if (network->shape.deep)
        *unit++ = (struct network_unit){.kind = UNIT_OUTPUT};
    *unit++ = (struct network_unit){.kind = UNIT_BIAS};
    step->n_units = (uint32_t)(unit - step->units);
}

static size_t units_max(const struct network *network)
{
    size_t n = 2 + network->n_fields + network->n_tables + network->n_layers;
    for (uint32_t i = 0; i < network->n_layers; i++)
        n += (network->layers[i].in + STRIP - 1) / STRIP;
    return n;
}

static void take_memory(struct network_step *step, uint32_t chunk, struct arena *arena,
                        bool *failed)
{
    const struct network *network = step->network;
    step->state1 = take(arena, network->size, sizeof(float), failed);
    step->state2 = take(arena, network->size, sizeof(float), failed);
    step->gradients = take(arena, network->size, sizeof(float), failed);
    step->units = take(arena, units_max(network), sizeof *step->units, failed);
    step->wide = take(arena, network->n_fields, sizeof *step->wide, failed);
    step->tables = take(arena, network->n_tables, sizeof *step->tables, failed);
    step->losses = take(arena, chunk, sizeof *step->losses, failed);
    for (uint32_t i = 0; i < network->n_layers; i++)
        step->transposed[i] =
            take(arena, network->layers[i].width * tile_round(network->layers[i].in), sizeof(float),
                 failed);
    for (uint32_t f = 0; f < network->n_fields && !*failed; f++)
        if (network->fields[f].wide)
            take_touched(&step->wide[f], network->fields[f].size, arena, failed);
    for (uint32_t t = 0; t < network->n_tables && !*failed; t++)
        take_touched(&step->tables[t], network->tables[t].rows, arena, failed);
}

/* Refreshes the transpose of a layer's weights for inputs first .. end - 1 (and what fills up the
 * last tile). */
static void transpose_strip(struct network_step *step, uint32_t number, uint32_t first,
                            uint32_t end)
{
    const struct network_layer *layer = &step->network->layers[number];
    const size_t in_width = tile_round(layer->in), n = tile_round(end - first);
    matrix_transpose(step->network->parameters + layer->weights + first * layer->width,
                     layer->width, step->transposed[number] + first, in_width, n, layer->width);
}

static void init_states(struct network_step *step)
{
    const struct network *network = step->network;
    optimizer_init(&step->update.deep, step->state1, step->state2, network->size);
    for (uint32_t i = 0; i < network->n_wide; i++)
        ftrl_init(&step->update.wide, network->parameters[network->wide + i],
                  &step->state1[network->wide + i], &step->state2[network->wide + i]);
    struct ftrl plain = step->update.wide;
    plain.l1 = plain.l2 = 0;
    if (network->shape.wide)
        ftrl_init(&plain, network->parameters[network->bias], &step->state1[network->bias],
                  &step->state2[network->bias]);
}

enum status network_step_init(struct network *network, const struct examples *examples,
                              const struct network_update *update, uint32_t chunk,
                              struct arena *arena, struct network_step *ret_step)
{
    struct network_step step = {.network = network, .examples = examples, .update = *update};
    bool failed = network_pass_init(network, examples->entries_max, chunk, true, arena,
                                    &step.pass) != STATUS_OK;
    if (!failed)
        take_memory(&step, chunk, arena, &failed);
    if (failed)
        return STATUS_NO_MEMORY;
    list_units(&step);
    init_states(&step);
    for (uint32_t i = 0; i < network->n_layers; i++) {
        step.learning.transposed[i] = step.transposed[i];
        transpose_strip(&step, i, 0, network->layers[i].in);
    }
    *ret_step = step;
    return STATUS_OK;
}

/* ---- blocks of rows ---- */

void network_step_begin(struct network_step *step, const uint32_t *rows, uint32_t n, bool is_first,
                        bool is_last)
{
    assert(n > 0 && n <= step->pass.capacity);
    step->rows = rows;
    step->n_rows = n;
    step->n_blocks = (n + NETWORK_BLOCK - 1) / NETWORK_BLOCK;
    step->is_first = is_first;
    step->is_last = is_last;
}

void network_step_block(struct network_step *step, uint32_t block)
{
    const uint32_t first = (uint32_t)((uint64_t)step->n_rows * block / step->n_blocks);
    const uint32_t end = (uint32_t)((uint64_t)step->n_rows * (block + 1) / step->n_blocks);
    struct example_batch batch = network_pass_batch(&step->pass, block, first);
    struct laps laps = {0};
    struct network_learning learning = step->learning;
    if (step->block_ns) {
        laps.ns = step->block_ns + (size_t)block * NETWORK_SPOTS_MAX;
        learning.laps = &laps;
    }
    laps_begin(learning.laps);
    step->examples->fetch(step->examples->context, step->rows + first, end - first, &batch);
    network_forward(&step->pass, &batch, first, &learning);
    step->losses[block] = network_backward(&step->pass, first, end - first, &learning);
}

double network_step_loss(const struct network_step *step)
{
    double sum = 0;
    for (uint32_t b = 0; b < step->n_blocks; b++)
        sum += step->losses[b];
    return sum;
}

/* ---- units of parameters ---- */

/* One step of n parameters that lie together; their gradient need not be cleared, as the next
 * batch's first chunk overwrites it. */
static void move(struct network_step *step, const struct optimizer_pace *pace, size_t at, size_t n)
{
    optimizer_step(pace, step->network->parameters + at, step->state1 + at, step->state2 + at,
                   step->gradients + at, n);
}

static const float *layer_input(const struct network_step *step, uint32_t number, size_t *ret_width)
{
    const struct network *network = step->network;
    *ret_width = number == 0 ? network->input_width : network->layers[number - 1].width;
    return number == 0 ? step->pass.input : step->pass.outputs[number - 1];
}

static void strip_unit(struct network_step *step, const struct network_unit *unit, bool moves,
                       struct laps *laps)
{
    const struct network_layer *layer = &step->network->layers[unit->number];
    const uint32_t n = unit->end - unit->first;
    const size_t at = layer->weights + (size_t)unit->first * layer->width;
    size_t x_width;
    const float *x = layer_input(step, unit->number, &x_width);
    dense_backward_weights(x + unit->first, x_width, step->pass.layer_deltas[unit->number],
                           step->gradients + at, step->n_rows, n, layer->width, !step->is_first);
    laps_end(laps, SPOT_GRADIENT);
    if (!moves)
        return;
    move(step, &step->pace, at, (size_t)n * layer->width);
    transpose_strip(step, unit->number, unit->first, unit->end);
}

static void sum_unit(struct network_step *step, const float *deltas, size_t at, size_t width,
                     bool moves, enum unit_spot spot, struct laps *laps)
{
    column_sums(deltas, step->gradients + at, step->n_rows, width, !step->is_first);
    laps_end(laps, spot);
    if (moves)
        move(step, &step->plain_pace, at, width);
    laps_end(laps, SPOT_MOVE);
}

static void vectors_unit(struct network_step *step, uint32_t number, bool moves, struct laps *laps)
{
    const struct network_layer *layer = &step->network->layers[number];
    sum_unit(step, step->pass.layer_deltas[number], layer->biases, layer->width, moves,
             SPOT_GRADIENT, laps);
    if (!layer->gains)
        return;
    sum_unit(step, step->pass.gain_deltas[number], layer->gains, layer->width, moves,
             SPOT_NORM_GRADIENT, laps);
    sum_unit(step, step->pass.shift_deltas[number], layer->shifts, layer->width, moves,
             SPOT_NORM_GRADIENT, laps);
}

static void output_unit(struct network_step *step, bool moves, struct laps *laps)
{
    const struct network *network = step->network;
    const uint32_t last = network->n_layers - 1;
    const size_t width = network->layers[last].width;
    dense_backward_weights(step->pass.deltas, 1, step->pass.outputs[last],
                           step->gradients + network->output, step->n_rows, 1, width,
                           !step->is_first);
    laps_end(laps, SPOT_GRADIENT);
    if (moves)
        move(step, &step->pace, network->output, width);
}

/* The bias goes with the wide part, without its regularisation, or with the deep one. */
static void bias_unit(struct network_step *step, bool moves, struct laps *laps)
{
    const size_t at = step->network->bias;
    float sum = step->is_first ? 0 : step->gradients[at];
    for (uint32_t r = 0; r < step->n_rows; r++)
        sum += step->pass.deltas[r];
    step->gradients[at] = sum;
    laps_end(laps, SPOT_GRADIENT);
    if (!moves)
        return;
    if (!step->network->shape.wide) {
        move(step, &step->plain_pace, at, 1);
        return;
    }
    struct ftrl plain = step->update.wide;
    plain.l1 = plain.l2 = 0;
    ftrl_step(&plain, sum, &step->network->parameters[at], &step->state1[at], &step->state2[at]);
}

static void touch(struct touched *touched, uint32_t row)
{
    if (touched->met[row])
        return;
    touched->met[row] = 1;
    touched->rows[touched->n++] = row;
}

static void wide_unit(struct network_step *step, uint32_t number, bool moves, struct laps *laps)
{
    const struct network *network = step->network;
    const struct network_field *field = &network->fields[number];
    struct touched *touched = &step->wide[number];
    const size_t at = network->wide + field->wide_at;
    float *gradients = step->gradients + at;
    const uint32_t *places = step->pass.places + number;
    for (uint32_t r = 0; r < step->n_rows; r++, places += network->n_fields + 1) {
        const uint32_t *features = step->pass.row_features[r];
        const float *values = step->pass.row_values[r];
        for (uint32_t k = places[0]; k < places[1]; k++) {
            const uint32_t row = features[k] - field->first;
            touch(touched, row);
            gradients[row] += step->pass.deltas[r] * values[k];
        }
    }
    laps_end(laps, SPOT_GRADIENT);
    for (uint32_t i = 0; moves && i < touched->n; i++) {
        const uint32_t row = touched->rows[i];
        ftrl_step(&step->update.wide, gradients[row], &network->parameters[at + row],
                  &step->state1[at + row], &step->state2[at + row]);
        gradients[row] = 0;
        touched->met[row] = 0;
    }
    if (moves)
        touched->n = 0;
}

static void table_gradients(struct network_step *step, uint32_t number,
                            const struct network_field *field)
{
    const struct network *network = step->network;
    const struct network_table *table = &network->tables[number];
    const uint32_t *places = step->pass.places + (field - network->fields);
    for (uint32_t r = 0; r < step->n_rows; r++, places += network->n_fields + 1) {
        const uint32_t first = places[0], n = places[1] - first;
        const uint32_t *features = step->pass.row_features[r] + first;
        for (uint32_t k = 0; k < n; k++)
            touch(&step->tables[number], features[k] - field->first);
        bag_backward(step->pass.input_deltas + (size_t)r * network->input_width + field->input_at,
                     table->width, field->first, features, step->pass.row_values[r] + first, n,
                     step->gradients + table->at);
    }
}

static void table_unit(struct network_step *step, uint32_t number, bool moves, struct laps *laps)
{
    const struct network *network = step->network;
    const struct network_table *table = &network->tables[number];
    struct touched *touched = &step->tables[number];
    for (uint32_t f = 0; f < network->n_fields; f++)
        if (network->fields[f].deep == FIELD_EMBEDDED && network->fields[f].table == number)
            table_gradients(step, number, &network->fields[f]);
    laps_end(laps, SPOT_GRADIENT);
    for (uint32_t i = 0; moves && i < touched->n; i++) {
        const size_t at = table->at + (size_t)touched->rows[i] * table->width;
        move(step, &step->pace, at, table->width);
        memset(step->gradients + at, 0, table->width * sizeof(float));
        touched->met[touched->rows[i]] = 0;
    }
    if (moves)
        touched->n = 0;
}

void network_step_unit(struct network_step *step, uint32_t number, bool moves)
{
    const struct network_unit *unit = &step->units[number];
    struct laps timed = {0}, *laps = NULL;
    moves = moves && step->is_last;
    if (step->unit_ns) {
        timed.ns = step->unit_ns + (size_t)number * UNIT_SPOTS;
        laps = &timed;
    }
    laps_begin(laps);
    switch (unit->kind) {
    case UNIT_STRIP:
        strip_unit(step, unit, moves, laps);
        break;
    case UNIT_VECTORS:
        vectors_unit(step, unit->number, moves, laps);
        break;
    case UNIT_OUTPUT:
        output_unit(step, moves, laps);
        break;
    case UNIT_BIAS:
        bias_unit(step, moves, laps);
        break;
    case UNIT_WIDE:
        wide_unit(step, unit->number, moves, laps);
        break;
    case UNIT_TABLE:
        table_unit(step, unit->number, moves, laps);
        break;
    }
    laps_end(laps, SPOT_MOVE);
}
