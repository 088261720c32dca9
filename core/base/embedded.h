#pragma once
/* Files that the build puts into the binary (scripts/embed): migrations, the demo's contract. */
#include <stddef.h>

/* An array of these ends with a NULL name. bytes is terminated by a zero that size does not count.
 */
struct embedded_file {
    const char *name;
    const char *bytes;
    size_t size;
};
