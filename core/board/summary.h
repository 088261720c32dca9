#pragma once
/* One value of a Summary (TensorFlow's summary.proto and the messages of TensorBoard's plugins).
 *
 * Every function appends a value to a buffer; event_summary (board/event.h) wraps several. Tags and
 * texts are valid UTF-8 (board/names.h): one bad byte stops every run of whoever reads them.
 * `describe`: with the metadata that each tag's first value in a file needs.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "board/histogram.h"
#include "board/pr_curve.h"

/* A point of a curve. NaN and infinities are allowed. */
void value_scalar(struct buffer *values, const char *tag, float value);

/* A text, shown as Markdown. */
void value_text(struct buffer *values, const char *tag, const char *text, size_t length,
                bool describe);

void value_histogram(struct buffer *values, const char *tag, const struct histogram *histogram,
                     bool describe);

void value_pr_curve(struct buffer *values, const char *tag, const struct pr_curve *curve,
                    bool describe);

/* A picture: the bytes of a PNG file. Borrowed. */
struct board_picture {
    const void *png;
    size_t size;
};

/* True for the bytes of a PNG, of which the first 24 are looked at: they say how large it is. */
bool picture_size(const struct board_picture *picture, uint32_t *ret_width, uint32_t *ret_height);

/* Pictures of one size, n at least 1, shown side by side. */
void value_images(struct buffer *values, const char *tag, const struct board_picture *pictures,
                  size_t n, bool describe);

/* What a trial was run with. */
enum hparam_kind { HPARAM_NUMBER, HPARAM_TEXT, HPARAM_BOOL };
struct hparam {
    const char *name;
    enum hparam_kind kind;
    double number;    /* HPARAM_BOOL: 0 or not */
    const char *text; /* HPARAM_TEXT */
};

/* The beginning of a trial; its tag is fixed. Names and texts may be any bytes; a number that is
 * none is written as a text, because JSON could not say it. */
void value_trial_start(struct buffer *values, const struct hparam *hparams, size_t n,
                       const char *group, double start_time);
void value_trial_end(struct buffer *values, bool succeeded, double end_time);

extern const char trial_start_tag[], trial_end_tag[];

/* What the page of custom scalars shows first. Tags are regular expressions, matched from a tag's
 * beginning. Titles and tags are valid UTF-8. */
struct board_chart {
    const char *title;
    const char *const *tags; /* NULL at the end */
};
struct board_category {
    const char *title;
    const struct board_chart *charts; /* [n_charts] */
    size_t n_charts;
    bool closed; /* until somebody opens it */
};

void value_layout(struct buffer *values, const struct board_category *categories, size_t n);

extern const char layout_tag[];
