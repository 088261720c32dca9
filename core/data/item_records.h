#pragma once
/* What is known of items beside their interactions, for the models that learn from it. Whoever has
 * a catalogue (the store, a data set's files) gives it as one function. */
#include "data/records.h"

typedef enum status (*item_records_each)(void *context, uint32_t item,
                                         const struct item_record *record);

struct item_records {
    void *context;
    /* Calls `each` for every item that has a record, in any order; of several of one item the last
     * counts. Ends with whatever other than OK `each` returns; otherwise a status of its own, with
     * its reason. */
    enum status (*read)(void *context, item_records_each each, void *each_context,
                        struct error *reterr);
};

/* The records of a store, as they are when they are read: deleted items have none. Borrowed. */
struct store;
struct item_records store_item_records(struct store *store);
