#pragma once
/* Subcommands and their options: one table (commands.c), from which parsing, `--help`, the manual
 * page and the shell's completion derive.
 *
 * Conventions are GNU's: options and arguments in any order, `--name=value` or `--name value`,
 * letters joined (`-n5`), `--` ends the options, `-` alone is an argument (standard input).
 * Long options are not abbreviated: an unknown one is answered with the nearest known name.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/option.h"
#include "base/status.h"

/* What a subcommand answers to the shell. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

struct invocation;

struct command_option {
    struct option option; /* name without dashes, type, default (NULL: none), range, help */
    char letter;          /* 0: none */
    const char *metavar;  /* what follows it, "DIR"; NULL: a switch */
    const char *setting;  /* the configuration key that it sets, "server.port"; NULL: none */
    bool repeats;
};

/* May it run while a daemon serves from the same data directory? */
enum beside {
    BESIDE_YES,   /* reads and writes through the store, which is made for it */
    BESIDE_NO,    /* takes the directory's lock, as the daemon does */
    BESIDE_MIXED, /* one action may, another may not, as its details say */
    BESIDE_NONE,  /* touches no data directory */
};

/* Groups of options that several subcommands share. */
enum { TAKES_DATA = 1, TAKES_CONFIG = 2, TAKES_JSON = 4 };

struct command {
    const char *name;
    const char *arguments;                /* as shown after the name: "FORMAT PATH..." */
    const char *summary;                  /* one line */
    const char *details;                  /* paragraphs for --help and the manual; examples */
    const struct command_option *options; /* [n_options] its own */
    size_t n_options;
    unsigned takes; /* TAKES_... */
    enum beside beside;
    unsigned arguments_min, arguments_max; /* UINT_MAX: any number */
    const char *const *words; /* what the first argument may be, NULL at the end; NULL: anything */
    void (*more)(FILE *out);  /* lists from other tables at the end of its help; NULL: nothing */
    int (*run)(const struct invocation *invocation);
};

extern const struct command commands[]; /* name NULL at the end */

/* Options that every subcommand has, and the groups. */
extern const struct command_option common_options[];
extern const size_t n_common_options;

union command_value {
    bool flag;
    int64_t whole;
    double real;
    const char *text;
    int choice;
};

/* One option as it was given. */
struct given {
    const struct command_option *option;
    const char *text; /* "true" for a switch */
    union command_value value;
};

/* A parsed command line. Texts belong to argv or to the arena. */
struct invocation {
    const char *program; /* argv[0] */
    const struct command *command;
    const struct given *given; /* [n_given] in order */
    size_t n_given;
    const char *const *arguments; /* [n_arguments] */
    size_t n_arguments;
    struct arena arena;
};

/* True when `command` takes the common option. */
bool command_takes(const struct command *command, const struct command_option *common);

/* The command of that name, or NULL with the nearest name (or NULL) in *ret_nearest. */
const struct command *command_find(const char *name, const char **ret_nearest);

/* argv[0] is the program. On failure *ret_invocation holds the command as far as it was
 * recognised, for the hint that points at its help; free it in either case. Neither `--help` nor
 * `--version` needs the arguments that a command wants. */
enum status invocation_parse(int argc, char *const *argv, struct invocation *ret_invocation,
                             struct error *reterr);
void invocation_free(struct invocation *invocation);

/* True when the option was given. */
bool invocation_has(const struct invocation *invocation, const char *name);

/* Of an option that repeats each time that it was given, in order: the first after NULL, NULL after
 * the last. */
const struct given *invocation_next(const struct invocation *invocation, const char *name,
                                    const struct given *after);

/* The value given last, or the table's default. The option must be one of the command's and of the
 * type asked for. invocation_text is NULL where there is neither. */
bool invocation_flag(const struct invocation *invocation, const char *name);
int64_t invocation_whole(const struct invocation *invocation, const char *name);
int64_t invocation_duration_ms(const struct invocation *invocation, const char *name);
double invocation_real(const struct invocation *invocation, const char *name);
const char *invocation_text(const struct invocation *invocation, const char *name);
int invocation_choice(const struct invocation *invocation, const char *name);
