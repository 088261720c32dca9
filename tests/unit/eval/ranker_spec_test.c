/* What these catch: a line that is left standing for models that there are none of, one that takes
 * the place of others, errors that name another line than the file's. */
#include <stdio.h>
#include <string.h>

#include "eval/ranker_spec.h"
#include "models/model.h"
#include "support/test.h"

static const char beginning[] = "label: {column: chosen}\n"
                                "features:\n"
                                "  score: {type: numeric}\n"
                                "  score.*: {type: numeric, normalize: quantile}\n"
                                "  # rank.* in a comment stays\n"
                                "  rank.*:  {type: numeric}\n";

static struct rank_others others_of(size_t n)
{
    static const char *const names[] = {"ease", "bpr", "autorec"};
    struct rank_others others = {0};
    uint32_t at;
    for (size_t i = 0; i < n; i++)
        assert_true(rank_others_add(&others, model_class_find(names[i], NULL), &at));
    return others;
}

static enum status read_spec(const char *folder, const char *end, size_t n,
                             struct feature_spec **ret_spec, struct error *reterr)
{
    char text[1024];
    const int length = snprintf(text, sizeof text, "%s%s", beginning, end);
    const char *path = in_folder(folder, "ranker.yaml");
    file_put(path, text, (size_t)length);
    const struct rank_others others = others_of(n);
    return ranker_spec_read(path, NULL, n ? &others : NULL, ret_spec, reterr);
}

static void a_starred_line_stands_for_one_of_each(void **state)
{
    static const char *const names[] = {"score",     "score.ease", "score.bpr",   "score.autorec",
                                        "rank.ease", "rank.bpr",   "rank.autorec"};
    for (size_t n = 0; n <= 3; n++) {
        struct feature_spec *spec;
        struct error err = {0};
        if (read_spec(*state, "", n, &spec, &err) != STATUS_OK)
            fail_msg("%s", err.text);
        assert_int_equal(spec->n_features, 1 + 2 * n);
        for (size_t i = 0; n == 3 && i < 7; i++)
            assert_string_equal(spec->features[i].name, names[i]);
        assert_non_null(strstr(spec->text.bytes, "# rank.* in a comment"));
        feature_spec_free(spec);
    }
}

/* What is saved with a model has no stars left: it reads the same without the others. */
static void the_text_names_them(void **state)
{
    struct feature_spec *spec = NULL, *again = NULL;
    struct error err = {0};
    if (read_spec(*state, "", 2, &spec, &err) != STATUS_OK ||
        feature_spec_parse("again", spec->text.bytes, spec->text.length, &again, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    assert_int_equal(again->n_features, 5);
    feature_spec_free(spec);
    feature_spec_free(again);
}

static void errors_after_it_name_the_line_of_the_file(void **state)
{
    for (size_t n = 0; n <= 3; n++) {
        struct feature_spec *spec;
        struct error err = {0};
        assert_int_equal(read_spec(*state, "  populrity: {type: numeric}\n", n, &spec, &err),
                         STATUS_NOT_FOUND);
        if (!strstr(err.text, "ranker.yaml:7: ") || !strstr(err.text, "'popularity'"))
            fail_msg("%s", err.text);
    }
}

static void one_that_is_named_besides_comes_twice(void **state)
{
    struct feature_spec *spec;
    struct error err = {0};
    assert_int_equal(read_spec(*state, "  rank.bpr: {type: numeric}\n", 1, &spec, &err), STATUS_OK);
    feature_spec_free(spec);
    assert_int_not_equal(read_spec(*state, "  rank.bpr: {type: numeric}\n", 2, &spec, &err),
                         STATUS_OK);
    if (!strstr(err.text, "rank.bpr"))
        fail_msg("%s", err.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(a_starred_line_stands_for_one_of_each),
        WITH_FOLDER(the_text_names_them),
        WITH_FOLDER(errors_after_it_name_the_line_of_the_file),
        WITH_FOLDER(one_that_is_named_besides_comes_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
