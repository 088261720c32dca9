/* How fast a run of a board takes scalars:
 *
 *     board_values LOGDIR VALUES TAGS
 *
 * Writes about VALUES points, TAGS of them a step, into the run "values-1" of the log directory and
 * prints one JSON line: {"values", "tags", "seconds", "per_second", "bytes_per_value"}. The time
 * is that of board_scalar and of the run's end; what the disk does later is not in it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "board/board.h"
#include "board/listing.h"

enum { TAGS_MAX = 1000, NAME_SIZE = 64 };

static void need(enum status status, const struct error *err)
{
    if (status == STATUS_OK)
        return;
    fprintf(stderr, "board_values: %s\n", err && err->text[0] ? err->text : status_name(status));
    exit(1);
}

static double write_values(struct board *board, int64_t steps, int64_t n_tags)
{
    static char tags[TAGS_MAX][NAME_SIZE];
    for (int64_t t = 0; t < n_tags; t++)
        snprintf(tags[t], NAME_SIZE, "group %" PRId64 "/curve %" PRId64, t / 10, t);
    struct board_run *run = board_run_open(board, "values-1", 0);
    const int64_t started_ns = clock_monotonic_ns();
    for (int64_t s = 0; s < steps; s++)
        for (int64_t t = 0; t < n_tags; t++)
            board_scalar(run, tags[t], s, (double)(s ^ t));
    board_run_close(run);
    return clock_seconds_since(started_ns);
}

/* Of the run's files. */
static uint64_t bytes_written(const char *logdir)
{
    struct error err = {0};
    struct run_listing *listing;
    need(run_listing_new(logdir, "values-", &listing, &err), &err);
    const uint64_t bytes = run_listing_count(listing) ? run_listing_bytes(listing, 0) : 0;
    run_listing_free(listing);
    return bytes;
}

int main(int argc, char **argv)
{
    struct error err = {0};
    struct board *board;
    double values, tags;
    if (argc != 4 || text_to_double(argv[2], &values) != STATUS_OK ||
        text_to_double(argv[3], &tags) != STATUS_OK || !(tags >= 1 && tags <= TAGS_MAX) ||
        !(values >= tags && values <= 1e9)) {
        fprintf(stderr, "usage: board_values LOGDIR VALUES TAGS (1 to %d)\n", TAGS_MAX);
        return 2;
    }
    const int64_t steps = (int64_t)(values / tags), written = steps * (int64_t)tags;
    need(board_open(argv[1], &board, &err), &err);
    const double seconds = write_values(board, steps, (int64_t)tags);
    if (board_take_error(board, &err))
        need(err.status, &err);
    board_close(board);
    printf("{\"values\": %" PRId64 ", \"tags\": %.0f, \"seconds\": %.4f, \"per_second\": %.0f, "
           "\"bytes_per_value\": %.1f}\n",
           written, tags, seconds, (double)written / seconds,
           (double)bytes_written(argv[1]) / (double)written);
    return 0;
}
