#include "models/network_look.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"

enum { TAG_MAX = 160, GROUP_MAX = 100 };

enum status network_look_init(struct network_step *step, const struct feature_layout *layout,
                              const uint32_t *rows, const struct observer *observer,
                              struct arena *arena, struct network_look *ret_look)
{
    struct network_look look = {.step = step, .layout = layout, .rows = rows, .observer = observer};
    if (observer && observer->every > 0) {
        look.before = arena_alloc(arena, step->network->size * sizeof *look.before);
        look.sample = arena_alloc(arena, LOOK_VALUES_MAX * sizeof *look.sample);
        if (!look.before || !look.sample)
            return STATUS_NO_MEMORY;
    }
    *ret_look = look;
    return STATUS_OK;
}

bool network_look_is_due(const struct network_look *look, uint32_t epoch)
{
    return look->before && epoch % (uint64_t)look->observer->every == 0;
}

void network_look_before(struct network_look *look)
{
    const struct network *network = look->step->network;
    memcpy(look->before, network->parameters, network->size * sizeof *look->before);
    look->has_before = true;
}

/* ---- groups of parameters ---- */

/* The slices of a network are named by numbers; tables are better known by their field. */
static void name_group(const struct network_look *look, const struct network_slice *slice,
                       char out[GROUP_MAX])
{
    const struct network *network = look->step->network;
    snprintf(out, GROUP_MAX, "%s", slice->name);
    for (uint32_t f = 0; f < network->n_fields; f++) {
        const struct network_field *field = &network->fields[f];
        if (field->deep == FIELD_EMBEDDED && network->tables[field->table].at == slice->at) {
            snprintf(out, GROUP_MAX, "embedding/%.80s", look->layout->fields[f].name);
            return;
        }
    }
}

/* Wide weights and tables clear the gradients of the rows that a batch met when they step. */
static bool keeps_gradient(const struct network *network, const struct network_slice *slice)
{
    for (uint32_t t = 0; t < network->n_tables; t++)
        if (network->tables[t].at == slice->at)
            return false;
    return !network->n_wide || slice->at != network->wide;
}

static double square_sum(const float *values, const float *minus, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        const double value = (double)values[i] - (minus ? (double)minus[i] : 0);
        sum += value * value;
    }
    return sum;
}

static void tell(const struct network_look *look, const char *what, const char *group,
                 uint32_t epoch, double value)
{
    char tag[TAG_MAX];
    snprintf(tag, sizeof tag, "%s/%s", what, group);
    observe_scalar(look->observer, tag, epoch, value);
}

/* At most LOOK_VALUES_MAX of the slice's learnt numbers, without what fills rows up. */
static void tell_values(const struct network_look *look, const char *what, const char *group,
                        uint32_t epoch, const float *values, const struct network_slice *slice)
{
    char tag[TAG_MAX];
    const uint64_t total = (uint64_t)slice->rows * slice->used_columns;
    const size_t n = total < LOOK_VALUES_MAX ? (size_t)total : LOOK_VALUES_MAX;
    for (size_t i = 0; i < n; i++) {
        const uint64_t at = total * i / n;
        look->sample[i] =
            values[at / slice->used_columns * slice->columns + at % slice->used_columns];
    }
    snprintf(tag, sizeof tag, "%s/%s", what, group);
    observe_values(look->observer, tag, epoch, look->sample, n);
}

static void look_at(const struct network_look *look, const struct network_slice *slice,
                    uint32_t epoch)
{
    const struct network *network = look->step->network;
    const size_t n = (size_t)slice->rows * slice->columns; /* what fills up is 0 */
    const float *parameters = network->parameters + slice->at;
    const double squares = square_sum(parameters, NULL, n);
    char group[GROUP_MAX];
    name_group(look, slice, group);
    tell(look, "norm", group, epoch,
         sqrt(squares / (double)((uint64_t)slice->rows * slice->used_columns)));
    if (look->has_before && squares > 0)
        tell(look, "update_ratio", group, epoch,
             sqrt(square_sum(parameters, look->before + slice->at, n) / squares));
    tell_values(look, "weights", group, epoch, parameters, slice);
    if (!keeps_gradient(network, slice))
        return;
    const float *gradients = look->step->gradients + slice->at;
    tell(look, "gradient_norm", group, epoch, sqrt(square_sum(gradients, NULL, n)));
    tell_values(look, "gradients", group, epoch, gradients, slice);
}

/* ---- units that never wake ---- */

static uint32_t count_dead(const float *outputs, uint32_t rows, const struct network_layer *layer)
{
    uint32_t dead = 0;
    for (uint32_t unit = 0; unit < layer->out; unit++) {
        uint32_t r = 0;
        while (r < rows && !(outputs[(size_t)r * layer->width + unit] > 0))
            r++;
        dead += r == rows;
    }
    return dead;
}

static void look_at_units(struct network_look *look, uint32_t epoch)
{
    struct network_step *step = look->step;
    const struct network *network = step->network;
    uint32_t n = step->examples->n < LOOK_ROWS_MAX ? step->examples->n : LOOK_ROWS_MAX;
    n = n < step->pass.capacity ? n : step->pass.capacity;
    const float dropout = step->learning.dropout;
    step->learning.dropout = 0;
    network_step_begin(step, look->rows, n, true, true);
    for (uint32_t block = 0; block < step->n_blocks; block++)
        network_step_block(step, block);
    step->learning.dropout = dropout;
    for (uint32_t i = network->shape.n_cross; i < network->n_layers; i++) {
        char layer[32];
        snprintf(layer, sizeof layer, "layer_%" PRIu32, i);
        tell(look, "dead_relus", layer, epoch,
             (double)count_dead(step->pass.outputs[i], n, &network->layers[i]) /
                 network->layers[i].out);
    }
}

void network_look_after(struct network_look *look, uint32_t epoch)
{
    const struct network *network = look->step->network;
    for (uint32_t s = 0; s < network->n_slices; s++)
        look_at(look, &network->slices[s], epoch);
    if (network->shape.deep)
        look_at_units(look, epoch);
    look->has_before = false;
}

static size_t count_broken(const struct network *network, const struct network_slice *slice)
{
    size_t n = 0;
    for (size_t i = 0; i < (size_t)slice->rows * slice->columns; i++)
        n += !isfinite(network->parameters[slice->at + i]);
    return n;
}

void network_look_where(const struct network *network, uint64_t step, uint32_t batch,
                        char out[NETWORK_WHERE_MAX])
{
    const char *first = NULL;
    uint32_t n = 0;
    for (uint32_t s = 0; s < network->n_slices; s++)
        if (count_broken(network, &network->slices[s]) > 0) {
            first = first ? first : network->slices[s].name;
            n++;
        }
    out[0] = '\0';
    if (n > 0)
        snprintf(out, NETWORK_WHERE_MAX,
                 "; %s is not finite (%" PRIu32 " of %" PRIu32 " tensors are not) in step %" PRIu64
                 ", batch %" PRIu32 " of the epoch",
                 first, n, network->n_slices, step, batch);
}

static void append_tensors(const struct network *network, struct buffer *out)
{
    buffer_append_text(out, "| tensor | numbers | not finite |\n| --- | ---: | ---: |\n");
    for (uint32_t s = 0; s < network->n_slices; s++) {
        const struct network_slice *slice = &network->slices[s];
        buffer_printf(out, "| %s | %" PRIu64 " | %zu |\n", slice->name,
                      (uint64_t)slice->rows * slice->used_columns, count_broken(network, slice));
    }
}

/* Without the sign that a number which is none may have. */
static double shown(double loss)
{
    return isnan(loss) ? (double)NAN : loss;
}

static void append_losses(const struct network_trail *trail, struct buffer *out)
{
    buffer_append_text(out, "\n| step | loss of the batch |\n| ---: | ---: |\n");
    for (uint64_t i = trail->n > NETWORK_TRAIL ? trail->n - NETWORK_TRAIL : 0; i < trail->n; i++)
        buffer_printf(out, "| %" PRIu64 " | %.6g |\n", trail->of[i % NETWORK_TRAIL].step,
                      shown(trail->of[i % NETWORK_TRAIL].loss));
}

void network_look_broken(const struct network *network, const struct network_trail *trail,
                         double loss, const struct observer *observer)
{
    struct buffer text = {0};
    if (!observer || !observer->text)
        return;
    buffer_printf(&text,
                  "**The fit broke in epoch %" PRIu32 ": step %" PRIu64 ", batch %" PRIu32
                  " of the epoch.** Its mean loss until there is %g.\n\n",
                  trail->epoch, trail->step, trail->batch, shown(loss));
    if (trail->worst.step)
        buffer_printf(&text, "The worst batch of the epoch was that of step %" PRIu64 ": %g.\n\n",
                      trail->worst.step, shown(trail->worst.loss));
    append_tensors(network, &text);
    append_losses(trail, &text);
    buffer_append_text(&text, "\nLower the rate, or scale columns (`normalize`); look in the data "
                              "for numbers far from all others.\n");
    if (!text.failed)
        observe_text(observer, "debug/numerics", trail->epoch, text.data);
    buffer_free(&text);
}
