#pragma once
/* Ranked lists of users who asked a moment ago: the best items of everything that each could be
 * shown, some more than an answer needs.
 *
 * A list is an order, not an answer: whoever uses it takes out what is not eligible any more, and
 * when too little is left it is made anew. It holds as long as nothing can have become eligible
 * that was not when it was made. So an answer from a list is the answer that would be computed:
 *
 *     generation, seq   another snapshot or a change of the user: made anew
 *     gains             an item came, or its time or visibility changed: made anew. Any other
 * change of an item (title, price, group, hidden, gone) leaves the lists as they are [from, until)
 * until the next moment at which time alone lets an item in: its publication, or the end of a
 * type's `hides` for one the user has seen; not before `from`, when the clock was set back
 *
 * One list a user at most, a fixed number of them in all, in sets of four: the one asked for
 * longest ago in its set goes. Memory is taken once and touched as it fills, LIST_BYTES each.
 * Threads: any number; a lock over some of the sets is held for a copy of one list.
 */
#include "base/arena.h"
#include "linalg/topk.h"

struct list_cache;

enum {
    LIST_ITEMS_MAX = 246,
    LIST_RESERVE = 100, /* what may go before a list has to be made anew */
    LIST_BYTES = 2048,
};

struct list_key {
    uint32_t user; /* QUERY_NO_USER: everybody without a history of their own */
    uint64_t generation, seq, gains;
    int64_t now_ms;
};

struct ranked_list {
    const struct ranked *best; /* [n] in order */
    uint32_t n;
    const char *strategy, *model; /* constant texts */
    bool calibrated;              /* all scores are probabilities */
};

/* For `lists` of them, more than 0, rounded up to a whole number of sets. NO_MEMORY. */
enum status list_cache_new(uint32_t lists, struct list_cache **ret_cache);
void list_cache_free(struct list_cache *cache);

/* A copy in the arena. NOT_FOUND (which counts as a miss), NO_MEMORY. */
enum status list_cache_get(struct list_cache *cache, const struct list_key *key,
                           struct arena *arena, struct ranked_list *ret_list);

/* Keeps the first LIST_ITEMS_MAX of a list made at key->now_ms that holds until `until_ms`; in the
 * place of what the user had. */
void list_cache_put(struct list_cache *cache, const struct list_key *key, int64_t until_ms,
                    const struct ranked_list *list);

/* Overwrites the user's list with zeros. */
void list_cache_forget(struct list_cache *cache, uint32_t user);

struct list_cache_counts {
    uint64_t hits, misses; /* of list_cache_get since the start */
    uint32_t lists;        /* held */
};
struct list_cache_counts list_cache_count(struct list_cache *cache);
