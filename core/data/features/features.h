#pragma once
/* Feature columns, learnt from training rows: from typed values to sparse examples.
 *
 * Life cycle: features_new from a spec; rows are read into a frame (frame_new_learning) while the
 * vocabularies grow; features_fit learns boundaries, means and vocabularies from the training rows
 * among them and recodes that frame. From then on nothing changes: any number of threads read, and
 * further frames (frame_new) hold rows to evaluate or predict. What was learnt travels with a
 * model: features_save, features_load.
 *
 * What becomes of a value:
 * - numeric: one number (none; standard: (x - mean) / deviation, within 1,000; quantile: its place
 * in the distribution of the training rows, in [0, 1], linear between `quantiles` points, the
 * middle of a run of equal values), or piecewise linear encoding (Gorishniy et al. 2022, eq. 1):
 * for pieces [b_t-1, b_t) all below the value's piece are 1, its own is the share of it that lies
 * below the value, all above are 0. Below the first and above the last boundary the value counts as
 * on it, where the paper's formula goes on in a straight line: nothing grows without bound.
 * Missing: the mean, .5, or no piece at all, and one further feature is 1 if any training row
 * lacked it;
 * - bucketized: 0 missing, 1 below the first boundary, and so on; a boundary belongs to the bucket
 *   above it;
 * - categorical: 0 missing, 1 unknown, then the vocabulary in the order of bytes or numbers;
 * hashed: 0 missing, then the buckets. Of several values each counts once;
 * - crossed: the hash of all parts' values (texts and numbers themselves, so that a bucket means
 * the same after a refit), for each combination if parts have several. NaN and infinities are no
 * numbers: frame_add refuses them.
 */
#include "base/sections.h"
#include "data/examples.h"
#include "data/features/spec.h"

struct features;
struct frame;

enum { FEATURES_ENTRIES_MAX = 8192 }; /* of one example */

/* Takes the spec over, also on failure. TOO_LARGE: examples would have too many entries. NO_MEMORY.
 */
enum status features_new(struct feature_spec *spec, struct features **ret_features,
                         struct error *reterr);
void features_free(struct features *features); /* NULL is fine */

/* Learns from the frame's rows rows[n] (NULL: all); the frame is then coded as any later one.
 * OUT_OF_RANGE: no rows, one label only, or too many features; NO_MEMORY. After a failure the
 * features and the frame are only good for freeing. */
enum status features_fit(struct features *features, struct frame *frame, const uint32_t *rows,
                         uint32_t n, struct error *reterr);

/* Of fitted features. */
const struct feature_layout *features_layout(const struct features *features);
const struct feature_spec *features_spec(const struct features *features);

/* What deserves a warning: constant columns, values for which there was no room. Sentences. */
uint32_t features_notes(const struct features *features, const char *const **ret_notes);

/* The frame's rows as examples, numbered as in the frame, valid as long as it. */
void features_examples(const struct features *features, const struct frame *frame,
                       struct examples *ret_examples);

/* Sections "features.…": the spec and all that was learnt. NO_MEMORY. */
enum status features_save(const struct features *features, struct sections_writer *writer,
                          struct error *reterr);
/* CORRUPT with what is wrong; NO_MEMORY. */
enum status features_load(const struct sections *sections, struct features **ret_features,
                          struct error *reterr);

/* For a warm start: map[features of `now`] is the feature of `before` that means the same, or
 * UINT32_MAX. Values are matched by themselves, buckets and pieces by their boundaries (a piece by
 * the one that covers at least half of both), hashed ones if there are as many buckets. */
void features_warm(const struct features *now, const struct features *before, uint32_t *map);
