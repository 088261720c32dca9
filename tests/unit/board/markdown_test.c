/* What these catch: a cell that breaks its table, or that a browser would take for HTML. */
#include "board/markdown.h"

#include "support/test.h"

static void a_table_has_a_head_and_its_rows(void **state)
{
    (void)state;
    struct buffer out = {0};
    markdown_head(&out, (const char *const[]){"model", "ndcg"}, 2);
    markdown_row(&out, (const char *const[]){"ease", "0.31"}, 2);
    assert_string_equal(out.data, "\n| model | ndcg |\n| --- | --- |\n| ease | 0.31 |\n");
    buffer_free(&out);
}

static void no_cell_breaks_out(void **state)
{
    (void)state;
    struct buffer out = {0};
    markdown_row(&out, (const char *const[]){"a|b\nc<script>&\\*"}, 1);
    assert_string_equal(out.data, "| a&#124;b c&lt;script>&amp;\\\\\\* |\n");
    buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_has_a_head_and_its_rows),
        cmocka_unit_test(no_cell_breaks_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
