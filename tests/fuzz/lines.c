/* The importers of line-based formats. The first byte picks the format, by the name of the file
 * where that tells; the rest is the file, which may be compressed. */
#include <math.h>

#include "fuzz.h"

static const struct format {
    const char *reader, *file;
} formats[] = {
    {"ndjson", "records.ndjson"}, {"pairs", "pairs.txt"},     {"movielens", "u.data"},
    {"movielens", "u.item"},      {"movielens", "u.user"},    {"movielens", "ratings.dat"},
    {"movielens", "movies.dat"},  {"movielens", "users.dat"}, {"movielens", "ratings.csv"},
    {"movielens", "movies.csv"},
};
enum { N_FORMATS = sizeof formats / sizeof *formats };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    const struct format *format = &formats[(data[0] & 15) % N_FORMATS];
    const struct reader_settings settings = {.positive_from = data[0] & 16 ? 4 : (double)NAN};
    char path[PATH_BYTES_MAX];
    const enum status joined = path_join(path, fuzz_folder(), format->file);
    assert(joined == STATUS_OK);
    (void)joined;
    fuzz_write(path, data + 1, size - 1);
    struct fuzz_counts counts;
    struct error err = {0};
    const struct reader_sink sink = fuzz_sink(&counts);
    const struct reader_class *reader = reader_class_find(format->reader, NULL);
    const enum status status = reader->read(path, &settings, &sink, NULL, &err);
    if (status != STATUS_OK)
        fuzz_check_failure(status, &err);
    return 0;
}
