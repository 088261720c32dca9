#pragma once
/* A map drawn as SVG or PNG: a dot for each point, coloured by its category, and as many labels as
 * stand side by side without touching, the weightiest points' first. */
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

enum { MAP_COLOURS = 12, MAP_CATEGORY_NONE = MAP_COLOURS };

struct map_point {
    float x, y;
    const char *label; /* UTF-8; NULL or "": none */
    uint32_t category; /* below n_categories, or MAP_CATEGORY_NONE */
};

struct map_picture {
    const char *title, *note;       /* the note stands small below the title; "" for none */
    const struct map_point *points; /* [n] the weightiest first */
    uint32_t n;
    const char *const *categories; /* [n_categories] at most MAP_COLOURS; 0: no legend */
    uint32_t n_categories;
    uint32_t labels_max;
    bool words; /* a label stands on its point in place of a dot; small dots are those without */
};

/* By the path's ending, .svg or .png. Writes beside and renames. *ret_labels: how many stand. As
 * chart_write. */
enum status map_picture_write(const struct map_picture *picture, const char *path,
                              uint32_t *ret_labels, struct error *reterr);
