#pragma once
/* A fitted table model as a directory: all that prediction needs, to be copied anywhere.
 *
 *     manifest.json   format, class of the predictor, its settings, seed, checksums, the report
 *     spec.yaml       what the table means, for people; a copy of it lies in columns.tvs
 *     columns.tvs     fitted feature columns
 *     parameters.tvs  the predictor's parameters
 *
 * It is written beside its place and renamed whole: there is a complete directory or none. The same
 * contents give the same bytes: there is no clock, host or path in it, unless the report has one.
 */
#include <stdint.h>

#include "data/features/features.h"
#include "models/predictor.h"

#define FITTED_MANIFEST   "manifest.json"
#define FITTED_SPEC       "spec.yaml"
#define FITTED_COLUMNS    "columns.tvs"
#define FITTED_PARAMETERS "parameters.tvs"

enum { FITTED_FORMAT = 1, FITTED_MANIFEST_BYTES_MAX = 4 << 20 };

/* Owns all of it. Read by any number of threads. */
struct fitted {
    struct features *features;
    struct predictor *predictor;
    uint64_t seed;
    uint32_t crc;   /* tells this model from others: over the checksums of its files */
    char *settings; /* JSON object: the predictor's settings */
    char *report;   /* JSON object: what its fit reported */
};

void fitted_free(struct fitted *fitted); /* NULL is fine */

/* Checks every file. NOT_FOUND: no such directory, or none of a fitted model; UNSUPPORTED: written
 * by a newer version; CORRUPT: a file is damaged, which is named. IO, NO_MEMORY. */
enum status fitted_load(const char *path, struct fitted **ret_fitted, struct error *reterr);

/* Before the work: may a model be written there? CONFLICT: something stands there that is no fitted
 * model. NOT_FOUND: its parent is not there. */
enum status fitted_check_place(const char *path, struct error *reterr);

/* Writes the directory; a fitted model that stands there is replaced in one step. CONFLICT as
 * above; DISK_FULL, IO, NO_MEMORY: what stood there still does. */
enum status fitted_save(const struct fitted *fitted, const char *path, struct error *reterr);
