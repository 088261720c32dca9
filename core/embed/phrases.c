#include "embed/phrases.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "embed/vectors_file.h"

_Static_assert((int)PHRASE_BYTES_MAX <= (int)VECTORS_NAME_BYTES_MAX,
               "a phrase is a name of a vector");

enum { SLOTS_FIRST = 1 << 12, STOP_EVERY = 1 << 18 };

struct pair {
    uint32_t left, right;
    uint32_t count;  /* 0: a free slot */
    uint32_t joined; /* the phrase's number; IDMAP_NONE: none yet; LEFT_ALONE */
};
static const uint32_t left_alone = IDMAP_NONE - 1;

/* Open addressing; at most three quarters full. */
struct pair_table {
    struct pair *slots;
    size_t n_slots; /* a power of two */
    size_t n, most;
    uint32_t least; /* pairs of fewer have been dropped */
};

struct pass {
    struct corpus *corpus;
    const struct phrase_settings *settings;
    const struct observer *observer;
    struct pair_table table;
    uint64_t *counts; /* [names.count] at its start */
    uint64_t n_tokens, n_joined;
    struct error *reterr;
};

/* ---- the table of pairs ---- */

static uint64_t mix(uint32_t left, uint32_t right)
{
    uint64_t x = (uint64_t)left << 32 | right;
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static struct pair *find(const struct pair_table *table, uint32_t left, uint32_t right)
{
    size_t at = mix(left, right) & (table->n_slots - 1);
    while (table->slots[at].count &&
           (table->slots[at].left != left || table->slots[at].right != right))
        at = (at + 1) & (table->n_slots - 1);
    return &table->slots[at];
}

/* Into a table of n_slots; pairs of fewer than `least` are left behind. */
static bool rebuild(struct pair_table *table, size_t n_slots, uint32_t least)
{
    struct pair_table next = {.n_slots = n_slots, .most = table->most, .least = least};
    next.slots = calloc(n_slots, sizeof *next.slots);
    if (!next.slots)
        return false;
    for (size_t s = 0; s < table->n_slots; s++) {
        const struct pair *pair = &table->slots[s];
        if (pair->count == 0 || pair->count < least)
            continue;
        *find(&next, pair->left, pair->right) = *pair;
        next.n++;
    }
    free(table->slots);
    *table = next;
    return true;
}

static bool make_room(struct pair_table *table)
{
    while (table->n >= table->most)
        if (!rebuild(table, table->n_slots, table->least + 1))
            return false;
    return table->n < table->n_slots / 4 * 3 || rebuild(table, 2 * table->n_slots, table->least);
}

static bool count_pair(struct pair_table *table, uint32_t left, uint32_t right)
{
    struct pair *pair = find(table, left, right);
    if (pair->count == 0) {
        if (!make_room(table))
            return false;
        pair = find(table, left, right);
        *pair = (struct pair){.left = left, .right = right, .joined = left_alone};
        table->n++;
    }
    pair->count += pair->count < UINT32_MAX;
    return true;
}

/* ---- one pass ---- */

static bool is_stopped(const struct pass *pass, uint64_t at)
{
    return at % STOP_EVERY == 0 && observer_stops(pass->observer);
}

static enum status cancelled(const struct pass *pass)
{
    return error_set(pass->reterr, STATUS_CANCELLED, "stopped while phrases were looked for");
}

static enum status no_memory(const struct pass *pass)
{
    return error_set(pass->reterr, STATUS_NO_MEMORY, "no memory for the phrases");
}

static bool may_join(const struct pass *pass, uint32_t left, uint32_t right)
{
    return pass->counts[left] > pass->settings->delta &&
           pass->counts[right] > pass->settings->delta;
}

static enum status count_pairs(struct pass *pass)
{
    const struct corpus *corpus = pass->corpus;
    for (uint64_t s = 0; s < corpus->n_sequences; s++)
        for (uint64_t t = corpus->starts[s]; t + 1 < corpus->starts[s + 1]; t++) {
            const uint32_t left = corpus->tokens[t], right = corpus->tokens[t + 1];
            if (is_stopped(pass, t))
                return cancelled(pass);
            if (may_join(pass, left, right) && !count_pair(&pass->table, left, right))
                return no_memory(pass);
        }
    return STATUS_OK;
}

static bool is_short(const struct pass *pass, const struct pair *pair)
{
    size_t left, right;
    idmap_id(&pass->corpus->names, pair->left, &left);
    idmap_id(&pass->corpus->names, pair->right, &right);
    return left + 1 + right <= PHRASE_BYTES_MAX;
}

static void choose(struct pass *pass)
{
    const double n = (double)pass->n_tokens, threshold = pass->settings->threshold;
    for (size_t s = 0; s < pass->table.n_slots; s++) {
        struct pair *pair = &pass->table.slots[s];
        if (pair->count <= pass->settings->delta)
            continue; /* a free slot, too */
        const double score = n * ((double)pair->count - (double)pass->settings->delta) /
                             ((double)pass->counts[pair->left] * (double)pass->counts[pair->right]);
        if (score > threshold && is_short(pass, pair))
            pair->joined = IDMAP_NONE;
    }
}

/* A phrase may be there already as a word of the text. */
static enum status number_phrase(struct pass *pass, struct pair *pair)
{
    char name[PHRASE_BYTES_MAX];
    size_t left, right;
    struct corpus *corpus = pass->corpus;
    const char *bytes = idmap_id(&corpus->names, pair->left, &left);
    memcpy(name, bytes, left);
    name[left] = '_';
    bytes = idmap_id(&corpus->names, pair->right, &right);
    memcpy(name + left + 1, bytes, right);
    pair->joined = idmap_find(&corpus->names, name, left + 1 + right);
    if (pair->joined != IDMAP_NONE)
        return STATUS_OK;
    pair->joined = corpus->names.count;
    return corpus_add_name(corpus, name, left + 1 + right, pass->reterr);
}

/* The token that stands from t on, and of how many words it is. */
static enum status next_token(struct pass *pass, uint64_t t, uint64_t end, uint32_t *ret_token,
                              unsigned *ret_words)
{
    const uint32_t *tokens = pass->corpus->tokens;
    *ret_token = tokens[t];
    *ret_words = 1;
    if (t + 1 == end)
        return STATUS_OK;
    struct pair *pair = find(&pass->table, tokens[t], tokens[t + 1]);
    if (pair->count == 0 || pair->joined == left_alone)
        return STATUS_OK;
    const enum status status = pair->joined == IDMAP_NONE ? number_phrase(pass, pair) : STATUS_OK;
    *ret_token = pair->joined;
    *ret_words = 2;
    return status;
}

static enum status join(struct pass *pass)
{
    struct corpus *corpus = pass->corpus;
    uint64_t to = 0, t = 0;
    memset(corpus->counts, 0, corpus->names.count * sizeof *corpus->counts);
    for (uint64_t s = 0; s < corpus->n_sequences; s++) {
        const uint64_t end = corpus->starts[s + 1];
        while (t < end) {
            uint32_t token;
            unsigned n_words;
            if (is_stopped(pass, to))
                return cancelled(pass);
            const enum status status = next_token(pass, t, end, &token, &n_words);
            if (status != STATUS_OK)
                return status;
            t += n_words;
            pass->n_joined += n_words > 1;
            corpus->tokens[to++] = token;
            corpus->counts[token]++;
        }
        corpus->starts[s + 1] = to;
    }
    corpus->n_tokens = to;
    return STATUS_OK;
}

static enum status run_pass(struct pass *pass)
{
    const struct corpus *corpus = pass->corpus;
    const size_t n = corpus->names.count;
    pass->n_tokens = corpus->n_tokens;
    pass->table = (struct pair_table){.n_slots = SLOTS_FIRST, .most = pass->settings->pairs};
    pass->table.slots = calloc(SLOTS_FIRST, sizeof *pass->table.slots);
    pass->counts = malloc((n + 1) * sizeof *pass->counts);
    enum status status = STATUS_OK;
    if (!pass->table.slots || !pass->counts) {
        status = no_memory(pass);
    } else {
        memcpy(pass->counts, corpus->counts, n * sizeof *pass->counts);
        status = count_pairs(pass);
    }
    if (status == STATUS_OK) {
        choose(pass);
        status = join(pass);
    }
    free(pass->table.slots);
    free(pass->counts);
    return status;
}

enum status phrases_join(struct corpus *corpus, const struct phrase_settings *settings,
                         const struct observer *observer, uint64_t *ret_joined,
                         struct error *reterr)
{
    assert(settings->threshold > 0 && settings->pairs > 0);
    struct pass pass = {
        .corpus = corpus, .settings = settings, .observer = observer, .reterr = reterr};
    enum status status = corpus_end_sequence(corpus, reterr);
    for (int64_t p = 0; p < settings->passes && corpus->n_tokens > 0 && status == STATUS_OK; p++) {
        const uint64_t before = pass.n_joined;
        observe_progress(observer, "joining phrases", (double)p / (double)settings->passes);
        status = run_pass(&pass);
        if (pass.n_joined == before)
            break;
    }
    if (status == STATUS_OK)
        *ret_joined = pass.n_joined;
    return status;
}
