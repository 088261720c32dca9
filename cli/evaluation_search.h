#pragma once
/* `evaluate --search`: what was tried, as a table. */
#include <stdio.h>

#include "eval/search.h"

/* The trials, each model's best first, then how far the winner is ahead of the other models. */
enum status evaluation_print_search(const struct search_result *result, FILE *out);
