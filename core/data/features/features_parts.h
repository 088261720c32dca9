#pragma once
/* What the files of data/features/features and frame share: private to them. */
#include <math.h>
#include <string.h>

#include "data/features/distinct.h"
#include "data/features/features.h"
#include "data/features/frame.h"
#include "data/features/vocabulary.h"

enum { DEVIATIONS_MAX = 1000 };

enum { CELL_LABEL, CELL_WEIGHT, CELLS_FIRST };

/* One 32-bit cell of a frame's rows. */
enum cell_content { CELL_FLOAT, CELL_CODE, CELL_HASH };

struct cell {
    enum cell_content content;
    uint32_t column;
    bool list;           /* the cell is a place in the frame's lists: count, then rising values */
    char separator;      /* of a text with several values; 0: none */
    uint32_t values_max; /* of a list */
    uint32_t vocabulary; /* CELL_CODE: the feature whose vocabulary it is coded by */
};

/* How a feature is made of its cell. */
enum coder_kind {
    CODER_LINEAR,   /* (f(x) - shift) * scale */
    CODER_QUANTILE, /* numbers: values, then the lower, then the upper end of their places */
    CODER_PIECES,   /* numbers: boundaries */
    CODER_BUCKETS,  /* numbers: boundaries */
    CODER_NUMBERS,  /* numbers: vocabulary of numbers */
    CODER_NUMBER_HASH,
    CODER_CODE,
    CODER_HASH,
    CODER_CROSS,
};

/* One feature of the spec, fitted. */
struct coder {
    enum coder_kind kind;
    uint32_t cell;  /* unused by crosses */
    uint32_t field; /* UINT32_MAX: feeds nothing */
    uint32_t first, size;
    uint32_t entries_max;
    uint32_t entries_before; /* of the features before it, at most */
    uint32_t values_max;     /* of its cell: 1, or that of a list */
    bool list, log, standard;
    /* learnt */
    bool missing; /* a training row lacked the number: its last feature tells */
    double shift, scale,
        absent; /* CODER_LINEAR: (f(x) - shift) * scale; a missing number's value */
    float *numbers;
    uint32_t n_numbers;
    struct vocabulary vocabulary; /* of the feature that others share */
    const struct vocabulary *texts;
    uint32_t *keys; /* CODER_CODE: by code, what crosses hash */
    uint32_t buckets;
    /* CODER_CROSS: parts; a part without a feature is the hash cell of a column */
    uint32_t n_parts;
    struct coder *parts[SPEC_CROSS_MAX];
};

struct features {
    struct feature_spec *spec;
    bool fitted;
    struct arena arena;
    uint32_t n_cells;
    struct cell *cells;    /* [n_cells]; label and weight are described by the spec */
    struct coder *coders;  /* [spec->n_features] */
    struct coder *columns; /* CODER_HASH of columns that crosses name; [n_columns of the spec] */
    uint32_t entries_max;
    struct feature_layout layout;
    struct field *fields;
    char *negative; /* the label's other value, once seen; from malloc */
    uint32_t n_notes;
    const char **notes; /* [spec->n_features] */
};

struct frame {
    const struct features *features;
    struct features *learning; /* the same, until it is fitted */
    bool labelled;
    uint32_t n, n_chunks, chunks_capacity;
    uint32_t **chunks; /* each [FRAME_CHUNK_ROWS * n_cells] */
    uint32_t *lists;   /* [0] is 0: the empty list */
    size_t lists_used, lists_capacity;
    uint32_t *row; /* [n_cells] being made */
};

static inline const uint32_t *frame_row(const struct frame *frame, uint32_t row)
{
    return frame->chunks[row / FRAME_CHUNK_ROWS] +
           (size_t)(row % FRAME_CHUNK_ROWS) * frame->features->n_cells;
}

static inline float float_of(uint32_t cell)
{
    float value;
    memcpy(&value, &cell, sizeof value);
    return value;
}

static inline uint32_t cell_of(float value)
{
    uint32_t cell;
    memcpy(&cell, &value, sizeof cell);
    return cell;
}

/* What a missing and an unknown value are to crosses; hashes of texts are never these. */
enum { KEY_MISSING = 0, KEY_UNKNOWN = 1, KEY_FIRST = 2 };

static inline uint32_t key_of(uint64_t hash)
{
    const uint32_t key = (uint32_t)(hash >> 32);
    return key < KEY_FIRST ? key + KEY_FIRST : key;
}

/* A number as itself: 0 and -0 are one. */
static inline uint32_t key_of_number(float value)
{
    const uint32_t bits = cell_of(value == 0 ? 0 : value);
    return key_of((bits + 1) * UINT64_C(0x9e3779b97f4a7c15));
}

/* The bucket of a key; rises with the key. */
static inline uint32_t bucket_of(uint32_t key, uint32_t buckets)
{
    return (uint32_t)((uint64_t)key * buckets >> 32);
}

/* How many of numbers[n], which rise, are at most x. Without a branch on the numbers, which no
 * processor could foresee: the product keeps compilers from making one. */
static inline uint32_t count_up_to(const float *numbers, uint32_t n, float x)
{
    const float *at = numbers;
    while (n > 1) {
        const uint32_t half = n / 2;
        at += half * (uint32_t)(at[half - 1] <= x);
        n -= half;
    }
    return (uint32_t)(at - numbers) + (n == 1 && *at <= x);
}

/* The code of a number in a vocabulary of numbers. */
static inline uint32_t number_code(const float *numbers, uint32_t n, float x)
{
    if (isnan(x))
        return CODE_MISSING;
    const uint32_t at = count_up_to(numbers, n, x);
    return at && numbers[at - 1] == x ? at - 1 + CODE_FIRST : CODE_UNKNOWN;
}

/* Layout, keys and sizes from the spec and what was learnt. TOO_LARGE, OUT_OF_RANGE, NO_MEMORY. */
enum status features_build(struct features *features, struct error *reterr);

/* Forgets the spelling of codes that a fit has replaced: cells of the vocabulary of `feature`. */
void frame_recode(struct frame *frame, uint32_t feature, const uint32_t *map);

/* examples.fetch over a frame. */
void features_fetch(const void *context, const uint32_t *rows, uint32_t n,
                    struct example_batch *batch);
