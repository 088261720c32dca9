/* Files of vectors in word2vec's text and binary formats. What is read is written in both formats
 * and read again as the same. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "embed/vectors_file.h"
#include "fuzz.h"

static void check_same(const struct named_vectors *a, const struct named_vectors *b)
{
    assert(a->names.count == b->names.count && a->d == b->d);
    for (uint32_t r = 0; r < a->names.count; r++) {
        size_t n, m;
        const char *one = idmap_id(&a->names, r, &n), *other = idmap_id(&b->names, r, &m);
        assert(n == m && memcmp(one, other, n) == 0);
        for (uint32_t c = 0; c < a->d; c++)
            assert(isfinite(a->values[r * a->width + c]) &&
                   a->values[r * a->width + c] == b->values[r * b->width + c]);
    }
}

static void write_and_read(const struct named_vectors *vectors, enum vectors_format format,
                           const char *name)
{
    char path[PATH_BYTES_MAX];
    struct named_vectors again;
    struct error err = {0};
    enum status status = path_join(path, fuzz_folder(), name);
    assert(status == STATUS_OK);
    status = vectors_write(vectors, format, path, &err);
    assert(status == STATUS_OK);
    status = vectors_read(path, &again, &err);
    assert(status == STATUS_OK);
    check_same(vectors, &again);
    named_vectors_free(&again);
}

/* White space and control characters in names are written as '_', and are two names then one. */
static bool names_stay(const struct named_vectors *vectors)
{
    for (uint32_t r = 0; r < vectors->names.count; r++) {
        size_t n;
        const char *name = idmap_id(&vectors->names, r, &n);
        for (size_t i = 0; i < n; i++)
            if ((unsigned char)name[i] <= ' ')
                return false;
    }
    return true;
}

/* A row of floats that begins with a digit, a sign or a space can be taken for text: the formats
 * leave that open. */
static bool is_plain(const struct named_vectors *vectors)
{
    const char first = *(const char *)vectors->values;
    return first == '\0' || !strchr("0123456789+-.eEnaifNAIF ", first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_file file = fuzz_file_open(data, size);
    struct named_vectors vectors;
    struct error err = {0};
    const enum status status = vectors_read(file.path, &vectors, &err);
    fuzz_file_close(&file);
    if (status != STATUS_OK) {
        fuzz_check_failure(status, &err);
        return 0;
    }
    assert(vectors.names.count > 0 && vectors.d > 0 && vectors.d <= VECTORS_DIMENSIONS_MAX);
    if (names_stay(&vectors))
        write_and_read(&vectors, VECTORS_TEXT, "vectors.txt");
    if (names_stay(&vectors) && is_plain(&vectors))
        write_and_read(&vectors, VECTORS_BINARY, "vectors.bin");
    vectors_normalise(&vectors);
    for (uint32_t r = 0; r < vectors.names.count; r++)
        for (uint32_t c = 0; c < vectors.d; c++)
            assert(isfinite(vectors.values[r * vectors.width + c]));
    named_vectors_free(&vectors);
    return 0;
}
