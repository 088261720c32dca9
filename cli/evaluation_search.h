#pragma once
/* `evaluate --search`: what was tried, as a table and on TensorBoard's page of HParams. */
#include <stdio.h>

#include "board/board.h"
#include "eval/search.h"

/* The trials, each model's best first, then how far the winner is ahead of the other models. */
enum status evaluation_print_search(const struct search_result *result, FILE *out);

/* A run "search-MODEL-NUMBER" for each trial that was measured, the first BOARD_TRIALS_MAX of them:
 * its settings, and "search/ndcg@20" by rung. */
enum { BOARD_TRIALS_MAX = 500 };
void evaluation_show_search(const struct search_result *result, struct board *board);
