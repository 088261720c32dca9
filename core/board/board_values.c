#include <string.h>

#include "base/clock.h"
#include "board/board_parts.h"
#include "board/event.h"
#include "board/graph.h"
#include "board/run_metadata.h"

static double now(void)
{
    return event_wall_time(clock_now_ms());
}

/* Writes what was appended to run->values as the tag's next event. */
static void write_value(struct board_run *run, struct tag *tag)
{
    event_summary(&run->event, now(), tag->last_step, &run->values);
    buffer_clear(&run->values);
    tag->described = true;
    board_write_event(run);
}

void board_text(struct board_run *run, const char *tag, int64_t step, const char *markdown)
{
    char name[TAG_BYTES_MAX + 1];
    struct tag *entry = board_tag_begin(run, tag, TAG_TEXT, step, name);
    if (!entry)
        return;
    buffer_clear(&run->record);
    text_clean(markdown, BOARD_TEXT_BYTES_MAX, &run->record);
    value_text(&run->values, name, run->record.data, run->record.size, !entry->described);
    write_value(run, entry);
}

void board_histogram(struct board_run *run, const char *tag, int64_t step, const float *values,
                     size_t n)
{
    char name[TAG_BYTES_MAX + 1];
    struct histogram histogram;
    if (!run || !histogram_of(values, n, &histogram))
        return;
    struct tag *entry = board_tag_begin(run, tag, TAG_HISTOGRAM, step, name);
    if (!entry)
        return;
    value_histogram(&run->values, name, &histogram, !entry->described);
    write_value(run, entry);
}

void board_pr_curve(struct board_run *run, const char *tag, int64_t step, const float *scores,
                    const float *labels, const float *weights, size_t n)
{
    char name[TAG_BYTES_MAX + 1];
    struct pr_curve curve;
    if (!run || !pr_curve_of(scores, labels, weights, n, &curve))
        return;
    struct tag *entry = board_tag_begin(run, tag, TAG_PR_CURVE, step, name);
    if (!entry)
        return;
    value_pr_curve(&run->values, name, &curve, !entry->described);
    write_value(run, entry);
}

/* NULL, or why these cannot be shown. */
static const char *flaw_of(const struct board_picture *pictures, size_t n)
{
    uint32_t width = 0, height = 0;
    size_t bytes = 0;
    if (n == 0 || n > BOARD_IMAGES_MAX)
        return "they are none or too many";
    for (size_t i = 0; i < n; i++) {
        uint32_t w, h;
        if (!picture_size(&pictures[i], &w, &h))
            return "one of them is no PNG";
        if (i > 0 && (w != width || h != height))
            return "they differ in size";
        width = w;
        height = h;
        bytes += pictures[i].size;
    }
    return bytes > BOARD_IMAGE_BYTES_MAX ? "they are too large" : NULL;
}

void board_image(struct board_run *run, const char *tag, int64_t step,
                 const struct board_picture *pictures, size_t n)
{
    char name[TAG_BYTES_MAX + 1];
    struct error err = {0};
    const char *flaw = run ? flaw_of(pictures, n) : NULL;
    if (flaw) {
        error_set(&err, STATUS_OUT_OF_RANGE, "pictures of run %s are left out: %s", run->name,
                  flaw);
        board_note_failure(run->board, &err);
        return;
    }
    struct tag *entry = board_tag_begin(run, tag, TAG_IMAGE, step, name);
    if (!entry)
        return;
    value_images(&run->values, name, pictures, n, !entry->described);
    write_value(run, entry);
}

void board_trial_start(struct board_run *run, const struct hparam *hparams, size_t n,
                       const char *group)
{
    char name[TAG_BYTES_MAX + 1];
    struct tag *entry = board_tag_begin(run, trial_start_tag, TAG_TRIAL, 0, name);
    if (!entry)
        return;
    value_trial_start(&run->values, hparams, n, group, now());
    write_value(run, entry);
}

void board_trial_end(struct board_run *run, bool succeeded)
{
    char name[TAG_BYTES_MAX + 1];
    struct tag *entry = board_tag_begin(run, trial_end_tag, TAG_TRIAL, 0, name);
    if (!entry)
        return;
    value_trial_end(&run->values, succeeded, now());
    write_value(run, entry);
}

void board_layout(struct board_run *run, const struct board_category *categories, size_t n)
{
    char name[TAG_BYTES_MAX + 1];
    struct tag *entry = board_tag_begin(run, layout_tag, TAG_LAYOUT, 0, name);
    if (!entry)
        return;
    value_layout(&run->values, categories, n);
    write_value(run, entry);
}

void board_graph(struct board_run *run, const struct op_graph *graph)
{
    char name[TAG_BYTES_MAX + 1];
    struct tag *entry = board_tag_begin(run, "graph", TAG_GRAPH, 0, name);
    if (!entry)
        return;
    buffer_clear(&run->record);
    graph_encode(graph, &run->record);
    event_graph(&run->event, now(), entry->last_step, &run->record);
    board_write_event(run);
}

void board_costs(struct board_run *run, const char *tag, int64_t step, const struct op_graph *graph,
                 const struct op_cost *costs)
{
    char name[TAG_BYTES_MAX + 1];
    if (!run)
        return;
    tag_clean(tag, name);
    if (idmap_find(&run->tag_names, name, strlen(name)) != IDMAP_NONE)
        return;
    struct tag *entry = board_tag_begin(run, tag, TAG_COSTS, step, name);
    if (!entry)
        return;
    buffer_clear(&run->record);
    run_metadata_encode(graph, costs, clock_now_ms() * 1000, &run->record);
    event_run_metadata(&run->event, now(), entry->last_step, name, &run->record);
    board_write_event(run);
}
