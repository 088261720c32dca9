#include "train/watch_points.h"

#include <stdio.h>
#include <stdlib.h>

enum { NUMBER_BYTES = 8 /* of a number and its tab */ };

static int by_touches(const void *a, const void *b)
{
    const struct watch_choice *x = a, *y = b;
    if (x->touches != y->touches)
        return x->touches > y->touches ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

uint32_t watch_choose(struct watch_choice *choices, uint32_t n, uint32_t most, uint32_t d)
{
    const uint64_t room = WATCH_POINTS_BYTES_MAX / ((uint64_t)d * NUMBER_BYTES);
    most = most < PROJECTOR_ROWS_MAX ? most : PROJECTOR_ROWS_MAX;
    most = most < room ? most : (uint32_t)room;
    qsort(choices, n, sizeof *choices, by_touches);
    uint32_t chosen = 0;
    while (chosen < most && chosen < n && choices[chosen].touches > 0)
        chosen++;
    return chosen;
}

enum status watch_points_write(struct board *board, const char *prefix, uint32_t version,
                               const struct projector *points, struct error *reterr)
{
    char run[32];
    struct projector unit = *points;
    if (points->n == 0)
        return STATUS_OK;
    unit.unit = true;
    snprintf(run, sizeof run, "%s%06u", prefix, version);
    return projector_write(board, run, version, &unit, reterr);
}

void watch_points_prune(struct board *board, const char *prefix, uint64_t bytes_max)
{
    board_prune(board, prefix, WATCH_POINTS_KEPT);
    board_prune_size(board, prefix, bytes_max, WATCH_POINTS_KEPT);
}

enum status watch_points_show(struct board *board, const char *prefix, const char *snapshots,
                              uint32_t version, watch_projection project, uint32_t most,
                              uint64_t bytes_max, struct error *reterr)
{
    struct snapshot *snapshot;
    if (!board)
        return STATUS_OK;
    enum status status = snapshot_load(snapshots, version, &snapshot, reterr);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    status = project(snapshot, board, most, reterr);
    snapshot_release(snapshot);
    watch_points_prune(board, prefix, bytes_max);
    return status;
}
