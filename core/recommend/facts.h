#pragma once
/* What is known of items, users or requests beside their events, as far as a ranker's spec asks for
 * it: attributes, categories, context. One record of bytes a number, in which a value is found by
 * its place, so that hundreds of candidates are read in microseconds.
 *
 * A value has the name of its column: "item.NAME" and "user.NAME" are attributes, "context.NAME"
 * is what comes with a request or an event, "categories" are an item's paths with all that lie
 * above them ("a/b" gives "a" and "a/b"). A boolean is the text "true" or "false". Of a list the
 * first FACT_TEXTS_MAX texts are kept.
 *
 * Threads: any number of readers or one writer.
 */
#include "base/arena.h"
#include "data/features/frame.h"
#include "data/records.h"

enum { FACT_NAMES_MAX = 64, FACT_TEXTS_MAX = 32 };

extern const char fact_categories[]; /* "categories" */

/* Names, each once. */
struct fact_names {
    uint32_t n;
    const char *of[FACT_NAMES_MAX];
};

/* Borrows the name. False: there is no room for another one. */
bool fact_names_add(struct fact_names *names, const char *name);
uint32_t fact_names_find(const struct fact_names *names, const char *name); /* UINT32_MAX: none */

/* One record with the names of its values. `names` NULL: of nothing; `bytes` NULL: none is known.
 */
struct fact_record {
    const struct fact_names *names;
    const unsigned char *bytes;
};

/* Value `at` of the names: missing, a number, a text, or several in texts[FACT_TEXTS_MAX]. Texts
 * are terminated and live as long as the record. */
struct feature_value fact_read(const struct fact_record *record, uint32_t at,
                               struct spec_text *texts);

struct facts;

/* For these names, which are copied. NO_MEMORY. */
enum status facts_new(const struct fact_names *names, struct facts **ret_facts);
void facts_free(struct facts *facts); /* NULL is fine */

/* Sets or replaces what is known of a number: attributes is a JSON object (NULL: "{}"), the
 * categories are [n]. What the names do not ask for is not kept; NULL facts keep nothing. NO_MEMORY
 * leaves the old one. */
enum status facts_put(struct facts *facts, uint32_t number, const char *attributes,
                      const char *const *categories, uint32_t n);
void facts_clear(struct facts *facts, uint32_t number);

/* Good until the next change. NULL facts know nothing. */
struct fact_record facts_get(const struct facts *facts, uint32_t number);
uint64_t facts_bytes(const struct facts *facts); /* held */

/* What comes with a request; a name that comes several times has a list. */
struct fact_pair {
    const char *name, *value; /* name: without "context." */
};

enum { FACT_PAIRS_MAX = 32, FACT_VALUE_BYTES_MAX = 512 };

/* "NAME:VALUE", both not empty: the name ends at the first colon. OUT_OF_RANGE, NO_MEMORY. */
enum status fact_pair_read(const char *text, struct arena *arena, struct fact_pair *ret_pair);

/* The record of such pairs, in the arena; pairs beyond FACT_NAMES_MAX names are left out.
 * NO_MEMORY. */
enum status fact_record_of_pairs(const struct fact_pair *pairs, size_t n, struct arena *arena,
                                 struct fact_record *ret_record);
