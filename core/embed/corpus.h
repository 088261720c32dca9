#pragma once
/* Sequences of tokens with their names and counts: what vectors are learnt from, whether its tokens
 * are words of a text or items of a store.
 *
 * Life cycle: zero-initialise; corpus_add and corpus_end_sequence as the text goes by (or
 * corpus_add_name and corpus_add_token with numbers known already); corpus_cut once; corpus_free.
 * One user at a time.
 */
#include "base/idmap.h"
#include "embed/skipgram.h"

enum {
    CORPUS_VOCABULARY_MAX = 1 << 24, /* different tokens before the cut */
    CORPUS_TOKENS_MAX = 1 << 30,
};

struct corpus {
    struct idmap names; /* after the cut: by falling count, then as they came */
    uint64_t *counts;   /* [names.count] */
    uint32_t *tokens;   /* [n_tokens] */
    uint64_t *starts;   /* [n_sequences + 1] */
    uint64_t n_tokens, n_sequences;
    size_t counts_capacity, tokens_capacity, starts_capacity;
};

/* The next token of the open sequence. TOO_LARGE past the limits, NO_MEMORY. */
enum status corpus_add(struct corpus *corpus, const char *name, size_t length,
                       struct error *reterr);

/* A name without an occurrence yet; its number is names.count before. Not the empty one; CONFLICT
 * for one that is there. */
enum status corpus_add_name(struct corpus *corpus, const char *name, size_t length,
                            struct error *reterr);
enum status corpus_add_token(struct corpus *corpus, uint32_t number, struct error *reterr);

/* What comes next stands apart. A sequence without tokens is none. */
enum status corpus_end_sequence(struct corpus *corpus, struct error *reterr);

/* Ends the last sequence, leaves out what occurs less than min_count times, and numbers the rest
 * anew by falling count. OUT_OF_RANGE where fewer than two different tokens are left, which is
 * nothing to learn from. */
enum status corpus_cut(struct corpus *corpus, uint64_t min_count, struct error *reterr);

/* For skipgram_fit; borrowed from the corpus. After the cut. */
struct sequences corpus_sequences(const struct corpus *corpus);

void corpus_free(struct corpus *corpus);
