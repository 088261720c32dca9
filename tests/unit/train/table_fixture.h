#pragma once
/* A small table in a folder, and models fitted to it. */
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "support/test.h"
#include "train/table_fit.h"

static const char fixture_spec[] = "label: {column: y, positive: \"1\"}\n"
                                   "features:\n"
                                   "  x: {type: numeric, normalize: standard}\n"
                                   "  id: {type: categorical, feeds: wide}\n"
                                   "model: {mode: wide, epochs: 2, hidden: 4, batch: 16}\n";

/* Writes n rows x, id, y: id differs in every row, y mostly tells the sign of x. */
static inline const char *fixture_table(const char *folder, uint32_t n)
{
    const char *path = in_folder(folder, "table.csv");
    FILE *file = fopen(path, "w");
    struct rng rng = rng_seed(4, 0);
    assert_non_null(file);
    fputs("x,id,y\n", file);
    for (uint32_t i = 0; i < n; i++) {
        const double x = rng_normal(&rng);
        fprintf(file, "%.4f,id%u,%d\n", x, i, (x > 0) == (rng_uniform(&rng) < 0.9));
    }
    assert_int_equal(fclose(file), 0);
    return path;
}

static inline enum status fixture_fit(const char *path, const char *mode, const char *set,
                                      const struct fitted *from, uint64_t seed,
                                      struct table_fit_result *ret_result, struct error *err)
{
    struct arena arena = {0};
    struct feature_spec *spec;
    struct table_settings settings;
    assert_int_equal(feature_spec_parse("s.yaml", fixture_spec, strlen(fixture_spec), &spec, err),
                     STATUS_OK);
    assert_int_equal(table_settings_read(spec, mode, &arena, &settings, err), STATUS_OK);
    if (set)
        assert_int_equal(table_settings_set(&settings, "validation", set, &arena, err), STATUS_OK);
    const struct table_fit_request request = {
        .path = path, .settings = &settings, .from = from, .seed = seed};
    const enum status status = table_fit(spec, &request, ret_result, err);
    arena_free(&arena);
    return status;
}
