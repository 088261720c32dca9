/* What these catch: a model of another name, a beginning of a name that counts as the name. */
#include "models/model.h"
#include "support/test.h"

static void a_model_is_found_by_the_name_of_its_class(void **state)
{
    (void)state;
    static const struct model_class classes[] = {{.name = "ials"}, {.name = "ials2"}};
    const struct model first = {.class = &classes[0]}, second = {.class = &classes[1]};
    const struct model *const models[] = {&first, &second};
    assert_ptr_equal(model_named(models, 2, "ials"), &first);
    assert_ptr_equal(model_named(models, 2, "ials2"), &second);
    assert_null(model_named(models, 1, "ials2"));
    assert_null(model_named(models, 2, "ial"));
    assert_null(model_named(NULL, 0, "ials"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_model_is_found_by_the_name_of_its_class),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
