#include "cli/map_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/console.h"
#include "cli/map_output.h"
#include "cli/report.h"
#include "cli/threads.h"
#include "embed/vectors_file.h"
#include "train/item_map.h"

enum { WORDS = 500 }; /* where --number does not say another count */

struct word_map {
    const struct invocation *invocation;
    struct console console;
    struct parallel *pool;
    struct named_vectors vectors;
    uint32_t first, n; /* rows on the map */
    float *rows;       /* [n x d] of length 1 */
    float *places;     /* [n x 2] */
    struct map_point *points;
    const char **words; /* [n] */
    struct arena arena;
    struct map_output output;
};

static const char *check_request(const struct invocation *invocation)
{
    if (invocation_has(invocation, "data") || invocation_has(invocation, "config") ||
        invocation_has(invocation, "model"))
        return "--vectors is of a file, and --data, --config and --model of the store: one of both";
    return NULL;
}

static enum status choose_words(struct word_map *map, struct error *reterr)
{
    const struct invocation *invocation = map->invocation;
    const char *path = invocation_text(invocation, "vectors");
    enum status status = vectors_read(path, &map->vectors, reterr);
    if (status != STATUS_OK)
        return status;
    const int64_t skip = invocation_whole(invocation, "skip"),
                  most = invocation_has(invocation, "number")
                             ? invocation_whole(invocation, "number")
                             : WORDS;
    if (skip >= map->vectors.names.count)
        return error_set(reterr, STATUS_OUT_OF_RANGE,
                         "--skip %lld leaves none of the %u vectors of %.200s", (long long)skip,
                         map->vectors.names.count, path);
    map->first = (uint32_t)skip;
    map->n = map->vectors.names.count - map->first;
    if (map->n > most)
        map->n = (uint32_t)most;
    return STATUS_OK;
}

static enum status allocate(struct word_map *map)
{
    map->rows = malloc((size_t)map->n * map->vectors.d * sizeof *map->rows);
    map->places = malloc((size_t)map->n * 2 * sizeof *map->places);
    map->points = calloc(map->n, sizeof *map->points);
    map->words = calloc(map->n, sizeof *map->words);
    return map->rows && map->places && map->points && map->words ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status name_words(struct word_map *map)
{
    for (uint32_t i = 0; i < map->n; i++) {
        size_t length;
        const char *name = idmap_id(&map->vectors.names, map->first + i, &length);
        map->words[i] = arena_strndup(&map->arena, name, length);
        if (!map->words[i])
            return STATUS_NO_MEMORY;
    }
    return STATUS_OK;
}

static enum status place_words(struct word_map *map, struct error *reterr)
{
    const struct invocation *invocation = map->invocation;
    const size_t d = map->vectors.d;
    const struct points points = {.n = map->n, .d = map->vectors.d, .rows = map->rows};
    const struct tsne_settings settings = {.perplexity = invocation_real(invocation, "perplexity"),
                                           .iterations =
                                               invocation_whole(invocation, "iterations")};
    vectors_normalise(&map->vectors);
    for (size_t i = 0; i < map->n; i++)
        memcpy(map->rows + i * d, map->vectors.values + (map->first + i) * map->vectors.width,
               d * sizeof *map->rows);
    enum status status =
        item_map_place(&points, &settings, (uint64_t)invocation_whole(invocation, "seed"),
                       map->pool, &map->console.observer, map->places, &map->output.fit, reterr);
    if (status == STATUS_OK)
        status = map_output_measure(&map->output, &points, map->places, map->pool,
                                    &map->console.observer, reterr);
    for (size_t i = 0; i < map->n && status == STATUS_OK; i++)
        map->points[i] = (struct map_point){.x = map->places[2 * i],
                                            .y = map->places[2 * i + 1],
                                            .label = map->words[i],
                                            .category = MAP_CATEGORY_NONE};
    return status;
}

static enum status give(struct word_map *map, struct error *reterr)
{
    const struct invocation *invocation = map->invocation;
    char title[160], note[200];
    const char *given = invocation_text(invocation, "title");
    snprintf(title, sizeof title, "%u words, each at its place", map->n);
    snprintf(note, sizeof note,
             "t-SNE at perplexity %.3g; what lies near stands among the same words%s",
             map->output.fit.perplexity, "; grey dots: words without room");
    map->output.picture =
        (struct map_picture){.title = given ? given : title,
                             .note = note,
                             .points = map->points,
                             .n = map->n,
                             .labels_max = invocation_has(invocation, "labels")
                                               ? (uint32_t)invocation_whole(invocation, "labels")
                                               : map->n,
                             .words = true};
    map->output.ids = map->words;
    return map_output_give(&map->output, reterr);
}

static enum status make(struct word_map *map, struct error *reterr)
{
    enum status status = choose_words(map, reterr);
    if (status != STATUS_OK)
        return status;
    if (allocate(map) != STATUS_OK || name_words(map) != STATUS_OK)
        return error_set(reterr, STATUS_NO_MEMORY, "no memory for a map of %u words", map->n);
    status = console_open(&map->console, reterr);
    if (status == STATUS_OK)
        status = threads_start(map->invocation, &map->pool, reterr);
    return status == STATUS_OK ? place_words(map, reterr) : status;
}

int map_of_words(const struct invocation *invocation)
{
    struct error err = {0};
    struct word_map map = {.invocation = invocation,
                           .output = {.invocation = invocation, .noun = "words"}};
    const char *wrong = check_request(invocation);
    if (wrong)
        return report_usage(invocation->command, "%s", wrong);
    enum status status = make(&map, &err);
    progress_clear(&map.console.progress);
    if (status == STATUS_OK)
        status = give(&map, &err);
    console_close(&map.console);
    parallel_free(map.pool);
    named_vectors_free(&map.vectors);
    free(map.rows);
    free(map.places);
    free(map.points);
    free(map.words);
    arena_free(&map.arena);
    err.status = status;
    return status == STATUS_OK ? EXIT_DONE : report_failure(&err);
}
