/* What these catch: a message whose end two servers could see at different places, a media type
 * that passes by its beginning, an origin that passes by a part of it. */
#include <string.h>

#include "server/cors.h"
#include "server/headers.h"
#include "support/test.h"

static const struct headers plain = {.content_length = -1};

static void a_message_without_a_body_or_with_one_length_is_taken(void **state)
{
    (void)state;
    struct headers headers = plain;
    assert_int_equal(headers_check(&headers, "HTTP/1.1", NULL), STATUS_OK);
    assert_false(headers_announce_body(&headers));
    headers.content_length = 0;
    headers.n_lengths = 1;
    assert_int_equal(headers_check(&headers, "HTTP/1.0", NULL), STATUS_OK);
    assert_false(headers_announce_body(&headers));
    headers.content_length = 1;
    assert_true(headers_announce_body(&headers));
}

static void every_doubt_about_the_end_is_malformed(void **state)
{
    (void)state;
    struct headers headers[9];
    for (size_t i = 0; i < 9; i++)
        headers[i] = plain;
    headers[0].n_lengths = 2;
    headers[1].n_lengths = 1, headers[1].n_encodings = 1, headers[1].is_chunked = true;
    headers[2].n_encodings = 2, headers[2].is_chunked = true;
    headers[3].n_encodings = 1, headers[3].is_unknown_encoding = true;
    headers[4].is_bad_name = true;
    headers[5].is_bad_value = true;
    headers[6].n_lengths = 1, headers[6].is_bad_length = true;
    headers[7].n_hosts = 2;
    headers[8].is_folded = true;
    for (size_t i = 0; i < 9; i++) {
        struct error err = {0};
        assert_int_equal(headers_check(&headers[i], "HTTP/1.1", &err), STATUS_MALFORMED);
        assert_true(strlen(err.text) > 0);
    }
    struct headers chunked = plain;
    chunked.n_encodings = 1, chunked.is_chunked = true;
    assert_int_equal(headers_check(&chunked, "HTTP/1.1", NULL), STATUS_OK);
    assert_int_equal(headers_check(&chunked, "HTTP/1.0", NULL), STATUS_MALFORMED);
}

static void a_media_type_is_compared_whole(void **state)
{
    (void)state;
    assert_true(headers_type_is("application/json", "application/json"));
    assert_true(headers_type_is("Application/JSON; charset=utf-8", "application/json"));
    assert_true(headers_type_is("application/json ;charset=utf-8", "application/json"));
    assert_false(headers_type_is("application/jsonp", "application/json"));
    assert_false(headers_type_is("application/json+x", "application/json"));
    assert_false(headers_type_is("text/plain", "application/json"));
    assert_false(headers_type_is("", "application/json"));
    assert_false(headers_type_is(NULL, "application/json"));
}

static void an_origin_is_compared_whole_and_only_for_events(void **state)
{
    (void)state;
    static const char origins[] = "https://a.example, https://b.example:8443";
    assert_true(cors_allows(origins, "https://a.example"));
    assert_true(cors_allows(origins, "https://b.example:8443"));
    assert_false(cors_allows(origins, "https://b.example"));
    assert_false(cors_allows(origins, "https://a.example.evil"));
    assert_false(cors_allows(origins, "https://A.example"));
    assert_false(cors_allows(origins, ""));
    assert_false(cors_allows("", "null"));
    const struct route events = {.scope = SCOPE_EVENTS}, read = {.scope = SCOPE_READ};
    assert_true(cors_opens(&events, origins, "https://a.example"));
    assert_false(cors_opens(&read, origins, "https://a.example"));
    assert_false(cors_opens(&events, origins, NULL));
    assert_false(cors_opens(NULL, origins, "https://a.example"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_without_a_body_or_with_one_length_is_taken),
        cmocka_unit_test(every_doubt_about_the_end_is_malformed),
        cmocka_unit_test(a_media_type_is_compared_whole),
        cmocka_unit_test(an_origin_is_compared_whole_and_only_for_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
