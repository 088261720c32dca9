/* Warm starts: parameters from a network fitted before, whose features may have other numbers. */
#include <inttypes.h>
#include <string.h>

#include "models/network.h"

struct warming {
    struct network *to;
    const struct network *from;
    const uint32_t *features;
};

/* The number that a feature had, UINT32_MAX for none. */
static uint32_t old_feature(const struct warming *w, uint32_t feature)
{
    const uint32_t old = w->features ? w->features[feature] : feature;
    return old < w->from->base.n_features ? old : UINT32_MAX;
}

static const struct network_field *field_of(const struct network *network, uint32_t feature)
{
    for (uint32_t f = 0; f < network->n_fields; f++)
        if (feature - network->fields[f].first < network->fields[f].size)
            return &network->fields[f];
    return NULL;
}

/* The field of the old network that the first known feature was of. */
static const struct network_field *old_field(const struct warming *w,
                                             const struct network_field *field)
{
    for (uint32_t i = 0; i < field->size; i++) {
        const uint32_t old = old_feature(w, field->first + i);
        if (old != UINT32_MAX)
            return field_of(w->from, old);
    }
    return NULL;
}

static bool holds(const struct network_field *field, uint32_t feature)
{
    return feature != UINT32_MAX && feature - field->first < field->size;
}

static enum status check(const struct warming *w, struct error *reterr)
{
    const struct network_shape *to = &w->to->shape, *from = &w->from->shape;
    if (to->n_hidden != from->n_hidden || to->n_cross != from->n_cross ||
        to->layer_norm != from->layer_norm ||
        memcmp(to->hidden, from->hidden, sizeof to->hidden) != 0)
        return error_set(reterr, STATUS_OUT_OF_RANGE,
                         "the model to start from has other layers; give the same hidden, "
                         "cross_layers and layer_norm, or start afresh");
    for (uint32_t f = 0; f < w->to->n_fields; f++) {
        const struct network_field *field = &w->to->fields[f], *old = old_field(w, field);
        if (field->deep == FIELD_EMBEDDED && old && old->deep == FIELD_EMBEDDED &&
            field->dimension != old->dimension)
            return error_set(reterr, STATUS_OUT_OF_RANGE,
                             "an embedding of %" PRIu32 " dimensions has %" PRIu32
                             " in the model to start from; give the same, or start afresh",
                             field->dimension, old->dimension);
    }
    return STATUS_OK;
}

static void warm_wide(const struct warming *w, const struct network_field *field,
                      const struct network_field *old)
{
    for (uint32_t i = 0; i < field->size; i++) {
        const uint32_t feature = old_feature(w, field->first + i);
        if (holds(old, feature))
            w->to->parameters[w->to->wide + field->wide_at + i] =
                w->from->parameters[w->from->wide + old->wide_at + feature - old->first];
    }
}

static void warm_table(const struct warming *w, const struct network_field *field,
                       const struct network_field *old)
{
    const struct network_table *to = &w->to->tables[field->table],
                               *from = &w->from->tables[old->table];
    for (uint32_t i = 0; i < field->size; i++) {
        const uint32_t feature = old_feature(w, field->first + i);
        if (holds(old, feature))
            memcpy(w->to->parameters + to->at + (size_t)i * to->width,
                   w->from->parameters + from->at + (size_t)(feature - old->first) * from->width,
                   to->width * sizeof(float));
    }
}

/* The weights of one input of a layer. */
static void warm_input(const struct warming *w, uint32_t layer, uint32_t to, uint32_t from)
{
    const struct network_layer *l = &w->to->layers[layer], *old = &w->from->layers[layer];
    memcpy(w->to->parameters + l->weights + (size_t)to * l->width,
           w->from->parameters + old->weights + (size_t)from * old->width, l->out * sizeof(float));
}

static void warm_inputs(const struct warming *w, const struct network_field *field,
                        const struct network_field *old)
{
    if (field->deep == FIELD_EMBEDDED)
        for (uint32_t k = 0; k < field->dimension; k++)
            warm_input(w, 0, field->input_at + k, old->input_at + k);
    else
        for (uint32_t i = 0; i < field->size; i++) {
            const uint32_t feature = old_feature(w, field->first + i);
            if (holds(old, feature))
                warm_input(w, 0, field->input_at + i, old->input_at + feature - old->first);
        }
}

/* A whole layer but for its weights when those of its inputs were taken one by one. */
static void warm_layer(const struct warming *w, uint32_t number, bool weights)
{
    const struct network_layer *to = &w->to->layers[number], *from = &w->from->layers[number];
    const size_t bytes = to->width * sizeof(float);
    float *into = w->to->parameters;
    const float *old = w->from->parameters;
    if (weights)
        memcpy(into + to->weights, old + from->weights, to->in * bytes);
    memcpy(into + to->biases, old + from->biases, bytes);
    if (to->gains) {
        memcpy(into + to->gains, old + from->gains, bytes);
        memcpy(into + to->shifts, old + from->shifts, bytes);
    }
}

/* Each column of the input is what it was. */
static bool same_input(const struct warming *w)
{
    bool same = w->to->input == w->from->input && w->to->n_fields == w->from->n_fields;
    for (uint32_t f = 0; same && f < w->to->n_fields; f++) {
        const struct network_field *field = &w->to->fields[f], *old = &w->from->fields[f];
        same = field->deep == old->deep && field->input_at == old->input_at;
        for (uint32_t i = 0; same && field->deep == FIELD_DENSE && i < field->size; i++)
            same = old_feature(w, field->first + i) == old->first + i;
    }
    return same;
}

/* Without cross layers the inputs' weights are taken one by one; cross layers mix all inputs, so
 * that they and the layer above are taken over only where the input is the same. */
static void warm_layers(const struct warming *w)
{
    const uint32_t n_cross = w->to->shape.n_cross;
    const bool whole = n_cross > 0 && same_input(w);
    for (uint32_t i = 0; i < w->to->n_layers; i++)
        if (i > n_cross)
            warm_layer(w, i, true);
        else if (i == n_cross || whole)
            warm_layer(w, i, whole);
    if (w->to->shape.deep)
        memcpy(w->to->parameters + w->to->output, w->from->parameters + w->from->output,
               w->to->layers[w->to->n_layers - 1].width * sizeof(float));
}

enum status network_warm(struct network *network, const struct network *old,
                         const uint32_t *features, struct error *reterr)
{
    const struct warming w = {network, old, features};
    const enum status status = check(&w, reterr);
    if (status != STATUS_OK)
        return status;
    network->parameters[network->bias] = old->parameters[old->bias];
    warm_layers(&w);
    for (uint32_t f = 0; f < network->n_fields; f++) {
        const struct network_field *field = &network->fields[f], *before = old_field(&w, field);
        if (!before)
            continue;
        if (field->wide && before->wide)
            warm_wide(&w, field, before);
        if (field->deep == FIELD_NOT_DEEP || field->deep != before->deep)
            continue;
        if (field->deep == FIELD_EMBEDDED)
            warm_table(&w, field, before);
        if (network->shape.n_cross == 0)
            warm_inputs(&w, field, before);
    }
    return STATUS_OK;
}
