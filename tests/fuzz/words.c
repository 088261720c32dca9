/* Text as words, and words as phrases. The first byte says how: between spaces, in lower case, in
 * pieces of how many bytes, in how many passes; the second the minimum count. What comes out hangs
 * on no piece, and fits together. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "embed/phrases.h"
#include "embed/words.h"
#include "fuzz.h"

static void cut_text(const uint8_t *data, size_t size, size_t piece, struct words *words,
                     struct corpus *corpus)
{
    words->corpus = corpus;
    for (size_t at = 0; at < size; at += piece) {
        const size_t n = size - at < piece ? size - at : piece;
        const enum status status = words_add(words, (const char *)data + at, n, NULL);
        assert(status == STATUS_OK);
        (void)status;
    }
    const enum status status = words_end(words, NULL);
    assert(status == STATUS_OK);
    (void)status;
}

static void check(const struct corpus *corpus)
{
    uint64_t *counts = calloc((size_t)corpus->names.count + 1, sizeof *counts);
    assert(counts);
    assert(corpus->n_sequences == 0 || corpus->starts[0] == 0);
    for (uint64_t s = 0; s < corpus->n_sequences; s++) {
        assert(corpus->starts[s] < corpus->starts[s + 1]);
        for (uint64_t t = corpus->starts[s]; t < corpus->starts[s + 1]; t++) {
            assert(corpus->tokens[t] < corpus->names.count);
            counts[corpus->tokens[t]]++;
        }
    }
    if (corpus->n_sequences)
        assert(corpus->starts[corpus->n_sequences] == corpus->n_tokens);
    for (uint32_t n = 0; n < corpus->names.count; n++) {
        size_t length;
        const char *name = idmap_id(&corpus->names, n, &length);
        assert(counts[n] == corpus->counts[n]);
        assert(length > 0 && length <= PHRASE_BYTES_MAX && utf8_is_valid(name, length));
    }
    free(counts);
}

static void check_same(const struct corpus *a, const struct corpus *b)
{
    assert(a->n_tokens == b->n_tokens && a->n_sequences == b->n_sequences);
    assert(a->names.count == b->names.count);
    if (a->n_tokens)
        assert(memcmp(a->tokens, b->tokens, a->n_tokens * sizeof *a->tokens) == 0);
    if (a->n_sequences)
        assert(memcmp(a->starts, b->starts, (a->n_sequences + 1) * sizeof *a->starts) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct words words = {.mode = data[0] & 1 ? WORDS_SPACE : WORDS_LETTERS, .lower = data[0] & 2},
                 again = words;
    struct corpus corpus = {0}, whole = {0};
    struct error err = {0};
    const struct phrase_settings settings = {.passes = data[0] >> 2 & 3,
                                             .threshold = 0.5,
                                             .delta = data[1] >> 4,
                                             .pairs = 1 + (data[1] & 15)};
    uint64_t joined = 0;
    cut_text(data + 2, size - 2, 1 + (data[0] >> 4), &words, &corpus);
    cut_text(data + 2, size - 2, size, &again, &whole);
    assert(words.n_broken == again.n_broken && words.n_long == again.n_long);
    check(&corpus);
    check_same(&corpus, &whole);
    const uint64_t before = corpus.n_tokens;
    enum status status = phrases_join(&corpus, &settings, NULL, &joined, &err);
    assert(status == STATUS_OK && corpus.n_tokens + joined == before);
    check(&corpus);
    status = corpus_cut(&corpus, 1 + (data[1] & 3), &err);
    if (status == STATUS_OK)
        check(&corpus);
    else
        fuzz_check_failure(status, &err);
    corpus_free(&corpus);
    corpus_free(&whole);
    return 0;
}
