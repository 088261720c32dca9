/* Request targets, from the bytes of the request line to the checked parameters of the route. The
 * first byte is the method. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "fuzz.h"
#include "server/match.h"
#include "server/parameters.h"

static const struct matcher *the_matcher(void)
{
    static struct matcher *matcher;
    if (!matcher) {
        const enum status status = matcher_new(routes, &matcher);
        assert(status == STATUS_OK);
        (void)status;
    }
    return matcher;
}

static void check_text(const char *text)
{
    assert(text && utf8_is_valid(text, strlen(text)));
}

static void check_route(const struct target *target, enum method method, struct arena *arena)
{
    struct match match = {0};
    struct error err = {0};
    const struct query_parameter *parameters;
    enum status status = matcher_find(the_matcher(), target, method, arena, &match);
    assert(status == STATUS_OK);
    if (!match.route)
        return;
    assert(match.route->method == method && match.n_values <= REQUEST_VALUES_MAX);
    for (size_t i = 0; i < match.n_values; i++)
        check_text(match.values[i]);
    status = parameters_check(match.route->parameters, target, arena, &parameters, &err);
    if (status != STATUS_OK)
        fuzz_check_failure(status, &err);
    for (size_t i = 0; status == STATUS_OK && i < target->n_pairs; i++)
        check_text(parameters[i].text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    struct arena arena = {0};
    struct error err = {0};
    struct target target = {0};
    char *raw = fuzz_text(data + 1, size - 1);
    const enum status status = target_parse(raw, &arena, &target, &err);
    if (status != STATUS_OK)
        fuzz_check_failure(status, &err);
    for (size_t i = 0; i < target.n_segments; i++)
        check_text(target.segments[i].text);
    for (size_t i = 0; i < target.n_pairs; i++) {
        check_text(target.pairs[i].name);
        check_text(target.pairs[i].text);
    }
    if (status == STATUS_OK)
        check_route(&target, data[0] % METHOD_COUNT, &arena);
    free(raw);
    arena_free(&arena);
    return 0;
}
