/* Networks in files: sections "network/shape", "network/fields", "network/report" and one for each
 * slice of parameters. Optimizers' state is not kept: a warm start begins with a fresh one. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/network.h"

enum { SHAPE_WORDS = 6 + NETWORK_HIDDEN_MAX, FIELD_WORDS = 6, REPORT_NUMBERS = 7 };

static void pack_shape(const struct network *network, uint32_t out[SHAPE_WORDS])
{
    const struct network_shape *shape = &network->shape;
    out[0] = network->base.n_features;
    out[1] = shape->wide;
    out[2] = shape->deep;
    out[3] = shape->layer_norm;
    out[4] = shape->n_cross;
    out[5] = shape->n_hidden;
    memcpy(out + 6, shape->hidden, sizeof shape->hidden);
}

static bool unpack_shape(const uint32_t *words, struct network_shape *shape)
{
    *shape = (struct network_shape){.wide = words[1] == 1,
                                    .deep = words[2] == 1,
                                    .layer_norm = words[3] == 1,
                                    .n_cross = words[4],
                                    .n_hidden = words[5]};
    memcpy(shape->hidden, words + 6, sizeof shape->hidden);
    bool good = words[1] <= 1 && words[2] <= 1 && words[3] <= 1 && (shape->wide || shape->deep) &&
                shape->n_cross <= NETWORK_CROSS_MAX && shape->n_hidden <= NETWORK_HIDDEN_MAX &&
                (shape->n_hidden > 0) == shape->deep;
    for (uint32_t i = 0; good && i < shape->n_hidden; i++)
        good = shape->hidden[i] >= 1 && shape->hidden[i] <= NETWORK_WIDTH_MAX;
    return good;
}

static void pack_field(const struct network_field *field, uint32_t out[FIELD_WORDS])
{
    out[0] = field->first;
    out[1] = field->size;
    out[2] = field->wide;
    out[3] = field->deep;
    out[4] = field->dimension;
    out[5] = field->shared;
}

/* False for what no layout can be: numbers that do not follow each other, a shared field that is
 * another's shape. */
static bool unpack_field(const uint32_t *words, uint32_t f, uint64_t *next, struct field *fields)
{
    fields[f] = (struct field){.first = words[0],
                               .size = words[1],
                               .wide = words[2],
                               .deep = words[3] % 3,
                               .dimension = words[4],
                               .shared = words[5]};
    if (words[0] != *next || words[2] > 1 || words[3] > FIELD_EMBEDDED)
        return false;
    *next += words[1];
    if (words[3] != FIELD_EMBEDDED)
        return true;
    if (words[5] > f || words[4] < 1 || words[4] > NETWORK_WIDTH_MAX)
        return false;
    const struct field *owner = &fields[words[5]];
    return owner->deep == FIELD_EMBEDDED && owner->shared == words[5] && owner->size == words[1] &&
           owner->dimension == words[4];
}

static void section_name(const struct network_slice *slice, char out[SECTION_NAME_MAX + 1])
{
    snprintf(out, SECTION_NAME_MAX + 1, "network/%s", slice->name);
}

static void save_fields(const struct network *network, struct sections_writer *writer)
{
    uint32_t words[NETWORK_FIELDS_MAX * FIELD_WORDS];
    for (uint32_t f = 0; f < network->n_fields; f++)
        pack_field(&network->fields[f], words + (size_t)f * FIELD_WORDS);
    sections_add(writer, "network/fields", SECTION_U32, network->n_fields, FIELD_WORDS, words);
}

void network_save(const struct predictor *predictor, struct sections_writer *writer)
{
    const struct network *network = (const struct network *)predictor;
    const struct predictor_report *report = &network->report;
    uint32_t shape[SHAPE_WORDS];
    pack_shape(network, shape);
    sections_add(writer, "network/shape", SECTION_U32, SHAPE_WORDS, 1, shape);
    save_fields(network, writer);
    const double numbers[REPORT_NUMBERS] = {
        report->epochs,     report->best_epoch, report->diverged_epoch, report->diverged_loss,
        report->train_loss, report->valid_loss, report->valid_auc};
    sections_add(writer, "network/report", SECTION_F64, REPORT_NUMBERS, 1, numbers);
    for (uint32_t i = 0; i < network->n_slices; i++) {
        const struct network_slice *slice = &network->slices[i];
        char name[SECTION_NAME_MAX + 1];
        section_name(slice, name);
        sections_add(writer, name, SECTION_F32, slice->rows, slice->columns,
                     network->parameters + slice->at);
    }
}

static enum status load_layout(const struct sections *sections, struct field *fields,
                               struct feature_layout *layout, struct network_shape *shape,
                               struct error *reterr)
{
    const struct section *words, *field_words;
    enum status status =
        sections_need(sections, "network/shape", SECTION_U32, SHAPE_WORDS, 1, &words, reterr);
    if (status == STATUS_OK)
        status = sections_need(sections, "network/fields", SECTION_U32, UINT64_MAX, FIELD_WORDS,
                               &field_words, reterr);
    if (status != STATUS_OK)
        return status;
    if (!unpack_shape(words->data, shape))
        return error_set(reterr, STATUS_CORRUPT, "network/shape is not that of a network");
    bool good = field_words->rows <= NETWORK_FIELDS_MAX;
    uint64_t next = 0;
    for (uint32_t f = 0; good && f < field_words->rows; f++)
        good = unpack_field((const uint32_t *)field_words->data + (size_t)f * FIELD_WORDS, f, &next,
                            fields);
    const uint32_t n_features = *(const uint32_t *)words->data;
    if (!good || next != n_features)
        return error_set(reterr, STATUS_CORRUPT, "network/fields do not follow each other");
    *layout = (struct feature_layout){fields, (uint32_t)field_words->rows, n_features};
    return STATUS_OK;
}

static enum status load_report(const struct sections *sections, struct predictor_report *report,
                               struct error *reterr)
{
    const struct section *section;
    const enum status status =
        sections_need(sections, "network/report", SECTION_F64, REPORT_NUMBERS, 1, &section, reterr);
    if (status != STATUS_OK)
        return status;
    const double *numbers = section->data;
    for (size_t i = 0; i < 3; i++)
        if (!(numbers[i] >= 0 && numbers[i] <= UINT32_MAX))
            return error_set(reterr, STATUS_CORRUPT, "network/report counts what cannot be");
    *report = (struct predictor_report){.epochs = (uint32_t)numbers[0],
                                        .best_epoch = (uint32_t)numbers[1],
                                        .diverged_epoch = (uint32_t)numbers[2],
                                        .diverged_loss = numbers[3],
                                        .train_loss = numbers[4],
                                        .valid_loss = numbers[5],
                                        .valid_auc = numbers[6]};
    return STATUS_OK;
}

/* The sections are checked against the slices before any memory of that size is taken: a shape that
 * lies about itself cannot ask for more than the file holds. */
static enum status need_slice(const struct sections *sections, const struct network_slice *slice,
                              const struct section **ret_section, struct error *reterr)
{
    char name[SECTION_NAME_MAX + 1];
    section_name(slice, name);
    return sections_need(sections, name, SECTION_F32, slice->rows, slice->columns, ret_section,
                         reterr);
}

static enum status load_slices(const struct sections *sections, struct network *network,
                               struct error *reterr)
{
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < network->n_slices && status == STATUS_OK; i++) {
        const struct section *section;
        status = need_slice(sections, &network->slices[i], &section, reterr);
    }
    if (status == STATUS_OK)
        status = network_take_parameters(network, reterr);
    for (uint32_t i = 0; i < network->n_slices && status == STATUS_OK; i++) {
        const struct network_slice *slice = &network->slices[i];
        const struct section *section;
        status = need_slice(sections, slice, &section, reterr);
        if (status == STATUS_OK)
            memcpy(network->parameters + slice->at, section->data,
                   (size_t)slice->rows * slice->columns * sizeof(float));
    }
    return status;
}

enum status network_load(const struct predictor_class *class, const struct sections *sections,
                         struct predictor **ret_predictor, struct error *reterr)
{
    struct field fields[NETWORK_FIELDS_MAX];
    struct feature_layout layout;
    struct network_shape shape;
    struct predictor_report report;
    struct network *network = NULL;
    enum status status = load_layout(sections, fields, &layout, &shape, reterr);
    if (status == STATUS_OK)
        status = load_report(sections, &report, reterr);
    if (status == STATUS_OK)
        status = network_new(class, &layout, &shape, &network, reterr);
    if (status == STATUS_OUT_OF_RANGE)
        status = error_set(reterr, STATUS_CORRUPT, "network/fields are not those of a network");
    if (status == STATUS_OK)
        status = load_slices(sections, network, reterr);
    if (status != STATUS_OK) {
        network_free((struct predictor *)network);
        return status;
    }
    network->report = report;
    network_count(network);
    *ret_predictor = &network->base;
    return STATUS_OK;
}
