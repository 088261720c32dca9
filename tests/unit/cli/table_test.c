/* What these catch: columns that lose their line when a cell is not ASCII, a cut in the middle of a
 * character, control characters from outside that reach the terminal. */
#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/table.h"

static const struct table_column columns[] = {
    {"name", false, 8}, {"figure", true, 0}, {"end", false, 0}};

/* The printed table; free it. */
static char *printed(struct table_text *table)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    assert_int_equal(table_print(table, out), STATUS_OK);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void numbers_stand_at_the_right_and_words_at_the_left(void **state)
{
    (void)state;
    struct table_text *table = table_new(columns, 3);
    table_cell(table, "a");
    table_cell(table, "%d", 12345678);
    table_cell(table, "x");
    table_cell(table, "longer");
    table_cell(table, "%d", 9);
    table_cell(table, "y");
    char *text = printed(table);
    assert_string_equal(text, "name      figure  end\n"
                              "a       12345678  x\n"
                              "longer         9  y\n");
    free(text);
}

static void width_counts_characters_not_bytes(void **state)
{
    (void)state;
    struct table_text *table = table_new(columns, 3);
    table_cell(table, "Amélie");
    table_cell(table, "1");
    table_cell(table, "x");
    table_cell(table, "Amelie");
    table_cell(table, "2");
    table_cell(table, "x");
    char *text = printed(table);
    assert_non_null(strstr(text, "\nAmélie       1  x\nAmelie       2  x\n"));
    free(text);
}

static void long_cells_are_cut_between_characters(void **state)
{
    (void)state;
    struct table_text *table = table_new(columns, 3);
    table_cell(table, "ééééééééééé");
    table_cell(table, "1");
    table_cell(table, "x");
    char *text = printed(table);
    assert_non_null(strstr(text, "\nééééééé…       1  x\n"));
    assert_true(utf8_is_valid(text, strlen(text)));
    free(text);
}

static void a_cell_of_any_length_stays_valid_text(void **state)
{
    (void)state;
    static const struct table_column wide[] = {{"t", false, 0}};
    char cell[4001];
    for (size_t shift = 0; shift < 3; shift++) {
        memset(cell, 'a', shift);
        for (size_t i = shift; i + 3 < sizeof cell; i += 3)
            memcpy(cell + i, "…", 3);
        cell[shift + (sizeof cell - 1 - shift) / 3 * 3] = '\0';
        struct table_text *table = table_new(wide, 1);
        table_cell(table, "%s", cell);
        char *text = printed(table);
        assert_true(utf8_is_valid(text, strlen(text)));
        free(text);
    }
}

static void control_characters_do_not_reach_the_terminal(void **state)
{
    (void)state;
    struct table_text *table = table_new(columns, 3);
    table_cell(table, "\033[2J\n");
    table_cell(table, "1");
    table_cell(table, "\x7f");
    char *text = printed(table);
    assert_null(strchr(text, '\033'));
    assert_null(strchr(text, '\x7f'));
    assert_non_null(strstr(text, "?[2J?"));
    free(text);
}

static void a_table_without_rows_has_its_header(void **state)
{
    (void)state;
    char *text = printed(table_new(columns, 3));
    assert_string_equal(text, "name  figure  end\n");
    free(text);
}

static void without_memory_there_is_no_table_and_no_crash(void **state)
{
    (void)state;
    table_cell(NULL, "x");
    assert_int_equal(table_print(NULL, stdout), STATUS_NO_MEMORY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_stand_at_the_right_and_words_at_the_left),
        cmocka_unit_test(width_counts_characters_not_bytes),
        cmocka_unit_test(long_cells_are_cut_between_characters),
        cmocka_unit_test(a_cell_of_any_length_stays_valid_text),
        cmocka_unit_test(control_characters_do_not_reach_the_terminal),
        cmocka_unit_test(a_table_without_rows_has_its_header),
        cmocka_unit_test(without_memory_there_is_no_table_and_no_crash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
