#pragma once
/* Where labels may stand: boxes that do not touch, in a frame. A grid of cells keeps a question to
 * the boxes nearby. */
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

struct map_box {
    double left, top, right, bottom;
};

struct map_labels;

enum status map_labels_new(struct map_box frame, struct map_labels **ret_labels);
void map_labels_free(struct map_labels *labels);

/* Takes the box when it lies within the frame and touches none that was taken. NO_MEMORY takes
 * none. */
enum status map_labels_take(struct map_labels *labels, struct map_box box, bool *ret_taken);
