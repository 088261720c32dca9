#include "board/event.h"

#include "board/proto.h"

/* Field numbers, by message. */
enum event_field {
    EVENT_WALL_TIME = 1,
    EVENT_STEP = 2,
    EVENT_FILE_VERSION = 3,
    EVENT_SUMMARY = 5,
    EVENT_SESSION_LOG = 7,
    EVENT_SOURCE_METADATA = 10,
};
enum source_metadata_field { SOURCE_METADATA_WRITER = 1 };
enum session_log_field { SESSION_LOG_STATUS = 1 };
enum summary_field { SUMMARY_VALUE = 1 };
enum value_field { VALUE_TAG = 1, VALUE_SIMPLE = 2, VALUE_TENSOR = 8, VALUE_METADATA = 9 };
enum metadata_field { METADATA_PLUGIN_DATA = 1, METADATA_DATA_CLASS = 4 };
enum plugin_data_field { PLUGIN_DATA_NAME = 1 };
enum tensor_field { TENSOR_DTYPE = 1, TENSOR_SHAPE = 2, TENSOR_STRING_VAL = 8 };

/* Values of enumerations. */
enum { SESSION_START = 1 };
enum data_class { DATA_CLASS_TENSOR = 2 };
enum dtype { DTYPE_STRING = 7 };

double event_wall_time(int64_t now_ms)
{
    return (double)now_ms / 1e3;
}

void event_file_version(struct buffer *out, double wall_time, const char *writer)
{
    proto_double(out, EVENT_WALL_TIME, wall_time);
    proto_text(out, EVENT_FILE_VERSION, "brain.Event:2");
    const size_t source = proto_begin(out, EVENT_SOURCE_METADATA);
    proto_text(out, SOURCE_METADATA_WRITER, writer);
    proto_end(out, source);
}

static void append_time_and_step(struct buffer *out, double wall_time, int64_t step)
{
    proto_double(out, EVENT_WALL_TIME, wall_time);
    proto_int64(out, EVENT_STEP, step);
}

void event_session_start(struct buffer *out, double wall_time, int64_t step)
{
    append_time_and_step(out, wall_time, step);
    const size_t log = proto_begin(out, EVENT_SESSION_LOG);
    proto_int64(out, SESSION_LOG_STATUS, SESSION_START);
    proto_end(out, log);
}

void event_summary(struct buffer *out, double wall_time, int64_t step, const struct buffer *values)
{
    append_time_and_step(out, wall_time, step);
    proto_bytes(out, EVENT_SUMMARY, values->data, values->size);
    out->failed |= values->failed;
}

void value_scalar(struct buffer *values, const char *tag, float value)
{
    const size_t start = proto_begin(values, SUMMARY_VALUE);
    proto_text(values, VALUE_TAG, tag);
    proto_float(values, VALUE_SIMPLE, value);
    proto_end(values, start);
}

static void append_metadata(struct buffer *values, const char *plugin, enum data_class data_class)
{
    const size_t metadata = proto_begin(values, VALUE_METADATA);
    const size_t plugin_data = proto_begin(values, METADATA_PLUGIN_DATA);
    proto_text(values, PLUGIN_DATA_NAME, plugin);
    proto_end(values, plugin_data);
    proto_int64(values, METADATA_DATA_CLASS, data_class);
    proto_end(values, metadata);
}

void value_text(struct buffer *values, const char *tag, const char *text, size_t length,
                bool describe)
{
    const size_t start = proto_begin(values, SUMMARY_VALUE);
    proto_text(values, VALUE_TAG, tag);
    if (describe)
        append_metadata(values, "text", DATA_CLASS_TENSOR);
    const size_t tensor = proto_begin(values, VALUE_TENSOR);
    proto_int64(values, TENSOR_DTYPE, DTYPE_STRING);
    proto_bytes(values, TENSOR_SHAPE, NULL, 0); /* no dimension: one string */
    proto_bytes(values, TENSOR_STRING_VAL, text, length);
    proto_end(values, tensor);
    proto_end(values, start);
}
