/* A map of points from a file, for bench/maps: map_points POINTS N D PERPLEXITY THREADS PLACES
 * reads N x D float32 from POINTS, writes N x 2 to PLACES and prints as JSON what the map cost and
 * how far it may be believed. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "embed/tsne.h"
#include "eval/map_quality.h"

enum { NEIGHBOURS = 12, ITERATIONS = 1000 };

static int fail(const char *what)
{
    fprintf(stderr, "map_points: %s\n", what);
    return EXIT_FAILURE;
}

/* True when all n values went through. */
static bool file_values(const char *path, const char *mode, float *values, size_t n)
{
    FILE *file = fopen(path, mode);
    if (!file)
        return false;
    const size_t done = mode[0] == 'r' ? fread(values, sizeof *values, n, file)
                                       : fwrite(values, sizeof *values, n, file);
    return fclose(file) == 0 && done == n;
}

static int run(const struct points *points, double perplexity, struct parallel *pool, float *places,
               const char *path)
{
    const struct tsne_settings settings = {.perplexity = perplexity, .iterations = ITERATIONS};
    struct tsne_map map;
    struct map_quality quality;
    struct error err = {0};
    const int64_t started_ns = clock_monotonic_ns();
    if (tsne_fit(points, &settings, 1, pool, NULL, places, &map, &err) != STATUS_OK)
        return fail(err.text);
    const double seconds = clock_seconds_since(started_ns);
    if (map_quality_find(points, places, NEIGHBOURS, 0, pool, NULL, &quality, &err) != STATUS_OK)
        return fail(err.text);
    if (!file_values(path, "w", places, (size_t)points->n * 2))
        return fail("the places could not be written");
    printf("{\"seconds\":%.3f,\"divergence\":%.6f,\"trustworthiness\":%.6f,\"continuity\":%.6f}\n",
           seconds, map.divergence, quality.trustworthiness, quality.continuity);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    if (argc != 7)
        return fail("POINTS N D PERPLEXITY THREADS PLACES");
    const uint32_t n = (uint32_t)atol(argv[2]), d = (uint32_t)atol(argv[3]);
    float *rows = malloc((size_t)n * d * sizeof *rows),
          *places = malloc((size_t)n * 2 * sizeof *places);
    struct parallel *pool = NULL;
    int code = EXIT_FAILURE;
    if (!rows || !places || !file_values(argv[1], "r", rows, (size_t)n * d))
        fail("the points could not be read");
    else if (parallel_new((unsigned)atol(argv[5]), false, &pool) != STATUS_OK)
        fail("the threads could not be started");
    else
        code = run(&(struct points){.n = n, .d = d, .rows = rows}, atof(argv[4]), pool, places,
                   argv[6]);
    parallel_free(pool);
    free(rows);
    free(places);
    return code;
}
