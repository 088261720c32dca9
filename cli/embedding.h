#pragma once
/* The parts of `tastevin embed`: where its sequences come from, and looking at vectors. */
#include "base/observer.h"
#include "base/parallel.h"
#include "cli/command.h"
#include "embed/corpus.h"
#include "embed/vectors_file.h"

struct embedding_source {
    struct corpus corpus; /* cut */
    uint64_t n_tokens;    /* before the cut and the phrases */
    uint64_t n_joined;    /* neighbours that became a phrase */
    char **titles;        /* [corpus.names.count] of items, NULL: none; NULL for words */
};

/* The words of --text files. As words_read and corpus_cut. */
enum status embedding_of_texts(const struct invocation *invocation, const struct observer *observer,
                               struct embedding_source *source, struct error *reterr);

/* What each user of the store liked, in time; the same item twice in a row counts once. */
enum status embedding_of_store(const struct invocation *invocation, struct parallel *pool,
                               const struct observer *observer, struct embedding_source *source,
                               struct error *reterr);
void embedding_source_free(struct embedding_source *source);

/* `embed --vectors FILE --nearest WORD… | --analogy A B C`: returns the exit code. */
int embedding_look(const struct invocation *invocation);
