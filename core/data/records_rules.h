#pragma once
/* The rules of records, shared by the parsers of JSON (data/records.c) and the checks of records
 * that came otherwise. Private to data/records*.c. Errors point at "/field" of the record. */
#include "data/records.h"

/* All rules but those of the attributes and the context, which the parser applies to the JSON. */
enum status user_check_fields(const struct user_record *user, struct error *reterr);
enum status item_check_fields(const struct item_record *item, struct error *reterr);
enum status event_check_fields(const struct event_record *event, struct error *reterr);
enum status impression_check_fields(const struct impression_record *impression,
                                    struct error *reterr);
