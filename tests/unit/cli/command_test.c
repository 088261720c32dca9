/* What these catch: an option bound to the wrong value or order, a refusal that leaves no hint, a
 * table whose rows contradict themselves. */
#include "support/test.h"

#include <stdlib.h>
#include <string.h>

#include "cli/command.h"

/* Parses words up to a NULL; the invocation is the caller's. */
static enum status parse(struct invocation *invocation, struct error *err, const char *const *words)
{
    int argc = 0;
    while (words[argc])
        argc++;
    *err = (struct error){0};
    return invocation_parse(argc, (char *const *)words, invocation, err);
}

#define WORDS(...) ((const char *const[]){"tastevin", __VA_ARGS__, NULL})

static void every_default_in_the_table_is_in_its_own_range(void **state)
{
    (void)state;
    struct arena arena = {0};
    for (const struct command *c = commands; c->name; c++)
        for (size_t i = 0; i < c->n_options; i++) {
            struct option option = c->options[i].option;
            union command_value value;
            option.offset = 0;
            if (option.initial)
                assert_int_equal(option_set(&option, &value, option.initial, &arena, NULL),
                                 STATUS_OK);
        }
    arena_free(&arena);
}

static void no_letter_and_no_name_stands_twice_in_a_subcommand(void **state)
{
    (void)state;
    for (const struct command *c = commands; c->name; c++) {
        const struct command_option *seen[64];
        size_t n = 0;
        for (size_t i = 0; i < c->n_options; i++)
            seen[n++] = &c->options[i];
        for (size_t i = 0; i < n_common_options; i++)
            if (command_takes(c, &common_options[i]))
                seen[n++] = &common_options[i];
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < i; j++) {
                assert_string_not_equal(seen[i]->option.name, seen[j]->option.name);
                assert_true(!seen[i]->letter || seen[i]->letter != seen[j]->letter);
            }
    }
}

static void values_come_joined_apart_and_by_letter(void **state)
{
    (void)state;
    const char *const *const forms[] = {
        WORDS("recommend", "u", "--number=7"), WORDS("recommend", "--number", "7", "u"),
        WORDS("recommend", "-n7", "u"), WORDS("recommend", "u", "-n", "7")};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct invocation invocation;
        struct error err;
        assert_int_equal(parse(&invocation, &err, forms[i]), STATUS_OK);
        assert_int_equal(invocation_whole(&invocation, "number"), 7);
        assert_int_equal(invocation.n_arguments, 1);
        assert_string_equal(invocation.arguments[0], "u");
        invocation_free(&invocation);
    }
}

static void what_is_not_given_has_its_default(void **state)
{
    (void)state;
    struct invocation invocation;
    struct error err;
    assert_int_equal(parse(&invocation, &err, WORDS("recommend", "u")), STATUS_OK);
    assert_int_equal(invocation_whole(&invocation, "number"), 10);
    assert_false(invocation_flag(&invocation, "json"));
    assert_null(invocation_text(&invocation, "model"));
    assert_int_equal(invocation_choice(&invocation, "seen"), 0);
    assert_false(invocation_has(&invocation, "number"));
    invocation_free(&invocation);
}

static void repeated_options_keep_their_order(void **state)
{
    (void)state;
    struct invocation invocation;
    struct error err;
    assert_int_equal(parse(&invocation, &err,
                           WORDS("evaluate", "--set", "a=1", "--model", "ials", "--set", "b=2",
                                 "--model", "popular")),
                     STATUS_OK);
    const char *const expected[] = {"a=1", "ials", "b=2", "popular"};
    assert_int_equal(invocation.n_given, 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(invocation.given[i].text, expected[i]);
    assert_string_equal(invocation_text(&invocation, "model"), "popular");
    const struct given *given = invocation_next(&invocation, "set", NULL);
    assert_string_equal(given->text, "a=1");
    given = invocation_next(&invocation, "set", given);
    assert_string_equal(given->text, "b=2");
    assert_null(invocation_next(&invocation, "set", given));
    assert_null(invocation_next(&invocation, "seed", NULL));
    invocation_free(&invocation);
}

static void after_two_dashes_everything_is_an_argument(void **state)
{
    (void)state;
    struct invocation invocation;
    struct error err;
    assert_int_equal(parse(&invocation, &err, WORDS("import", "csv", "--", "--json", "-", "-n")),
                     STATUS_OK);
    assert_int_equal(invocation.n_arguments, 4);
    assert_false(invocation_flag(&invocation, "json"));
    assert_string_equal(invocation.arguments[3], "-n");
    invocation_free(&invocation);
}

static void common_options_may_stand_before_the_subcommand(void **state)
{
    (void)state;
    struct invocation invocation;
    struct error err;
    assert_int_equal(parse(&invocation, &err, WORDS("-d", "here", "serve", "-p1")), STATUS_OK);
    assert_string_equal(invocation_text(&invocation, "data"), "here");
    invocation_free(&invocation);
    assert_int_equal(parse(&invocation, &err, WORDS("--data", "here", "help")), STATUS_NOT_FOUND);
    invocation_free(&invocation);
}

static void every_refusal_says_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *words[6];
        enum status status;
        const char *said;
    } cases[] = {
        {{"tastevin", "serv"}, STATUS_NOT_FOUND, "did you mean 'serve'?"},
        {{"tastevin", "xyzzy"}, STATUS_NOT_FOUND, "unknown subcommand 'xyzzy'"},
        {{"tastevin", "--data", "x"}, STATUS_MALFORMED, "which subcommand?"},
        {{"tastevin", "serve", "--prot", "1"}, STATUS_NOT_FOUND, "did you mean --port?"},
        {{"tastevin", "serve", "-p"}, STATUS_MALFORMED, "-p needs a value: -p N"},
        {{"tastevin", "recommend", "-An"}, STATUS_MALFORMED, "-n needs a value"},
        {{"tastevin", "recommend", "u", "--number="}, STATUS_MALFORMED, "--number"},
        {{"tastevin", "recommend", "u", "v"}, STATUS_MALFORMED, "'v' is one argument too many"},
        {{"tastevin", "models", "lst"}, STATUS_NOT_FOUND, "did you mean 'list'?"},
        {{"tastevin", "models", "frobnicate"}, STATUS_NOT_FOUND, "it takes list|show"},
        {{"tastevin", "help", "--man", "--man"}, STATUS_CONFLICT, "--man is given twice"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct invocation invocation;
        struct error err;
        assert_int_equal(parse(&invocation, &err, cases[i].words), cases[i].status);
        assert_non_null(strstr(err.text, cases[i].said));
        invocation_free(&invocation);
    }
}

static void a_very_long_unknown_name_is_cut_in_the_sentence(void **state)
{
    (void)state;
    char word[5000] = "--";
    memset(word + 2, 'a', sizeof word - 3);
    word[sizeof word - 1] = '\0';
    struct invocation invocation;
    struct error err;
    assert_int_equal(parse(&invocation, &err, WORDS("serve", word)), STATUS_NOT_FOUND);
    assert_true(strlen(err.text) < 200);
    invocation_free(&invocation);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_default_in_the_table_is_in_its_own_range),
        cmocka_unit_test(no_letter_and_no_name_stands_twice_in_a_subcommand),
        cmocka_unit_test(values_come_joined_apart_and_by_letter),
        cmocka_unit_test(what_is_not_given_has_its_default),
        cmocka_unit_test(repeated_options_keep_their_order),
        cmocka_unit_test(after_two_dashes_everything_is_an_argument),
        cmocka_unit_test(common_options_may_stand_before_the_subcommand),
        cmocka_unit_test(every_refusal_says_what_is_wrong),
        cmocka_unit_test(a_very_long_unknown_name_is_cut_in_the_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
