#pragma once
/* Text as words: bytes come in pieces of any size, words go into a corpus, a line is a sequence.
 *
 * WORDS_LETTERS: a word is a run of letters, digits and underscores; an apostrophe within belongs
 * to it. Beyond ASCII every character counts as a letter except the blocks of punctuation, symbols
 * and spaces (words.c). WORDS_SPACE: whatever stands between white space, for text that was cut
 * into words before. Bytes that are not UTF-8, and control characters, stand between words and are
 * counted; a word of more than WORD_BYTES_MAX bytes is left out and counted. No line is too long.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "embed/corpus.h"

enum { WORD_BYTES_MAX = 200 };

enum words_mode { WORDS_LETTERS, WORDS_SPACE };

struct words {
    struct corpus *corpus; /* where they go */
    enum words_mode mode;
    bool lower;                /* A-Z as a-z */
    uint64_t n_broken, n_long; /* bytes that are no UTF-8; words left out */
    /* what is begun */
    char word[WORD_BYTES_MAX + 8];
    size_t length; /* past WORD_BYTES_MAX: too long */
    char pending[4];
    unsigned n_pending, n_wanted;
};

/* The next piece. Set corpus, mode and lower of a zeroed struct before the first. Fails as
 * corpus_add does. */
enum status words_add(struct words *words, const char *bytes, size_t length, struct error *reterr);

/* The end of a text: its last word and line. */
enum status words_end(struct words *words, struct error *reterr);

/* A whole file, or standard input for "-". CANCELLED within a second when the observer says stop.
 */
enum status words_read(struct words *words, const char *path, const struct observer *observer,
                       struct error *reterr);
