#pragma once
/* An item's record as weighted terms: what `content` compares.
 *
 * Terms are words of the title, categories (a path and each that it lies in), and attributes: a
 * text of up to 64 bytes, an entry of a list, a number or a truth value is one term with its name;
 * a longer text is taken by its words. Words are runs of letters and digits, ASCII in lower case,
 * bytes of other scripts as they are. A term is known by a hash of its field and text, so that an
 * item may have terms that no model has seen.
 *
 *     weight of t in field f = sqrt(w_f / W) * x_t / |x_f|,    x_t = (1 + ln count_t) idf_t,
 *     idf_t = 1 + ln((1 + N) / (1 + N_t))
 *
 * w_f: how much the field counts; W: the sum of it over the fields that the item has, its vector
 * among them; N_t: how many of N items have t. So every item is a vector of length 1, and the
 * product of two is their cosine, a sum over fields by what each counts (Salton and Buckley 1988).
 */
#include <stddef.h>
#include <stdint.h>

#include "data/records.h"

enum {
    CONTENT_TERMS_MAX = 512,     /* of an item; further ones are left out */
    CONTENT_WHOLE_TEXT_MAX = 64, /* bytes */
};

enum content_field { CONTENT_TITLE, CONTENT_CATEGORIES, CONTENT_ATTRIBUTES, CONTENT_VECTOR };
enum { CONTENT_FIELDS = 4 };

struct content_term {
    uint64_t hash;
    uint16_t count;
    uint8_t field;
};

struct content_terms {
    struct content_term terms[CONTENT_TERMS_MAX]; /* [n] by rising hash, each once */
    size_t n;
};

/* Attributes that are no JSON object give none: records were checked when they came. NO_MEMORY. */
enum status content_terms_read(const struct item_record *record, struct content_terms *ret_terms);

/* How many of n_items have a term. */
double content_idf(uint32_t count, uint32_t n_items);

/* weights[n] of terms with idfs[n]; *ret_vector: that of the item's vector, taken at length 1, 0
 * without one. fields: what each counts, not below 0. */
void content_weigh(const struct content_terms *terms, const double *idfs,
                   const float fields[CONTENT_FIELDS], bool has_vector, float *weights,
                   float *ret_vector);

/* A vector of length 1 times `factor` in out[n]; false (and zeros) when it has no length. */
bool content_scale(const float *vector, uint32_t n, float factor, float *out);
