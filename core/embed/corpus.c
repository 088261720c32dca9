#include "embed/corpus.h"

#include <stdlib.h>
#include <string.h>

static enum status no_memory(struct error *reterr)
{
    return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the words");
}

/* Room for one more; doubles. */
static bool make_room(void **array, size_t *capacity, uint64_t used, size_t size)
{
    if (used < *capacity)
        return true;
    const size_t wanted = *capacity ? 2 * *capacity : 1024;
    void *grown = realloc(*array, wanted * size);
    if (!grown)
        return false;
    *array = grown;
    *capacity = wanted;
    return true;
}

enum status corpus_add_name(struct corpus *corpus, const char *name, size_t length,
                            struct error *reterr)
{
    const uint32_t number = corpus->names.count;
    if (number == CORPUS_VOCABULARY_MAX)
        return error_set(reterr, STATUS_TOO_LARGE, "there are more than %d different words",
                         CORPUS_VOCABULARY_MAX);
    if (!make_room((void **)&corpus->counts, &corpus->counts_capacity, number,
                   sizeof *corpus->counts))
        return no_memory(reterr);
    const enum status status = idmap_add(&corpus->names, number, name, length);
    if (status != STATUS_OK)
        return error_set(reterr, status, "the word '%.*s' could not be added",
                         (int)(length < 100 ? length : 100), name);
    corpus->counts[number] = 0;
    return STATUS_OK;
}

enum status corpus_add_token(struct corpus *corpus, uint32_t number, struct error *reterr)
{
    if (corpus->n_tokens == CORPUS_TOKENS_MAX)
        return error_set(reterr, STATUS_TOO_LARGE, "the text has more than %d words",
                         CORPUS_TOKENS_MAX);
    if (!make_room((void **)&corpus->tokens, &corpus->tokens_capacity, corpus->n_tokens,
                   sizeof *corpus->tokens))
        return no_memory(reterr);
    corpus->tokens[corpus->n_tokens++] = number;
    corpus->counts[number]++;
    return STATUS_OK;
}

enum status corpus_add(struct corpus *corpus, const char *name, size_t length, struct error *reterr)
{
    uint32_t number = idmap_find(&corpus->names, name, length);
    if (number == IDMAP_NONE) {
        number = corpus->names.count;
        const enum status status = corpus_add_name(corpus, name, length, reterr);
        if (status != STATUS_OK)
            return status;
    }
    return corpus_add_token(corpus, number, reterr);
}

enum status corpus_end_sequence(struct corpus *corpus, struct error *reterr)
{
    const uint64_t start = corpus->n_sequences ? corpus->starts[corpus->n_sequences] : 0;
    if (start == corpus->n_tokens)
        return STATUS_OK;
    if (!make_room((void **)&corpus->starts, &corpus->starts_capacity, corpus->n_sequences + 1,
                   sizeof *corpus->starts))
        return no_memory(reterr);
    corpus->starts[0] = 0;
    corpus->starts[++corpus->n_sequences] = corpus->n_tokens;
    return STATUS_OK;
}

/* ---- the cut ---- */

struct tally {
    uint64_t count;
    uint32_t number;
};

static int by_count(const void *a, const void *b)
{
    const struct tally *x = a, *y = b;
    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    return (x->number > y->number) - (x->number < y->number);
}

static uint32_t rank(const struct corpus *corpus, uint64_t min_count, struct tally *order)
{
    uint32_t kept = 0;
    for (uint32_t t = 0; t < corpus->names.count; t++)
        if (corpus->counts[t] && corpus->counts[t] >= min_count)
            order[kept++] = (struct tally){.count = corpus->counts[t], .number = t};
    qsort(order, kept, sizeof *order, by_count);
    return kept;
}

static bool rename_tokens(const struct corpus *corpus, const struct tally *order, uint32_t kept,
                          struct idmap *names, uint32_t *numbers)
{
    memset(numbers, 0xff, corpus->names.count * sizeof *numbers);
    for (uint32_t k = 0; k < kept; k++) {
        size_t length;
        const char *name = idmap_id(&corpus->names, order[k].number, &length);
        if (idmap_add(names, k, name, length) != STATUS_OK)
            return false;
        numbers[order[k].number] = k;
    }
    return true;
}

static void renumber(struct corpus *corpus, const uint32_t *numbers)
{
    uint64_t to = 0, sequences = 0;
    for (uint64_t s = 0, from = 0; s < corpus->n_sequences; s++) {
        const uint64_t end = corpus->starts[s + 1];
        for (; from < end; from++)
            if (numbers[corpus->tokens[from]] != IDMAP_NONE)
                corpus->tokens[to++] = numbers[corpus->tokens[from]];
        if (to > corpus->starts[sequences])
            corpus->starts[++sequences] = to;
    }
    corpus->n_tokens = to;
    corpus->n_sequences = sequences;
}

enum status corpus_cut(struct corpus *corpus, uint64_t min_count, struct error *reterr)
{
    enum status status = corpus_end_sequence(corpus, reterr);
    if (status != STATUS_OK)
        return status;
    const uint32_t n = corpus->names.count;
    struct tally *order = calloc((size_t)n + 1, sizeof *order);
    uint32_t *numbers = calloc((size_t)n + 1, sizeof *numbers);
    struct idmap names = {0};
    const uint32_t kept = order ? rank(corpus, min_count, order) : 0;
    if (!order || !numbers) {
        status = no_memory(reterr);
    } else if (kept < 2) {
        status = error_set(reterr, STATUS_OUT_OF_RANGE,
                           "of %u different words %u occur%s at least %llu times, and vectors need "
                           "two; give more text or a lower minimum count",
                           n, kept, kept == 1 ? "s" : "", (unsigned long long)min_count);
    } else if (!rename_tokens(corpus, order, kept, &names, numbers)) {
        idmap_free(&names);
        status = no_memory(reterr);
    } else {
        renumber(corpus, numbers);
        for (uint32_t k = 0; k < kept; k++)
            corpus->counts[k] = order[k].count;
        idmap_free(&corpus->names);
        corpus->names = names;
    }
    free(order);
    free(numbers);
    return status;
}

struct sequences corpus_sequences(const struct corpus *corpus)
{
    return (struct sequences){.n_tokens = corpus->names.count,
                              .tokens = corpus->tokens,
                              .starts = corpus->starts,
                              .n = corpus->n_sequences};
}

void corpus_free(struct corpus *corpus)
{
    idmap_free(&corpus->names);
    free(corpus->counts);
    free(corpus->tokens);
    free(corpus->starts);
    *corpus = (struct corpus){0};
}
