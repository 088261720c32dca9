#pragma once
/* Help in its forms, all made from the tables of command.h. */
#include <stdio.h>

#include "cli/command.h"

/* What the program is and its subcommands. */
void help_general(FILE *out);

/* Usage, options with ranges and defaults, details of one subcommand. */
void help_command(const struct command *command, FILE *out);

/* One row of a list: a name, then a text that is wrapped beside it. */
void help_row(const char *name, const char *text, FILE *out);

/* tastevin(1) in man(7) macros. */
void help_manual(FILE *out);

/* A completion script for bash. */
void help_completion(FILE *out);
