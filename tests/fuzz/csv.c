/* CSV: first as records of cells, then as the importer reads them. The first byte picks delimiter
 * and kind. */
#include <math.h>
#include <string.h>

#include "data/readers/csv.h"
#include "fuzz.h"

static void read_cells(const char *path, char delimiter, size_t size)
{
    struct source *source;
    struct csv csv;
    struct error err = {0};
    if (source_open(path, &source, &err) != STATUS_OK)
        return;
    enum status status = csv_open(&csv, source, delimiter);
    assert(status == STATUS_OK);
    bool end = false;
    for (size_t n = 0; !end; n++) {
        assert(n <= size + 1); /* each call goes on */
        status = csv_next(&csv, &end, &err);
        if (status != STATUS_OK)
            fuzz_check_failure(status, &err);
        else if (!end)
            for (size_t i = 0; i < csv.n_cells; i++)
                assert(csv.starts[i] + strlen(csv_cell(&csv, i)) < csv.text.size);
    }
    csv_close(&csv);
    source_close(source);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char delimiters[] = {',', ';', '\t', '|'};
    static const char *const kinds[] = {NULL, "users", "items", "interactions"};
    static const char *const columns[] = {NULL, "user,item,rating,timestamp"};
    if (size < 1 || (size > 2 && data[1] == 0x1f)) /* compressed: see lines.c */
        return 0;
    const struct reader_settings settings = {
        .delimiter = delimiters[data[0] & 3],
        .kind = kinds[data[0] >> 2 & 3],
        .columns = columns[data[0] >> 4 & 1],
        .positive_from = data[0] & 32 ? 4 : (double)NAN,
    };
    struct fuzz_file file = fuzz_file_open(data + 1, size - 1);
    read_cells(file.path, settings.delimiter, size);
    struct fuzz_counts counts;
    struct error err = {0};
    const struct reader_sink sink = fuzz_sink(&counts);
    const struct reader_class *reader = reader_class_find("csv", NULL);
    const enum status status = reader->read(file.path, &settings, &sink, NULL, &err);
    if (status != STATUS_OK)
        fuzz_check_failure(status, &err);
    assert(counts.records + counts.broken <= size);
    fuzz_file_close(&file);
    return 0;
}
