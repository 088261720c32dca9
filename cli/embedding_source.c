#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/context.h"
#include "cli/embedding.h"
#include "cli/report.h"
#include "data/dataset.h"
#include "data/item_records.h"
#include "embed/phrases.h"
#include "embed/words.h"

static enum status cut(const struct invocation *invocation, struct embedding_source *source,
                       struct error *reterr)
{
    source->n_tokens = source->corpus.n_tokens + source->n_joined;
    return corpus_cut(&source->corpus, (uint64_t)invocation_whole(invocation, "min-count"), reterr);
}

static enum status join_phrases(const struct invocation *invocation,
                                const struct observer *observer, struct embedding_source *source,
                                struct error *reterr)
{
    const struct phrase_settings settings = {
        .passes = invocation_whole(invocation, "phrases"),
        .threshold = invocation_real(invocation, "phrase-threshold"),
        .delta = (uint64_t)invocation_whole(invocation, "min-count"),
        .pairs = PHRASE_PAIRS_MAX};
    return phrases_join(&source->corpus, &settings, observer, &source->n_joined, reterr);
}

enum status embedding_of_texts(const struct invocation *invocation, const struct observer *observer,
                               struct embedding_source *source, struct error *reterr)
{
    struct words words = {.corpus = &source->corpus,
                          .mode = invocation_choice(invocation, "tokens"),
                          .lower = invocation_flag(invocation, "lower")};
    enum status status = STATUS_OK;
    const struct given *given = NULL;
    while (status == STATUS_OK && (given = invocation_next(invocation, "text", given)))
        status = words_read(&words, given->text, observer, reterr);
    if (status == STATUS_OK)
        status = join_phrases(invocation, observer, source, reterr);
    if (status == STATUS_OK)
        status = cut(invocation, source, reterr);
    if (words.n_broken || words.n_long)
        report_note("%" PRIu64 " byte%s no UTF-8 and stood for spaces; %" PRIu64
                    " word%s of more than %d bytes left out",
                    words.n_broken, words.n_broken == 1 ? " was" : "s were", words.n_long,
                    plural(words.n_long), WORD_BYTES_MAX);
    return status;
}

/* ---- the store ---- */

static bool is_liked(const struct csr *by_user, uint32_t user, uint32_t item)
{
    const uint64_t entry = csr_find(by_user, user, item);
    return entry != CSR_NONE && by_user->values[entry] > 0;
}

/* numbers[n_items]: the item's in the corpus, IDMAP_NONE for one that was erased. */
static enum status add_user(const struct dataset *dataset, const struct csr *by_user, uint32_t user,
                            const uint32_t *numbers, struct corpus *corpus, struct error *reterr)
{
    uint32_t last = UINT32_MAX;
    for (uint64_t e = dataset->starts[user]; e < dataset->starts[user + 1]; e++) {
        const uint32_t item = dataset->items[e];
        if (item == last || numbers[item] == IDMAP_NONE || !is_liked(by_user, user, item))
            continue;
        const enum status status = corpus_add_token(corpus, numbers[item], reterr);
        if (status != STATUS_OK)
            return status;
        last = item;
    }
    return corpus_end_sequence(corpus, reterr);
}

static enum status add_items(const struct dataset *dataset, uint32_t *numbers,
                             struct corpus *corpus, struct error *reterr)
{
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < dataset->n_items && status == STATUS_OK; i++) {
        size_t length = 0;
        const char *id = NULL;
        if (i < dataset->item_ids.count)
            id = idmap_id(&dataset->item_ids, i, &length);
        numbers[i] = length ? corpus->names.count : IDMAP_NONE;
        if (length)
            status = corpus_add_name(corpus, id, length, reterr);
    }
    return status;
}

static enum status gather(const struct dataset *dataset, struct parallel *pool,
                          struct corpus *corpus, struct error *reterr)
{
    struct csr by_user = {0};
    uint32_t *numbers = calloc((size_t)dataset->n_items + 1, sizeof *numbers);
    enum status status = numbers ? dataset_matrix(dataset, NULL, pool, &by_user) : STATUS_NO_MEMORY;
    if (status != STATUS_OK)
        error_set(reterr, status, "out of memory for the interactions");
    else
        status = add_items(dataset, numbers, corpus, reterr);
    for (uint32_t u = 0; u < dataset->n_users && status == STATUS_OK; u++)
        status = add_user(dataset, &by_user, u, numbers, corpus, reterr);
    csr_free(&by_user);
    free(numbers);
    return status;
}

static enum status each_item(void *context, uint32_t number, const struct item_record *record)
{
    (void)number;
    struct embedding_source *source = context;
    const uint32_t row = idmap_find(&source->corpus.names, record->id, strlen(record->id));
    if (row == IDMAP_NONE || !record->title)
        return STATUS_OK;
    free(source->titles[row]);
    source->titles[row] = strdup(record->title);
    return source->titles[row] ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status read_titles(struct store *store, struct embedding_source *source,
                               struct error *reterr)
{
    source->titles = calloc(source->corpus.names.count, sizeof *source->titles);
    if (!source->titles)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the titles");
    const struct item_records records = store_item_records(store);
    return records.read(records.context, each_item, source, reterr);
}

enum status embedding_of_store(const struct invocation *invocation, struct parallel *pool,
                               const struct observer *observer, struct embedding_source *source,
                               struct error *reterr)
{
    struct context context = {0};
    struct store_counts counts;
    struct dataset *dataset = NULL;
    enum status status = context_open(invocation, CONTEXT_READ, &context, reterr);
    if (status == STATUS_OK)
        status = store_count(context.store, &counts, reterr);
    if (status == STATUS_OK)
        status =
            dataset_read(context.store, counts.seq, &context.types, observer, &dataset, reterr);
    if (status == STATUS_OK)
        status = gather(dataset, pool, &source->corpus, reterr);
    if (status == STATUS_OK)
        status = cut(invocation, source, reterr);
    if (status == STATUS_OK)
        status = read_titles(context.store, source, reterr);
    dataset_free(dataset);
    context_close(&context);
    return status;
}

void embedding_source_free(struct embedding_source *source)
{
    for (uint32_t i = 0; source->titles && i < source->corpus.names.count; i++)
        free(source->titles[i]);
    free(source->titles);
    corpus_free(&source->corpus);
}
