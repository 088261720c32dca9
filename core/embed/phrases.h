#pragma once
/* Words that belong together become one token: "new york" -> "new_york" (Mikolov et al. 2013,
 * "Distributed representations of words and phrases", section 4, eq. 6).
 *
 * In each pass two words that stand side by side in a sequence are joined where
 *
 *     score(a, b) = n (count(ab) - delta) / (count(a) count(b)) > threshold,
 *
 * n the tokens of the text (as word2phrase has it, so that the threshold does not hang on the
 * text's length), delta the discount that keeps rare words apart. Counts are those at the start of
 * the pass; from left to right, a word joins once in a pass. A second pass makes three and four
 * words one.
 *
 * The table of pairs is bounded: when it is full the rarest pairs go, those seen once, then twice…
 * (word2phrase's ReduceVocab). Same text, same settings, same phrases.
 */
#include "base/observer.h"
#include "embed/corpus.h"

enum {
    PHRASE_PASSES_MAX = 4,
    PHRASE_BYTES_MAX = 1024,             /* no longer ones are made */
    PHRASE_PAIRS_MAX = 12 * 1000 * 1000, /* counted at once: 256 MiB, and half of it as it grows */
};

struct phrase_settings {
    int64_t passes;   /* up to PHRASE_PASSES_MAX; 0: nothing is joined */
    double threshold; /* above 0; 100 is word2phrase's */
    uint64_t delta;   /* words and pairs that occur no more often than this are left alone */
    uint32_t pairs;   /* at most so many counted at once, at least 1; PHRASE_PAIRS_MAX */
};

/* Before corpus_cut; ends the last sequence. NO_MEMORY; TOO_LARGE as corpus_add; CANCELLED within a
 * second when the observer says stop. After a failure the corpus is only to be freed.
 * *ret_joined: how many pairs of neighbours were joined. */
enum status phrases_join(struct corpus *corpus, const struct phrase_settings *settings,
                         const struct observer *observer, uint64_t *ret_joined,
                         struct error *reterr);
