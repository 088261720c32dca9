#include <string.h>

#include "base/text.h"
#include "data/readers/reader.h"

extern const struct reader_class movielens_reader, csv_reader, ndjson_reader, pairs_reader;

const struct reader_class *const reader_classes[] = {&movielens_reader, &csv_reader, &ndjson_reader,
                                                     &pairs_reader, NULL};

enum { N_READERS = sizeof reader_classes / sizeof *reader_classes - 1 };

static const char *name_at(const void *context, size_t i)
{
    (void)context;
    return reader_classes[i]->name;
}

const struct reader_class *reader_class_find(const char *name, const char **ret_nearest)
{
    for (size_t i = 0; i < N_READERS; i++)
        if (strcmp(reader_classes[i]->name, name) == 0)
            return reader_classes[i];
    if (ret_nearest)
        *ret_nearest = text_nearest(name, N_READERS, name_at, NULL);
    return NULL;
}
