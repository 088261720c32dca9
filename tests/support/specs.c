#include "support/specs.h"

#include <string.h>

#include "support/test.h"

struct feature_spec *test_spec(const char *text)
{
    struct feature_spec *spec;
    struct error err = {0};
    if (feature_spec_parse("test.yaml", text, strlen(text), &spec, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    return spec;
}
