#include "server/feedback.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "data/store.h"
#include "server/site.h"

enum { SLOTS = 4 * FEEDBACK_CHOICES };

struct feedback {
    struct site *site;
    uint64_t events_seq, lists_seq; /* read up to here */
    size_t n_choices;
    unsigned char key[crypto_shorthash_siphashx24_KEYBYTES];
    uint64_t choices[SLOTS]; /* hashes of list and item; 0: free */
    /* of the step under way */
    struct figures *figures;
};

enum status feedback_new(struct site *site, uint64_t after_seq, struct feedback **ret_feedback)
{
    struct feedback *feedback = calloc(1, sizeof *feedback);
    if (!feedback)
        return STATUS_NO_MEMORY;
    feedback->site = site;
    feedback->events_seq = feedback->lists_seq = after_seq;
    randombytes_buf(feedback->key, sizeof feedback->key);
    *ret_feedback = feedback;
    return STATUS_OK;
}

void feedback_free(struct feedback *feedback)
{
    free(feedback);
}

static uint64_t hash_of(const struct feedback *feedback, const char *list, uint32_t item)
{
    unsigned char hash[crypto_shorthash_siphashx24_BYTES], bytes[RECOMMENDATION_ID_SIZE + 4];
    const size_t length = strnlen(list, RECOMMENDATION_ID_SIZE);
    memcpy(bytes, list, length);
    memcpy(bytes + length, &item, sizeof item);
    crypto_shorthash_siphashx24(hash, bytes, length + sizeof item, feedback->key);
    uint64_t value;
    memcpy(&value, hash, sizeof value);
    return value | 1;
}

/* False where it was there. A table that is half full forgets all: an item chosen again long
 * after is then counted again. */
static bool remember(struct feedback *feedback, uint64_t hash)
{
    size_t slot = (size_t)(hash >> 1) % SLOTS;
    while (feedback->choices[slot] && feedback->choices[slot] != hash)
        slot = (slot + 1) % SLOTS;
    if (feedback->choices[slot])
        return false;
    if (feedback->n_choices++ == SLOTS / 2) {
        memset(feedback->choices, 0, sizeof feedback->choices);
        feedback->n_choices = 1;
        slot = (size_t)(hash >> 1) % SLOTS;
    }
    feedback->choices[slot] = hash;
    return true;
}

static enum status take_event(void *context, const struct choice_row *row)
{
    struct feedback *feedback = context;
    struct figures *figures = feedback->figures;
    uint32_t number;
    figures->events[row->type]++;
    if (!row->recommendation_id || !(site_types(feedback->site)->of[row->type].weight > 0) ||
        !site_recommendation_version(feedback->site, row->recommendation_id, &number) ||
        !remember(feedback, hash_of(feedback, row->recommendation_id, row->item)))
        return STATUS_OK;
    figures_count_version(figures, &(struct figures_version){.version = number, .chosen = 1});
    if (row->position >= 0 && row->position < ANSWERED_RANKS)
        figures->ranks_chosen[row->position]++;
    return STATUS_OK;
}

static enum status take_list(void *context, const struct list_row *row)
{
    struct feedback *feedback = context;
    struct figures *figures = feedback->figures;
    uint32_t number;
    if (!row->recommendation_id ||
        !site_recommendation_version(feedback->site, row->recommendation_id, &number))
        return STATUS_OK;
    figures_count_version(figures,
                          &(struct figures_version){.version = number, .shown = row->n_items});
    for (uint32_t r = 0; r < ANSWERED_RANKS && r < row->n_items; r++)
        figures->ranks_shown[r]++;
    return STATUS_OK;
}

enum status feedback_read(struct feedback *feedback, struct store *store, uint64_t upto_seq,
                          struct figures *figures, bool *ret_rest, struct error *reterr)
{
    uint64_t events_seq, lists_seq;
    struct figures step = {0}; /* counts only where all of it was read */
    feedback->figures = &step;
    enum status status =
        store_read_choices(store, feedback->events_seq, upto_seq, FEEDBACK_ROWS_MAX, take_event,
                           feedback, &events_seq, reterr);
    if (status == STATUS_OK)
        status = store_read_lists(store, feedback->lists_seq, upto_seq, FEEDBACK_ROWS_MAX,
                                  take_list, feedback, &lists_seq, reterr);
    if (status != STATUS_OK) { /* what was read comes again, and must not count as remembered */
        memset(feedback->choices, 0, sizeof feedback->choices);
        feedback->n_choices = 0;
        return status;
    }
    figures_add(figures, &step);
    feedback->events_seq = events_seq;
    feedback->lists_seq = lists_seq;
    *ret_rest = events_seq < upto_seq || lists_seq < upto_seq;
    return STATUS_OK;
}
