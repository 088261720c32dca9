#include "cli/command.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "data/settings.h"

static const char *command_name_at(const void *context, size_t i)
{
    (void)context;
    return commands[i].name;
}

const struct command *command_find(const char *name, const char **ret_nearest)
{
    size_t count = 0;
    for (; commands[count].name; count++)
        if (strcmp(commands[count].name, name) == 0)
            return &commands[count];
    if (ret_nearest)
        *ret_nearest = text_nearest(name, count, command_name_at, NULL);
    return NULL;
}

bool command_takes(const struct command *command, const struct command_option *common)
{
    static const struct {
        const char *name;
        unsigned group;
    } groups[] = {{"data", TAKES_DATA},
                  {"config", TAKES_CONFIG},
                  {"set", TAKES_CONFIG},
                  {"json", TAKES_JSON}};
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        if (strcmp(common->option.name, groups[i].name) == 0)
            return command && (command->takes & groups[i].group);
    return true;
}

/* ---- finding options; command may be NULL: only the common ones then ---- */

static size_t option_count(const struct command *command)
{
    return n_common_options + (command ? command->n_options : 0);
}

static const struct command_option *option_at(const struct command *command, size_t i)
{
    if (command && i < command->n_options)
        return &command->options[i];
    const size_t common = i - (command ? command->n_options : 0);
    /* Before the subcommand's name every common option is allowed: it is checked later. */
    const bool taken = !command || command_takes(command, &common_options[common]);
    return taken ? &common_options[common] : NULL;
}

static const struct command_option *option_named(const struct command *command, const char *name,
                                                 size_t length)
{
    for (size_t i = 0; i < option_count(command); i++) {
        const struct command_option *option = option_at(command, i);
        if (option && strncmp(option->option.name, name, length) == 0 &&
            option->option.name[length] == '\0')
            return option;
    }
    return NULL;
}

static const struct command_option *option_lettered(const struct command *command, char letter)
{
    for (size_t i = 0; i < option_count(command); i++) {
        const struct command_option *option = option_at(command, i);
        if (option && option->letter == letter)
            return option;
    }
    return NULL;
}

static const char *option_name_at(const void *context, size_t i)
{
    const struct command_option *option = option_at(context, i);
    return option ? option->option.name : "";
}

static enum status refuse_unknown(const struct command *command, const char *name, size_t length,
                                  struct error *reterr)
{
    char wanted[64];
    snprintf(wanted, sizeof wanted, "%.*s", (int)(length < 60 ? length : 60), name);
    const char *nearest = text_nearest(wanted, option_count(command), option_name_at, command);
    if (nearest && *nearest)
        return error_set(reterr, STATUS_NOT_FOUND, "unknown option --%s; did you mean --%s?",
                         wanted, nearest);
    return error_set(reterr, STATUS_NOT_FOUND, "unknown option --%s", wanted);
}

/* ---- parsing ---- */

struct parse {
    int argc, next; /* argv[next] is looked at next */
    char *const *argv;
    struct invocation *invocation;
    struct given *given;
    const char **arguments;
    bool only_arguments; /* after "--" */
};

/* An option that stands for a setting takes what the setting takes. */
static enum status check_setting(struct parse *p, const struct command_option *option,
                                 const char *text, struct error *reterr)
{
    union command_value unused;
    const struct option *setting =
        option_find(settings_options, settings_n_options, option->setting);
    assert(setting);
    struct option at_start = *setting;
    at_start.name = option->option.name;
    at_start.offset = 0;
    return option_set(&at_start, &unused, text, &p->invocation->arena, reterr);
}

static enum status take_value(struct parse *p, const struct command_option *option,
                              const char *text, struct error *reterr)
{
    struct given *given = &p->given[p->invocation->n_given];
    *given = (struct given){.option = option, .text = text};
    struct option at_start = option->option;
    at_start.offset = 0;
    enum status status = option_set(&at_start, &given->value, text, &p->invocation->arena, reterr);
    if (status == STATUS_OK && option->setting)
        status = check_setting(p, option, text, reterr);
    if (status != STATUS_OK) {
        if (reterr)
            error_prefix(reterr, "--");
        return status;
    }
    p->invocation->n_given++;
    return STATUS_OK;
}

static enum status parse_long(struct parse *p, const char *word, struct error *reterr)
{
    const struct command *command = p->invocation->command;
    const char *equals = strchr(word, '=');
    const size_t length = equals ? (size_t)(equals - word) : strlen(word);
    const struct command_option *option = option_named(command, word, length);
    if (!option)
        return refuse_unknown(command, word, length, reterr);
    if (!option->metavar) {
        if (equals)
            return error_set(reterr, STATUS_MALFORMED, "--%s takes no value", option->option.name);
        return take_value(p, option, "true", reterr);
    }
    if (!equals && p->next >= p->argc)
        return error_set(reterr, STATUS_MALFORMED, "--%s needs a value: --%s %s",
                         option->option.name, option->option.name, option->metavar);
    return take_value(p, option, equals ? equals + 1 : p->argv[p->next++], reterr);
}

static enum status parse_letters(struct parse *p, const char *letters, struct error *reterr)
{
    for (; *letters; letters++) {
        const struct command_option *option = option_lettered(p->invocation->command, *letters);
        if (!option)
            return error_set(reterr, STATUS_NOT_FOUND, "unknown option -%c", *letters);
        if (!option->metavar) {
            const enum status status = take_value(p, option, "true", reterr);
            if (status != STATUS_OK)
                return status;
            continue;
        }
        if (letters[1])
            return take_value(p, option, letters + 1, reterr);
        if (p->next >= p->argc)
            return error_set(reterr, STATUS_MALFORMED, "-%c needs a value: -%c %s", *letters,
                             *letters, option->metavar);
        return take_value(p, option, p->argv[p->next++], reterr);
    }
    return STATUS_OK;
}

static enum status take_command(struct parse *p, const char *word, struct error *reterr)
{
    const char *nearest = NULL;
    p->invocation->command = command_find(word, &nearest);
    if (p->invocation->command)
        return STATUS_OK;
    if (nearest)
        return error_set(reterr, STATUS_NOT_FOUND, "unknown subcommand '%.60s'; did you mean '%s'?",
                         word, nearest);
    return error_set(reterr, STATUS_NOT_FOUND, "unknown subcommand '%.60s'", word);
}

static enum status parse_word(struct parse *p, const char *word, struct error *reterr)
{
    if (!p->only_arguments && strcmp(word, "--") == 0) {
        p->only_arguments = true;
        return STATUS_OK;
    }
    if (!p->only_arguments && word[0] == '-' && word[1] == '-')
        return parse_long(p, word + 2, reterr);
    if (!p->only_arguments && word[0] == '-' && word[1])
        return parse_letters(p, word + 1, reterr);
    if (!p->invocation->command)
        return take_command(p, word, reterr);
    p->arguments[p->invocation->n_arguments++] = word;
    return STATUS_OK;
}

/* Options before the subcommand's name were taken on trust. */
static enum status check_given(const struct invocation *invocation, struct error *reterr)
{
    for (size_t i = 0; i < invocation->n_given; i++) {
        const struct command_option *option = invocation->given[i].option;
        if (!option_named(invocation->command, option->option.name, strlen(option->option.name)))
            return error_set(reterr, STATUS_NOT_FOUND, "%s takes no option --%s",
                             invocation->command->name, option->option.name);
        if (option->repeats)
            continue;
        for (size_t j = 0; j < i; j++)
            if (invocation->given[j].option == option)
                return error_set(reterr, STATUS_CONFLICT, "--%s is given twice",
                                 option->option.name);
    }
    return STATUS_OK;
}

static const char *word_at(const void *context, size_t i)
{
    return ((const char *const *)context)[i];
}

static enum status check_word(const struct invocation *invocation, struct error *reterr)
{
    const char *const *words = invocation->command->words, *given = invocation->arguments[0];
    size_t count = 0;
    for (; words[count]; count++)
        if (strcmp(words[count], given) == 0)
            return STATUS_OK;
    const char *nearest = text_nearest(given, count, word_at, words);
    if (nearest)
        return error_set(reterr, STATUS_NOT_FOUND, "%s knows no '%.60s'; did you mean '%s'?",
                         invocation->command->name, given, nearest);
    return error_set(reterr, STATUS_NOT_FOUND, "%s knows no '%.60s'; it takes %s",
                     invocation->command->name, given, invocation->command->arguments);
}

static enum status check_arguments(const struct invocation *invocation, struct error *reterr)
{
    const struct command *command = invocation->command;
    if (invocation->n_arguments < command->arguments_min)
        return error_set(reterr, STATUS_MALFORMED, "%s needs more: tastevin %s %s", command->name,
                         command->name, command->arguments);
    if (invocation->n_arguments > command->arguments_max)
        return error_set(reterr, STATUS_MALFORMED, "'%.60s' is one argument too many for %s",
                         invocation->arguments[command->arguments_max], command->name);
    return command->words && invocation->n_arguments ? check_word(invocation, reterr) : STATUS_OK;
}

enum status invocation_parse(int argc, char *const *argv, struct invocation *ret_invocation,
                             struct error *reterr)
{
    *ret_invocation = (struct invocation){.program = argc ? argv[0] : "tastevin"};
    const size_t room = (size_t)argc + 1;
    struct parse p = {.argc = argc, .next = 1, .argv = argv, .invocation = ret_invocation};
    /* No word holds more options than letters; long ones hold one. */
    size_t letters = room;
    for (int i = 1; i < argc; i++)
        letters += argv[i][0] == '-' && argv[i][1] != '-' ? strlen(argv[i]) : 0;
    p.given = arena_zalloc(&ret_invocation->arena, letters, sizeof *p.given);
    p.arguments = arena_zalloc(&ret_invocation->arena, room, sizeof *p.arguments);
    if (!p.given || !p.arguments)
        return error_set(reterr, STATUS_NO_MEMORY, "no memory for the command line");
    ret_invocation->given = p.given;
    ret_invocation->arguments = p.arguments;
    while (p.next < argc) {
        const enum status status = parse_word(&p, argv[p.next++], reterr);
        if (status != STATUS_OK)
            return status;
    }
    if (invocation_has(ret_invocation, "help") || invocation_has(ret_invocation, "version"))
        return STATUS_OK;
    if (!ret_invocation->command)
        return error_set(reterr, STATUS_MALFORMED, "which subcommand?");
    const enum status status = check_given(ret_invocation, reterr);
    return status != STATUS_OK ? status : check_arguments(ret_invocation, reterr);
}

void invocation_free(struct invocation *invocation)
{
    arena_free(&invocation->arena);
}

/* ---- values ---- */

static const struct given *given_last(const struct invocation *invocation, const char *name)
{
    const struct given *last = NULL;
    for (size_t i = 0; i < invocation->n_given; i++)
        if (strcmp(invocation->given[i].option->option.name, name) == 0)
            last = &invocation->given[i];
    return last;
}

const struct given *invocation_next(const struct invocation *invocation, const char *name,
                                    const struct given *after)
{
    const struct given *end = invocation->given + invocation->n_given;
    for (const struct given *g = after ? after + 1 : invocation->given; g < end; g++)
        if (strcmp(g->option->option.name, name) == 0)
            return g;
    return NULL;
}

bool invocation_has(const struct invocation *invocation, const char *name)
{
    return given_last(invocation, name) != NULL;
}

/* The value given, or the default read from the table, which needs no memory for what it is used
 * for here: texts stay where they are. */
static union command_value value_of(const struct invocation *invocation, const char *name,
                                    enum option_type type)
{
    union command_value value = {0};
    const struct command_option *option = option_named(invocation->command, name, strlen(name));
    assert(option && option->option.type == type);
    (void)type;
    const struct given *given = given_last(invocation, name);
    if (given)
        return given->value;
    if (!option->option.initial)
        return value;
    if (option->option.type == OPTION_TEXT) {
        value.text = option->option.initial;
        return value;
    }
    struct option at_start = option->option;
    at_start.offset = 0;
    const enum status status = option_set(&at_start, &value, at_start.initial, NULL, NULL);
    assert(status == STATUS_OK);
    (void)status;
    return value;
}

bool invocation_flag(const struct invocation *invocation, const char *name)
{
    return value_of(invocation, name, OPTION_BOOL).flag;
}

int64_t invocation_whole(const struct invocation *invocation, const char *name)
{
    return value_of(invocation, name, OPTION_INT).whole;
}

int64_t invocation_duration_ms(const struct invocation *invocation, const char *name)
{
    return value_of(invocation, name, OPTION_DURATION).whole;
}

double invocation_real(const struct invocation *invocation, const char *name)
{
    return value_of(invocation, name, OPTION_REAL).real;
}

const char *invocation_text(const struct invocation *invocation, const char *name)
{
    return value_of(invocation, name, OPTION_TEXT).text;
}

int invocation_choice(const struct invocation *invocation, const char *name)
{
    return value_of(invocation, name, OPTION_CHOICE).choice;
}
