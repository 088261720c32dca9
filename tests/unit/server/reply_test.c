/* What these catch: a status of the library that reaches the client as another one, a problem that
 * is not JSON whatever its text holds, the remains of a first answer in a second. */
#include <string.h>

#include "server/request.h"
#include "support/test.h"

static json_t *parse_reply(const struct request *request)
{
    json_t *value = NULL;
    assert_int_equal(json_parse(request->reply.body.data, request->reply.body.size, &value, NULL),
                     STATUS_OK);
    return value;
}

static void clear(struct request *request)
{
    buffer_free(&request->reply.body);
    arena_free(&request->arena);
}

static void each_status_of_the_library_has_its_answer(void **state)
{
    (void)state;
    static const struct {
        enum status status;
        const char *pointer;
        unsigned expected;
    } cases[] = {
        {STATUS_MALFORMED, "", 400}, {STATUS_OUT_OF_RANGE, "", 422},
        {STATUS_NOT_FOUND, "", 404}, {STATUS_NOT_FOUND, "/type", 422},
        {STATUS_CONFLICT, "", 409},  {STATUS_TOO_LARGE, "", 413},
        {STATUS_BUSY, "", 503},      {STATUS_NO_MEMORY, "", 503},
        {STATUS_DISK_FULL, "", 507}, {STATUS_UNSUPPORTED, "", 422},
        {STATUS_IO, "", 500},        {STATUS_CORRUPT, "", 500},
        {STATUS_CANCELLED, "", 500},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct request request = {0};
        struct error err = {0};
        error_set_at(&err, cases[i].status, cases[i].pointer, "%s", "a sentence");
        reply_error(&request, &err);
        assert_int_equal(request.reply.status, cases[i].expected);
        assert_int_equal(request.reply.retry_after, cases[i].expected == 503);
        clear(&request);
    }
}

static void a_problem_is_json_whatever_its_text(void **state)
{
    (void)state;
    struct request request = {0};
    reply_problem(&request, 422, "/a\"b", "quote \" backslash \\ line\nand %s", "\xc3\xa4");
    assert_string_equal(request.reply.content_type, "application/problem+json");
    json_t *problem = parse_reply(&request);
    assert_string_equal(json_string_value(json_object_get(problem, "type")), "about:blank");
    assert_string_equal(json_string_value(json_object_get(problem, "title")),
                        "Unprocessable Content");
    assert_int_equal(json_integer_value(json_object_get(problem, "status")), 422);
    assert_string_equal(json_string_value(json_object_get(problem, "detail")),
                        "quote \" backslash \\ line\nand \xc3\xa4");
    json_t *place = json_array_get(json_object_get(problem, "errors"), 0);
    assert_string_equal(json_string_value(json_object_get(place, "pointer")), "/a\"b");
    json_decref(problem);
    clear(&request);
}

static void a_long_text_is_cut_between_characters(void **state)
{
    (void)state;
    struct request request = {0};
    char text[3000];
    for (size_t i = 0; i + 2 < sizeof text; i += 2)
        memcpy(text + i, "\xc3\xa4", 3);
    reply_problem(&request, 400, NULL, "x%s", text);
    json_t *problem = parse_reply(&request);
    assert_null(json_object_get(problem, "errors"));
    json_decref(problem);
    clear(&request);
}

static void several_places_stand_in_one_problem(void **state)
{
    (void)state;
    struct request request = {0};
    struct error errors[2] = {{0}, {0}};
    error_set_at(&errors[0], STATUS_OUT_OF_RANGE, "/0/item", "first");
    error_set_at(&errors[1], STATUS_OUT_OF_RANGE, "/3/type", "second");
    reply_errors(&request, 422, "two elements are refused", errors, 2);
    json_t *problem = parse_reply(&request);
    json_t *places = json_object_get(problem, "errors");
    assert_int_equal(json_array_size(places), 2);
    assert_string_equal(json_string_value(json_object_get(json_array_get(places, 1), "pointer")),
                        "/3/type");
    json_decref(problem);
    clear(&request);
}

static void a_second_answer_replaces_the_first(void **state)
{
    (void)state;
    struct request request = {0};
    buffer_append_text(reply_json(&request, 201), "{\"half\":");
    request.reply.location = "/v1/users/a";
    request.reply.cache_control = "public";
    reply_problem(&request, 409, NULL, "no");
    assert_int_equal(request.reply.status, 409);
    assert_null(request.reply.location);
    assert_null(request.reply.cache_control);
    json_decref(parse_reply(&request));
    reply_empty(&request);
    assert_int_equal(request.reply.status, 204);
    assert_int_equal(request.reply.body.size, 0);
    assert_null(request.reply.content_type);
    clear(&request);
}

static void a_body_that_is_no_json_is_answered(void **state)
{
    (void)state;
    struct request request = {0};
    assert_null(request_json(&request));
    assert_int_equal(request.reply.status, 400);
    request.body = "{\"a\":1,\"a\":2}";
    request.body_size = strlen(request.body);
    assert_null(request_json(&request));
    assert_int_equal(request.reply.status, 400);
    char deep[200];
    memset(deep, '[', sizeof deep);
    request.body = deep;
    request.body_size = sizeof deep;
    assert_null(request_json(&request));
    assert_int_equal(request.reply.status, 413);
    request.body = "{\"a\":1}";
    request.body_size = strlen(request.body);
    json_t *value = request_json(&request);
    assert_non_null(value);
    json_decref(value);
    clear(&request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_status_of_the_library_has_its_answer),
        cmocka_unit_test(a_problem_is_json_whatever_its_text),
        cmocka_unit_test(a_long_text_is_cut_between_characters),
        cmocka_unit_test(several_places_stand_in_one_problem),
        cmocka_unit_test(a_second_answer_replaces_the_first),
        cmocka_unit_test(a_body_that_is_no_json_is_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
