#pragma once
/* What a classifier's scores look like, for TensorBoard's page of images: its ROC curve and its
 * reliability diagram, of the scores that were seen last. */
#include <stdint.h>

#include "board/board.h"
#include "eval/score_bins.h"

/* Zero-initialise. */
struct score_pictures {
    struct score_bins bins;
    char tag[64]; /* of the scores: "eval/pr"; empty: none were seen */
    int64_t step;
};

/* Notes scores as an observer hears them; cheap enough for every epoch. */
void score_pictures_note(struct score_pictures *pictures, const char *tag, int64_t step,
                         const float *scores, const float *labels, const float *weights, size_t n);

/* Draws what was noted last, as "<where>/roc" and "<where>/reliability", where the tag was
 * "<where>/pr"; then forgets it. Without scores, without both labels or out of memory there is a
 * picture less. run may be NULL. Threads as for drawing_png. */
void score_pictures_show(struct score_pictures *pictures, struct board_run *run);
