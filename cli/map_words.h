#pragma once
/* `tastevin map --vectors FILE`: the words of a file of vectors, its first rows, which are the most
 * frequent in what `embed` and word2vec write. Returns the exit code. */
#include "cli/command.h"

int map_of_words(const struct invocation *invocation);
