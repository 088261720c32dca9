#include "board/event.h"

#include "board/proto.h"

/* Field numbers, by message. */
enum event_field {
    EVENT_WALL_TIME = 1,
    EVENT_STEP = 2,
    EVENT_FILE_VERSION = 3,
    EVENT_GRAPH_DEF = 4,
    EVENT_SUMMARY = 5,
    EVENT_SESSION_LOG = 7,
    EVENT_TAGGED_RUN_METADATA = 8,
    EVENT_SOURCE_METADATA = 10,
};
enum source_metadata_field { SOURCE_METADATA_WRITER = 1 };
enum tagged_field { TAGGED_TAG = 1, TAGGED_RUN_METADATA = 2 };
enum session_log_field { SESSION_LOG_STATUS = 1 };

/* Values of enumerations. */
enum { SESSION_START = 1 };

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

void event_run_metadata(struct buffer *out, double wall_time, int64_t step, const char *tag,
                        const struct buffer *metadata)
{
    append_time_and_step(out, wall_time, step);
    const size_t tagged = proto_begin(out, EVENT_TAGGED_RUN_METADATA);
    proto_text(out, TAGGED_TAG, tag);
    proto_bytes(out, TAGGED_RUN_METADATA, metadata->data, metadata->size);
    proto_end(out, tagged);
    out->failed |= metadata->failed;
}

void event_graph(struct buffer *out, double wall_time, int64_t step, const struct buffer *graph)
{
    append_time_and_step(out, wall_time, step);
    proto_bytes(out, EVENT_GRAPH_DEF, graph->data, graph->size);
    out->failed |= graph->failed;
}
