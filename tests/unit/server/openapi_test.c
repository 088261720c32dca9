/* What these catch: a row that is missing from the contract or stands there otherwise than the
 * server checks it, a reference that leads nowhere, a schema that no file has. */
#include <string.h>

#include "base/json.h"
#include "server/httpd.h"
#include "support/test.h"

static const char *const colours[] = {"red", "green", NULL};
static const struct parameter parameters[] = {
    {.name = "limit",
     .type = PARAMETER_INT,
     .min = 1,
     .max = 1000,
     .initial = "100",
     .help = "many"},
    {.name = "exclude", .type = PARAMETER_ID, .repeats = true, .many = 7},
    {.name = "flag", .type = PARAMETER_BOOL, .initial = "false"},
    {.name = "colour", .type = PARAMETER_CHOICE, .choices = colours, .initial = "red"},
    {.name = "text", .type = PARAMETER_TEXT, .min = 1, .max = 9},
    {0},
};
static const struct response got[] = {{200, "User", "The user."}, {404, "Problem", "Nobody."}, {0}};
static const struct response plain[] = {{200, "text/plain", "Text."}, {0}};
static const struct route table[] = {
    {METHOD_GET, "/v1/users/{user}", NULL, true, SCOPE_READ, BODY_NONE, parameters, "get_user",
     "Get", NULL, got},
    {METHOD_PATCH, "/v1/users/{user}", NULL, false, SCOPE_WRITE, BODY_PATCH, NULL, "patch_user",
     "Change", "UserPatch", got},
    {METHOD_POST, "/v1/users:batch", NULL, false, SCOPE_WRITE, BODY_RECORDS, NULL, "put_users",
     "Put", "Users", got},
    {METHOD_GET, "/metrics", NULL, true, 0, BODY_NONE, NULL, "metrics", "Numbers", NULL, plain},
    {0},
};

static json_t *make_contract(void)
{
    struct buffer text = {0};
    json_t *contract = NULL;
    assert_int_equal(openapi_write(table, &text), STATUS_OK);
    assert_int_equal(json_parse(text.data, text.size, &contract, NULL), STATUS_OK);
    buffer_free(&text);
    return contract;
}

/* Follows a JSON pointer without escapes; NULL where it ends. */
static json_t *follow(json_t *value, const char *pointer)
{
    char name[64];
    while (value && *pointer == '/') {
        const size_t length = strcspn(++pointer, "/");
        assert_true(length < sizeof name);
        memcpy(name, pointer, length);
        name[length] = '\0';
        value = json_object_get(value, name);
        pointer += length;
    }
    return value;
}

static json_t *operation(json_t *contract, const char *path, const char *method)
{
    json_t *found = json_object_get(json_object_get(follow(contract, "/paths"), path), method);
    assert_non_null(found);
    return found;
}

static json_t *parameter(json_t *of, const char *name)
{
    size_t i;
    json_t *value;
    json_array_foreach (json_object_get(of, "parameters"), i, value) {
        if (strcmp(json_string_value(json_object_get(value, "name")), name) == 0)
            return value;
    }
    fail_msg("no parameter %s", name);
    return NULL;
}

static void each_row_stands_under_its_path_and_method(void **state)
{
    (void)state;
    json_t *contract = make_contract();
    assert_string_equal(json_string_value(json_object_get(contract, "openapi")), "3.1.0");
    assert_int_equal(json_object_size(json_object_get(contract, "paths")), 3);
    json_t *get = operation(contract, "/v1/users/{user}", "get");
    assert_string_equal(json_string_value(json_object_get(get, "operationId")), "get_user");
    operation(contract, "/v1/users/{user}", "patch");
    operation(contract, "/v1/users:batch", "post");
    operation(contract, "/metrics", "get");
    json_decref(contract);
}

static void parameters_have_the_limits_that_are_checked(void **state)
{
    (void)state;
    json_t *contract = make_contract();
    json_t *get = operation(contract, "/v1/users/{user}", "get");
    json_t *user = parameter(get, "user");
    assert_string_equal(json_string_value(json_object_get(user, "in")), "path");
    assert_true(json_is_true(json_object_get(user, "required")));
    json_t *limit = follow(parameter(get, "limit"), "/schema");
    assert_int_equal(json_integer_value(json_object_get(limit, "minimum")), 1);
    assert_int_equal(json_integer_value(json_object_get(limit, "maximum")), 1000);
    assert_int_equal(json_integer_value(json_object_get(limit, "default")), 100);
    json_t *exclude = follow(parameter(get, "exclude"), "/schema");
    assert_string_equal(json_string_value(json_object_get(exclude, "type")), "array");
    assert_int_equal(json_integer_value(json_object_get(exclude, "maxItems")), 7);
    assert_true(json_is_false(follow(parameter(get, "flag"), "/schema/default")));
    assert_int_equal(json_array_size(follow(parameter(get, "colour"), "/schema/enum")), 2);
    assert_int_equal(json_integer_value(follow(parameter(get, "text"), "/schema/maxLength")), 9);
    json_decref(contract);
}

static void bodies_name_the_media_types_that_are_taken(void **state)
{
    (void)state;
    json_t *contract = make_contract();
    json_t *get = operation(contract, "/v1/users/{user}", "get");
    assert_null(json_object_get(get, "requestBody"));
    json_t *patch = json_object_get(
        json_object_get(operation(contract, "/v1/users/{user}", "patch"), "requestBody"),
        "content");
    assert_non_null(json_object_get(patch, "application/merge-patch+json"));
    assert_non_null(json_object_get(patch, "application/json"));
    json_t *batch = json_object_get(
        json_object_get(operation(contract, "/v1/users:batch", "post"), "requestBody"), "content");
    assert_non_null(json_object_get(batch, "application/x-ndjson"));
    assert_int_equal(json_object_size(batch), 2);
    json_decref(contract);
}

static void a_row_has_its_own_answers_and_the_common_ones(void **state)
{
    (void)state;
    json_t *contract = make_contract();
    json_t *get = follow(operation(contract, "/v1/users/{user}", "get"), "/responses");
    assert_string_equal(json_string_value(follow(get, "/404/description")), "Nobody.");
    assert_string_equal(json_string_value(follow(get, "/401/$ref")), "#/components/responses/401");
    assert_null(json_object_get(get, "415"));
    json_t *metrics = follow(operation(contract, "/metrics", "get"), "/responses");
    assert_null(json_object_get(metrics, "401"));
    assert_null(json_object_get(metrics, "404"));
    assert_non_null(json_object_get(follow(metrics, "/200/content"), "text/plain"));
    assert_non_null(follow(operation(contract, "/v1/users:batch", "post"), "/responses/415"));
    json_decref(contract);
}

static void check_references(json_t *contract, json_t *value)
{
    const char *name;
    json_t *child;
    size_t i;
    const char *ref = json_string_value(json_object_get(value, "$ref"));
    if (ref) {
        assert_int_equal(ref[0], '#');
        if (!follow(contract, ref + 1))
            fail_msg("%s leads nowhere", ref);
    }
    json_object_foreach (value, name, child) {
        check_references(contract, child);
    }
    json_array_foreach (value, i, child) {
        check_references(contract, child);
    }
}

static void every_reference_leads_somewhere(void **state)
{
    (void)state;
    json_t *contract = make_contract();
    check_references(contract, contract);
    json_decref(contract);
}

static void a_schema_that_is_not_there_is_said(void **state)
{
    (void)state;
    static const struct response wrong[] = {{200, "Nothing", "?"}, {0}};
    const struct route rows[] = {
        {METHOD_GET, "/a", NULL, true, 0, BODY_NONE, NULL, "a", "A", NULL, wrong}, {0}};
    struct buffer text = {0};
    assert_int_equal(openapi_write(rows, &text), STATUS_NOT_FOUND);
    assert_int_equal(text.size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row_stands_under_its_path_and_method),
        cmocka_unit_test(parameters_have_the_limits_that_are_checked),
        cmocka_unit_test(bodies_name_the_media_types_that_are_taken),
        cmocka_unit_test(a_row_has_its_own_answers_and_the_common_ones),
        cmocka_unit_test(every_reference_leads_somewhere),
        cmocka_unit_test(a_schema_that_is_not_there_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
