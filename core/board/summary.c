#include "board/summary.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "board/names.h"
#include "board/proto.h"

/* Field numbers, by message. */
enum summary_field { SUMMARY_VALUE = 1 };
enum value_field { VALUE_TAG = 1, VALUE_SIMPLE = 2, VALUE_TENSOR = 8, VALUE_METADATA = 9 };
enum metadata_field { METADATA_PLUGIN_DATA = 1, METADATA_DATA_CLASS = 4 };
enum plugin_data_field { PLUGIN_DATA_NAME = 1, PLUGIN_DATA_CONTENT = 2 };
enum tensor_field { TENSOR_DTYPE = 1, TENSOR_SHAPE = 2, TENSOR_CONTENT = 4, TENSOR_STRING_VAL = 8 };
enum shape_field { SHAPE_DIM = 2 };
enum dim_field { DIM_SIZE = 1 };
enum pr_curve_field { PR_CURVE_NUM_THRESHOLDS = 2 };
enum hparams_field { HPARAMS_SESSION_START = 3, HPARAMS_SESSION_END = 4 };
enum session_start_field { START_HPARAMS = 1, START_GROUP = 4, START_TIME = 5 };
enum session_end_field { END_STATUS = 1, END_TIME = 2 };
enum map_field { MAP_KEY = 1, MAP_VALUE = 2 };
enum json_field { JSON_NUMBER = 2, JSON_STRING = 3, JSON_BOOL = 4 };
enum layout_field { LAYOUT_CATEGORY = 2 };
enum category_field { CATEGORY_TITLE = 1, CATEGORY_CHART = 2, CATEGORY_CLOSED = 3 };
enum chart_field { CHART_TITLE = 1, CHART_MULTILINE = 2 };
enum multiline_field { MULTILINE_TAG = 1 };

/* Values of enumerations. */
enum data_class { DATA_CLASS_TENSOR = 2, DATA_CLASS_BLOBS = 3 };
enum dtype { DTYPE_FLOAT = 1, DTYPE_DOUBLE = 2, DTYPE_STRING = 7 };
enum session_status { SESSION_SUCCESS = 1, SESSION_FAILURE = 2 };

enum { HPARAM_TEXT_MAX = 256 };

const char trial_start_tag[] = "_hparams_/session_start_info";
const char trial_end_tag[] = "_hparams_/session_end_info";
const char layout_tag[] = "custom_scalars__config__";

/* ---- parts ---- */

static void append_metadata_of(struct buffer *values, const char *plugin,
                               const struct buffer *content, enum data_class class)
{
    const size_t metadata = proto_begin(values, VALUE_METADATA);
    const size_t plugin_data = proto_begin(values, METADATA_PLUGIN_DATA);
    proto_text(values, PLUGIN_DATA_NAME, plugin);
    if (content) {
        proto_bytes(values, PLUGIN_DATA_CONTENT, content->data, content->size);
        values->failed |= content->failed;
    }
    proto_end(values, plugin_data);
    proto_int64(values, METADATA_DATA_CLASS, class);
    proto_end(values, metadata);
}

static void append_metadata(struct buffer *values, const char *plugin, const struct buffer *content)
{
    append_metadata_of(values, plugin, content, DATA_CLASS_TENSOR);
}

static void append_shape(struct buffer *values, const int64_t *sizes, size_t n)
{
    const size_t shape = proto_begin(values, TENSOR_SHAPE);
    for (size_t i = 0; i < n; i++) {
        const size_t dim = proto_begin(values, SHAPE_DIM);
        proto_int64(values, DIM_SIZE, sizes[i]);
        proto_end(values, dim);
    }
    proto_end(values, shape);
}

/* One string: no dimension. */
static void append_string(struct buffer *values, const char *text, size_t length)
{
    const size_t tensor = proto_begin(values, VALUE_TENSOR);
    proto_int64(values, TENSOR_DTYPE, DTYPE_STRING);
    append_shape(values, NULL, 0);
    proto_bytes(values, TENSOR_STRING_VAL, text, length);
    proto_end(values, tensor);
}

/* ---- curves, texts, distributions ---- */

void value_scalar(struct buffer *values, const char *tag, float value)
{
    const size_t start = proto_begin(values, SUMMARY_VALUE);
    proto_text(values, VALUE_TAG, tag);
    proto_float(values, VALUE_SIMPLE, value);
    proto_end(values, start);
}

void value_text(struct buffer *values, const char *tag, const char *text, size_t length,
                bool describe)
{
    const size_t start = proto_begin(values, SUMMARY_VALUE);
    proto_text(values, VALUE_TAG, tag);
    if (describe)
        append_metadata(values, "text", NULL);
    append_string(values, text, length);
    proto_end(values, start);
}

void value_histogram(struct buffer *values, const char *tag, const struct histogram *histogram,
                     bool describe)
{
    static const int64_t sizes[] = {HISTOGRAM_BUCKETS, 3};
    const size_t start = proto_begin(values, SUMMARY_VALUE);
    proto_text(values, VALUE_TAG, tag);
    if (describe)
        append_metadata(values, "histograms", NULL);
    const size_t tensor = proto_begin(values, VALUE_TENSOR);
    proto_int64(values, TENSOR_DTYPE, DTYPE_DOUBLE);
    append_shape(values, sizes, 2);
    const size_t content = proto_begin(values, TENSOR_CONTENT);
    for (int i = 0; i < 3 * HISTOGRAM_BUCKETS; i++) {
        uint64_t bits;
        memcpy(&bits, &histogram->buckets[i / 3][i % 3], sizeof bits);
        buffer_append_u64(values, bits);
    }
    proto_end(values, content);
    proto_end(values, tensor);
    proto_end(values, start);
}

void value_pr_curve(struct buffer *values, const char *tag, const struct pr_curve *curve,
                    bool describe)
{
    static const int64_t sizes[] = {6, PR_CURVE_THRESHOLDS};
    struct buffer plugin = {0};
    const size_t start = proto_begin(values, SUMMARY_VALUE);
    proto_text(values, VALUE_TAG, tag);
    if (describe) {
        proto_int64(&plugin, PR_CURVE_NUM_THRESHOLDS, PR_CURVE_THRESHOLDS);
        append_metadata(values, "pr_curves", &plugin);
    }
    const size_t tensor = proto_begin(values, VALUE_TENSOR);
    proto_int64(values, TENSOR_DTYPE, DTYPE_FLOAT);
    append_shape(values, sizes, 2);
    const size_t content = proto_begin(values, TENSOR_CONTENT);
    for (int i = 0; i < 6 * PR_CURVE_THRESHOLDS; i++) {
        uint32_t bits;
        memcpy(&bits, &curve->rows[i / PR_CURVE_THRESHOLDS][i % PR_CURVE_THRESHOLDS], sizeof bits);
        buffer_append_u32(values, bits);
    }
    proto_end(values, content);
    proto_end(values, tensor);
    proto_end(values, start);
    buffer_free(&plugin);
}

/* ---- pictures ---- */

static uint32_t big_endian(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

bool picture_size(const struct board_picture *picture, uint32_t *ret_width, uint32_t *ret_height)
{
    /* The signature, then the length and the name of the first chunk. */
    static const char start[] = "\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR";
    const size_t length = sizeof start - 1;
    const unsigned char *bytes = picture->png;
    if (picture->size < length + 8 || memcmp(bytes, start, length) != 0)
        return false;
    *ret_width = big_endian(bytes + length);
    *ret_height = big_endian(bytes + length + 4);
    return *ret_width > 0 && *ret_height > 0;
}

void value_images(struct buffer *values, const char *tag, const struct board_picture *pictures,
                  size_t n, bool describe)
{
    const int64_t size = 2 + (int64_t)n;
    uint32_t width = 0, height = 0;
    char digits[16];
    picture_size(&pictures[0], &width, &height);
    const size_t start = proto_begin(values, SUMMARY_VALUE);
    proto_text(values, VALUE_TAG, tag);
    if (describe)
        append_metadata_of(values, "images", NULL, DATA_CLASS_BLOBS);
    const size_t tensor = proto_begin(values, VALUE_TENSOR);
    proto_int64(values, TENSOR_DTYPE, DTYPE_STRING);
    append_shape(values, &size, 1);
    snprintf(digits, sizeof digits, "%u", width);
    proto_text(values, TENSOR_STRING_VAL, digits);
    snprintf(digits, sizeof digits, "%u", height);
    proto_text(values, TENSOR_STRING_VAL, digits);
    for (size_t i = 0; i < n; i++)
        proto_bytes(values, TENSOR_STRING_VAL, pictures[i].png, pictures[i].size);
    proto_end(values, tensor);
    proto_end(values, start);
}

/* ---- trials ---- */

/* A value whose payload lies in its metadata; the tensor is empty. */
static void append_payload(struct buffer *values, const char *tag, const struct buffer *payload)
{
    static const int64_t none = 0;
    const size_t start = proto_begin(values, SUMMARY_VALUE);
    proto_text(values, VALUE_TAG, tag);
    append_metadata(values, "hparams", payload);
    const size_t tensor = proto_begin(values, VALUE_TENSOR);
    proto_int64(values, TENSOR_DTYPE, DTYPE_FLOAT);
    append_shape(values, &none, 1);
    proto_end(values, tensor);
    proto_end(values, start);
}

static void append_clean(struct buffer *out, unsigned field, const char *text)
{
    struct buffer clean = {0};
    text_clean(text, HPARAM_TEXT_MAX, &clean);
    proto_bytes(out, field, clean.data, clean.size);
    out->failed |= clean.failed;
    buffer_free(&clean);
}

static void append_hparam(struct buffer *out, const struct hparam *hparam)
{
    char digits[32];
    const size_t entry = proto_begin(out, START_HPARAMS);
    append_clean(out, MAP_KEY, hparam->name);
    const size_t value = proto_begin(out, MAP_VALUE);
    if (hparam->kind == HPARAM_TEXT) {
        append_clean(out, JSON_STRING, hparam->text);
    } else if (hparam->kind == HPARAM_BOOL) {
        proto_int64(out, JSON_BOOL, hparam->number != 0);
    } else if (isfinite(hparam->number)) {
        proto_double(out, JSON_NUMBER, hparam->number);
    } else {
        snprintf(digits, sizeof digits, "%g", hparam->number);
        proto_text(out, JSON_STRING, digits);
    }
    proto_end(out, value);
    proto_end(out, entry);
}

void value_trial_start(struct buffer *values, const struct hparam *hparams, size_t n,
                       const char *group, double start_time)
{
    struct buffer payload = {0};
    const size_t start = proto_begin(&payload, HPARAMS_SESSION_START);
    for (size_t i = 0; i < n; i++)
        append_hparam(&payload, &hparams[i]);
    append_clean(&payload, START_GROUP, group);
    proto_double(&payload, START_TIME, start_time);
    proto_end(&payload, start);
    append_payload(values, trial_start_tag, &payload);
    buffer_free(&payload);
}

void value_trial_end(struct buffer *values, bool succeeded, double end_time)
{
    struct buffer payload = {0};
    const size_t end = proto_begin(&payload, HPARAMS_SESSION_END);
    proto_int64(&payload, END_STATUS, succeeded ? SESSION_SUCCESS : SESSION_FAILURE);
    proto_double(&payload, END_TIME, end_time);
    proto_end(&payload, end);
    append_payload(values, trial_end_tag, &payload);
    buffer_free(&payload);
}

/* ---- the layout of custom scalars ---- */

static void append_chart(struct buffer *out, const struct board_chart *chart)
{
    const size_t start = proto_begin(out, CATEGORY_CHART);
    proto_text(out, CHART_TITLE, chart->title);
    const size_t lines = proto_begin(out, CHART_MULTILINE);
    for (size_t i = 0; chart->tags[i]; i++)
        proto_text(out, MULTILINE_TAG, chart->tags[i]);
    proto_end(out, lines);
    proto_end(out, start);
}

void value_layout(struct buffer *values, const struct board_category *categories, size_t n)
{
    struct buffer layout = {0};
    for (size_t i = 0; i < n; i++) {
        const size_t category = proto_begin(&layout, LAYOUT_CATEGORY);
        proto_text(&layout, CATEGORY_TITLE, categories[i].title);
        for (size_t k = 0; k < categories[i].n_charts; k++)
            append_chart(&layout, &categories[i].charts[k]);
        if (categories[i].closed)
            proto_int64(&layout, CATEGORY_CLOSED, 1);
        proto_end(&layout, category);
    }
    const size_t start = proto_begin(values, SUMMARY_VALUE);
    proto_text(values, VALUE_TAG, layout_tag);
    append_metadata(values, "custom_scalars", NULL);
    append_string(values, layout.data ? layout.data : "", layout.size);
    proto_end(values, start);
    values->failed |= layout.failed;
    buffer_free(&layout);
}
