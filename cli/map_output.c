#include "cli/map_output.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "cli/report.h"
#include "draw/drawing.h"

enum status map_output_check(const struct invocation *invocation, struct error *reterr)
{
    const struct given *given = NULL;
    while ((given = invocation_next(invocation, "out", given)))
        if (!drawing_path_is_known(given->text))
            return error_set(reterr, STATUS_OUT_OF_RANGE,
                             "--out %.100s: the name must end in .svg or .png", given->text);
    return invocation_has(invocation, "out") || invocation_flag(invocation, "json")
               ? STATUS_OK
               : error_set(reterr, STATUS_MALFORMED,
                           "map needs --out FILE.svg or FILE.png, or --json for the places");
}

enum status map_output_measure(struct map_output *output, const struct points *points,
                               const float *places, struct parallel *pool,
                               const struct observer *observer, struct error *reterr)
{
    if (points->n <= 2 * MAP_NEIGHBOURS)
        return STATUS_OK;
    const enum status status = map_quality_find(points, places, MAP_NEIGHBOURS, MAP_LOOKS_MAX, pool,
                                                observer, &output->quality, reterr);
    output->measured = status == STATUS_OK;
    return status;
}

static enum status draw(const struct map_output *output, struct error *reterr)
{
    enum status status = STATUS_OK;
    const struct given *given = NULL;
    while (status == STATUS_OK && (given = invocation_next(output->invocation, "out", given))) {
        uint32_t labels = 0;
        status = map_picture_write(&output->picture, given->text, &labels, reterr);
        if (status == STATUS_OK)
            report_note("tastevin: %s: %u %s, %u of them with their names", given->text,
                        output->picture.n, output->noun, labels);
    }
    return status;
}

static void print_text(const struct map_output *output)
{
    printf("%u %s", output->picture.n, output->noun);
    if (output->model)
        printf(" by the vectors of %s", output->model);
    printf("; divergence %.3f", output->fit.divergence);
    if (output->measured)
        printf("; of %d neighbours: trustworthiness %.3f, continuity %.3f", MAP_NEIGHBOURS,
               output->quality.trustworthiness, output->quality.continuity);
    putchar('\n');
}

static void append_point(const struct map_output *output, uint32_t i, struct buffer *out)
{
    buffer_append_text(out, i ? ",\n{\"id\":" : "\n{\"id\":");
    buffer_append_json(out, output->ids[i], strlen(output->ids[i]));
    buffer_append_text(out, ",\"x\":");
    buffer_append_float(out, output->picture.points[i].x);
    buffer_append_text(out, ",\"y\":");
    buffer_append_float(out, output->picture.points[i].y);
    if (output->paths && output->paths[i][0]) {
        buffer_append_text(out, ",\"category\":");
        buffer_append_json(out, output->paths[i], strlen(output->paths[i]));
    }
    buffer_append_byte(out, '}');
}

static enum status print_json(const struct map_output *output, struct error *reterr)
{
    struct buffer out = {0};
    buffer_append_byte(&out, '{');
    if (output->model)
        buffer_printf(&out, "\"model\":\"%s\",", output->model);
    buffer_printf(&out, "\"perplexity\":%.6g,\"divergence\":%.6g", output->fit.perplexity,
                  output->fit.divergence);
    if (output->measured)
        buffer_printf(&out, ",\"neighbours\":%d,\"trustworthiness\":%.6f,\"continuity\":%.6f",
                      MAP_NEIGHBOURS, output->quality.trustworthiness, output->quality.continuity);
    buffer_printf(&out, ",\"%s\":[", output->noun);
    for (uint32_t i = 0; i < output->picture.n; i++)
        append_point(output, i, &out);
    buffer_append_text(&out, "]}\n");
    return report_text(&out, stdout, reterr);
}

enum status map_output_give(const struct map_output *output, struct error *reterr)
{
    const enum status status = draw(output, reterr);
    if (status != STATUS_OK)
        return status;
    if (invocation_flag(output->invocation, "json"))
        return print_json(output, reterr);
    print_text(output);
    return STATUS_OK;
}
