#include "cli/listing.h"

void listing_start(struct listing *listing, const struct invocation *invocation,
                   const struct table_column *columns, size_t n_columns)
{
    *listing = (struct listing){0};
    if (invocation_flag(invocation, "json"))
        listing->array = json_array();
    else
        listing->table = table_new(columns, n_columns);
}

enum status listing_print(struct listing *listing, enum status status)
{
    if (listing->array) {
        if (status == STATUS_OK)
            json_dumpf(listing->array, stdout, JSON_INDENT(2));
        putchar('\n');
        json_decref(listing->array);
        return status;
    }
    const enum status printed = table_print(listing->table, stdout);
    return status != STATUS_OK ? status : printed;
}
