/* What these catch: the commented example that no longer equals the defaults, a setting that cannot
 * be read back, errors without the line, sources in the wrong order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "data/settings.h"

static void init(struct settings *settings)
{
    assert_int_equal(settings_init(settings), STATUS_OK);
}

static enum status read_text(struct settings *settings, const char *text, struct error *reterr)
{
    return settings_read_yaml(settings, "t.yaml", text, strlen(text), reterr);
}

/* All values without the comments that say where they came from. */
static void print_values(const struct settings *settings, struct buffer *out)
{
    struct buffer text = {0};
    settings_print(settings, NULL, &text);
    assert_false(text.failed);
    for (const char *line = text.data; *line;) {
        const char *end = strchr(line, '\n'), *comment = strstr(line, " # ");
        buffer_append(out, line, (size_t)((comment && comment < end ? comment : end) - line));
        buffer_append_byte(out, '\n');
        line = end + 1;
    }
    buffer_free(&text);
}

static void assert_same_values(const struct settings *a, const struct settings *b)
{
    struct buffer left = {0}, right = {0};
    print_values(a, &left);
    print_values(b, &right);
    assert_string_equal(left.data, right.data);
    assert_memory_equal(&a->types, &b->types, sizeof a->types);
    buffer_free(&left);
    buffer_free(&right);
}

static void the_commented_example_equals_the_defaults(void **state)
{
    (void)state;
    struct settings defaults, example;
    struct error err = {0};
    init(&defaults);
    init(&example);
    if (settings_read_file(&example, SOURCE_ROOT "/config/tastevin.yaml", &err) != STATUS_OK)
        fail_msg("%s: %s", err.pointer, err.text);
    assert_same_values(&defaults, &example);
    assert_int_equal(example.n_model_settings, 0);
    for (size_t i = 0; i < settings_n_options; i++) /* none is missing from the example */
        if (strcmp(example.places[i], "default") == 0)
            fail_msg("the example lacks %s", settings_options[i].name);
    settings_free(&defaults);
    settings_free(&example);
}

static void what_is_printed_reads_back(void **state)
{
    (void)state;
    struct settings first, second;
    struct error err = {0};
    struct buffer text = {0};
    init(&first);
    assert_int_equal(
        read_text(&first,
                  "server: {port: 9, cors_origins: ['http://a', \"http://b # c\"]}\n"
                  "interactions:\n  half_life: 90d\n  cap: 3.3000000000000003\n  types:\n"
                  "    'a b': {weight: 0.1, hides: 36h, retention: 400d, aggregate: max}\n"
                  "    stars: {by_value: true, hides: forever}\n"
                  "models:\n  ials: {dimensions: 32, lambda: 0.02}\n",
                  &err),
        STATUS_OK);
    assert_int_equal(settings_set(&first, "models.ials.lambda", "0.5", "--set", &err), STATUS_OK);
    settings_print(&first, NULL, &text);
    init(&second);
    if (read_text(&second, text.data, &err) != STATUS_OK)
        fail_msg("%s: %s in\n%s", err.pointer, err.text, text.data);
    assert_same_values(&first, &second);
    assert_string_equal(second.server.cors_origins, "http://a,http://b # c");
    assert_string_equal(second.types.of[1].name, "a b");
    assert_int_equal(second.types.of[1].hides_ms, 36 * 3600000);
    assert_int_equal(second.types.of[1].aggregate, AGGREGATE_MAX);
    assert_int_equal(second.types.of[3].name[0], 0); /* the default types are gone */
    assert_true(second.types.half_life_ms == INT64_C(90) * 86400000);
    assert_true(second.types.cap == 3.3000000000000003);
    assert_int_equal(second.n_model_settings, 2);
    assert_string_equal(second.model_settings[1].value, "0.5");
    buffer_free(&text);
    settings_free(&first);
    settings_free(&second);
}

static void mistakes_stop_with_line_and_remedy(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum status status;
        const char *place, *word;
    } cases[] = {
        {"server:\n  pot: 1\n", STATUS_NOT_FOUND, "t.yaml:2", "did you mean 'port'"},
        {"sever:\n  port: 1\n", STATUS_NOT_FOUND, "t.yaml:1", "did you mean 'server'"},
        {"\nserver:\n  port: eighty\n", STATUS_MALFORMED, "t.yaml:3", "whole number"},
        {"server:\n  port: \"80\"\n", STATUS_MALFORMED, "t.yaml:2", "quotes"},
        {"server:\n  port: 65536\n", STATUS_OUT_OF_RANGE, "t.yaml:2", "65535"},
        {"server:\n  port: 99999999999999999999\n", STATUS_OUT_OF_RANGE, "t.yaml:2", "65535"},
        {"server:\n  port:\n", STATUS_MALFORMED, "t.yaml:2", "no value"},
        {"server:\n  port: [1]\n", STATUS_MALFORMED, "t.yaml:2", "list"},
        {"server:\n  port: {a: 1}\n", STATUS_MALFORMED, "t.yaml:2", "mapping"},
        {"server:\n  insecure: yes\n", STATUS_MALFORMED, "t.yaml:2", "true or false"},
        {"server: 5\n", STATUS_MALFORMED, "t.yaml:1", "mapping"},
        {"- server\n", STATUS_MALFORMED, "t.yaml:1", "sections"},
        {"log:\n  level: loud\n", STATUS_OUT_OF_RANGE, "t.yaml:2", "warning"},
        {"training:\n  every: 10ms\n", STATUS_OUT_OF_RANGE, "t.yaml:2", "never"},
        {"training:\n  hold_out: 0\n", STATUS_OUT_OF_RANGE, "t.yaml:2", "0.01"},
        {"training:\n  hold_out: .nan\n", STATUS_MALFORMED, "t.yaml:2", "number"},
        {"data:\n  directory: ''\n", STATUS_OUT_OF_RANGE, "t.yaml:2", "folder"},
        {"data:\n  directory: \"a\\nb\"\n", STATUS_MALFORMED, "t.yaml:2", "control"},
        {"interactions:\n  type: {}\n", STATUS_NOT_FOUND, "t.yaml:2", "did you mean 'types'"},
        {"interactions:\n  types: {}\n", STATUS_MALFORMED, "t.yaml:2", "default types"},
        {"interactions:\n  types:\n    view: 1\n", STATUS_MALFORMED, "t.yaml:3", "mapping"},
        {"interactions:\n  types:\n    view: {wait: 1}\n", STATUS_NOT_FOUND, "t.yaml:3",
         "unknown key"},
        {"interactions:\n  types:\n    view: {hides: soon}\n", STATUS_MALFORMED, "t.yaml:3",
         "duration"},
        {"models:\n  retriever: ials\n", STATUS_NOT_FOUND, "t.yaml:2", "did you mean 'retrievers'"},
        {"models:\n  ials: {lambda: [{}]}\n", STATUS_MALFORMED, "t.yaml:2", "list of words"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct settings settings;
        struct error err = {0};
        init(&settings);
        const enum status status = read_text(&settings, cases[i].text, &err);
        if (status != cases[i].status || strcmp(err.pointer, cases[i].place) != 0 ||
            !strstr(err.text, cases[i].word))
            fail_msg("%s -> %s, %s: %s", cases[i].text, status_name(status), err.pointer, err.text);
        settings_free(&settings);
    }
}

static void later_sources_win_and_are_named(void **state)
{
    (void)state;
    struct settings settings;
    struct error err = {0};
    init(&settings);
    char *environment[] = {"PATH=/bin",
                           "TASTEVIN_SERVER_PORT=2",
                           "TASTEVIN_DATA=/var/lib/t",
                           "TASTEVIN_SERVICE_HOST=10.0.0.1",
                           "TASTEVIN_PORT=tcp://10.0.0.1:8080",
                           "TASTEVIN_PORT_8080_TCP_ADDR=10.0.0.1",
                           NULL};
    assert_int_equal(read_text(&settings, "server:\n  port: 1\n  queue: 7\n", &err), STATUS_OK);
    assert_string_equal(settings_place(&settings, "server.port"), "t.yaml:2");
    assert_int_equal(settings_read_environment(&settings, environment, &err), STATUS_OK);
    assert_int_equal(settings.server.port, 2);
    assert_string_equal(settings_place(&settings, "server.port"), "TASTEVIN_SERVER_PORT");
    assert_string_equal(settings.data.directory, "/var/lib/t");
    assert_int_equal(settings_set(&settings, "server.port", "3", "--port", &err), STATUS_OK);
    assert_int_equal(settings.server.port, 3);
    assert_string_equal(settings_place(&settings, "server.port"), "--port");
    assert_string_equal(settings_place(&settings, "server.queue"), "t.yaml:3");
    assert_string_equal(settings_place(&settings, "server.rate"), "default");
    settings_free(&settings);
}

static void unknown_names_outside_of_files_are_refused_too(void **state)
{
    (void)state;
    struct settings settings;
    struct error err = {0};
    init(&settings);
    char *misspelt[] = {"TASTEVIN_SERVER_PROT=1", NULL};
    assert_int_equal(settings_read_environment(&settings, misspelt, &err), STATUS_NOT_FOUND);
    assert_non_null(strstr(err.text, "TASTEVIN_SERVER_PORT"));
    char *wrong[] = {"TASTEVIN_SERVER_PORT=x", NULL};
    assert_int_equal(settings_read_environment(&settings, wrong, &err), STATUS_MALFORMED);
    assert_string_equal(err.pointer, "TASTEVIN_SERVER_PORT");
    char *bare[] = {"TASTEVIN_PORT=8081", NULL}; /* what Kubernetes sets is a URL */
    assert_int_equal(settings_read_environment(&settings, bare, &err), STATUS_NOT_FOUND);
    assert_int_equal(settings_set(&settings, "server.prot", "1", "--set", &err), STATUS_NOT_FOUND);
    assert_non_null(strstr(err.text, "server.port"));
    assert_int_equal(settings.server.port, 8080);
    settings_free(&settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_commented_example_equals_the_defaults),
        cmocka_unit_test(what_is_printed_reads_back),
        cmocka_unit_test(mistakes_stop_with_line_and_remedy),
        cmocka_unit_test(later_sources_win_and_are_named),
        cmocka_unit_test(unknown_names_outside_of_files_are_refused_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
