#pragma once
/* What `tastevin map` gives of a map, of items or of words: pictures, a line, JSON. */
#include "cli/command.h"
#include "cli/map_picture.h"
#include "embed/tsne.h"
#include "eval/map_quality.h"

enum { MAP_NEIGHBOURS = 12, MAP_LOOKS_MAX = 1000 };

struct map_output {
    const struct invocation *invocation;
    const char *noun;  /* of the points: "items" */
    const char *model; /* whose vectors; NULL: of a file */
    struct tsne_map fit;
    struct map_quality quality;
    bool measured; /* there were points enough */
    struct map_picture picture;
    const char *const *ids;   /* [picture.n] */
    const char *const *paths; /* [picture.n] the first category, or ""; NULL: none has any */
};

/* --out's endings, and that there is something to give. */
enum status map_output_check(const struct invocation *invocation, struct error *reterr);

/* How far the map can be believed, of the points as they were given to it. */
enum status map_output_measure(struct map_output *output, const struct points *points,
                               const float *places, struct parallel *pool,
                               const struct observer *observer, struct error *reterr);

/* Every --out, each told on standard error; then the line or --json on standard output. */
enum status map_output_give(const struct map_output *output, struct error *reterr);
