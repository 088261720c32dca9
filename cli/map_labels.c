#include "cli/map_labels.h"

#include <math.h>
#include <stdlib.h>

enum { CELL = 64, NONE = -1 };

/* A box stands in the list of every cell that it reaches into. */
struct entry {
    struct map_box box;
    int32_t next;
};

struct map_labels {
    struct map_box frame;
    int columns, rows;
    int32_t *heads; /* [columns x rows] */
    struct entry *entries;
    int32_t n, room;
};

enum status map_labels_new(struct map_box frame, struct map_labels **ret_labels)
{
    struct map_labels *labels = calloc(1, sizeof *labels);
    if (!labels)
        return STATUS_NO_MEMORY;
    labels->frame = frame;
    labels->columns = (int)((frame.right - frame.left) / CELL) + 1;
    labels->rows = (int)((frame.bottom - frame.top) / CELL) + 1;
    const size_t cells = (size_t)labels->columns * (size_t)labels->rows;
    labels->heads = malloc(cells * sizeof *labels->heads);
    if (!labels->heads) {
        map_labels_free(labels);
        return STATUS_NO_MEMORY;
    }
    for (size_t c = 0; c < cells; c++)
        labels->heads[c] = NONE;
    *ret_labels = labels;
    return STATUS_OK;
}

void map_labels_free(struct map_labels *labels)
{
    if (!labels)
        return;
    free(labels->heads);
    free(labels->entries);
    free(labels);
}

struct cells {
    int left, top, right, bottom;
};

static int clamp(double cell, int n)
{
    return cell < 0 ? 0 : cell >= n ? n - 1 : (int)cell;
}

static struct cells cells_of(const struct map_labels *labels, struct map_box box)
{
    return (struct cells){clamp((box.left - labels->frame.left) / CELL, labels->columns),
                          clamp((box.top - labels->frame.top) / CELL, labels->rows),
                          clamp((box.right - labels->frame.left) / CELL, labels->columns),
                          clamp((box.bottom - labels->frame.top) / CELL, labels->rows)};
}

static bool touches(struct map_box a, struct map_box b)
{
    return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

static bool is_free(const struct map_labels *labels, struct map_box box)
{
    const struct map_box *frame = &labels->frame;
    if (box.left < frame->left || box.top < frame->top || box.right > frame->right ||
        box.bottom > frame->bottom)
        return false;
    const struct cells at = cells_of(labels, box);
    for (int row = at.top; row <= at.bottom; row++)
        for (int column = at.left; column <= at.right; column++)
            for (int32_t e = labels->heads[row * labels->columns + column]; e != NONE;
                 e = labels->entries[e].next)
                if (touches(labels->entries[e].box, box))
                    return false;
    return true;
}

static bool has_room(struct map_labels *labels, int32_t more)
{
    if (labels->n + more <= labels->room)
        return true;
    const int32_t room = 2 * (labels->n + more);
    struct entry *entries = realloc(labels->entries, (size_t)room * sizeof *entries);
    if (!entries)
        return false;
    labels->entries = entries;
    labels->room = room;
    return true;
}

/* In the list of each cell that it reaches into. */
static enum status put(struct map_labels *labels, struct map_box box)
{
    const struct cells at = cells_of(labels, box);
    if (!has_room(labels, (at.right - at.left + 1) * (at.bottom - at.top + 1)))
        return STATUS_NO_MEMORY;
    for (int row = at.top; row <= at.bottom; row++)
        for (int column = at.left; column <= at.right; column++) {
            int32_t *head = &labels->heads[row * labels->columns + column];
            labels->entries[labels->n] = (struct entry){.box = box, .next = *head};
            *head = labels->n++;
        }
    return STATUS_OK;
}

enum status map_labels_take(struct map_labels *labels, struct map_box box, bool *ret_taken)
{
    const bool free_there = is_free(labels, box);
    const enum status status = free_there ? put(labels, box) : STATUS_OK;
    if (status == STATUS_OK)
        *ret_taken = free_there;
    return status;
}
