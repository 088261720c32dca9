/* Section files, and what models and the catalogue make of them. The first byte says whether the
 * checksums are mended before. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "models/model.h"
#include "recommend/catalogue.h"

enum { ITEMS_SCORED_MAX = 64 };

static void use_model(const struct model *model)
{
    const struct signal history[] = {{0, 1}, {2, -1}, {3, 2}, {1000000, 1}};
    const struct query queries[] = {
        {.user = 0}, {.user = QUERY_NO_USER}, {.user = QUERY_NO_USER, .fresh = true, 4, history}};
    uint32_t items[ITEMS_SCORED_MAX];
    float scores[3 * ITEMS_SCORED_MAX];
    struct arena arena = {0};
    for (uint32_t i = 0; i < ITEMS_SCORED_MAX; i++)
        items[i] = i;
    const enum status status =
        model->class->score(model, queries, 3, items, ITEMS_SCORED_MAX, scores, &arena);
    assert(status == STATUS_OK || status == STATUS_NO_MEMORY);
    (void)status;
    arena_free(&arena);
}

static void load_all(const struct sections *sections)
{
    struct error err = {0};
    for (size_t i = 0; model_classes[i]; i++) {
        struct model *model;
        const enum status status = model_classes[i]->load(sections, &model, &err);
        if (status != STATUS_OK) {
            fuzz_check_failure(status, &err);
            continue;
        }
        use_model(model);
        model_free(model);
    }
    struct catalogue *catalogue;
    const enum status status = catalogue_load(sections, ITEMS_SCORED_MAX, &catalogue, &err);
    if (status == STATUS_OK)
        catalogue_free(catalogue);
    else
        fuzz_check_failure(status, &err);
}

/* Zeroing all of a section leaves a file that passes its checks. */
static void zero_first(const char *path, const struct sections *sections)
{
    struct error err = {0};
    if (sections_count(sections) == 0)
        return;
    const struct section *first = sections_find(sections, sections_at(sections, 0)->name);
    const struct section_range range = {
        first->name, 0, first->rows * first->columns * section_type_size(first->type)};
    const enum status status = sections_zero(path, &range, 1, &err);
    if (status != STATUS_OK)
        fuzz_check_failure(status, &err);
    struct sections *again;
    const enum status reopened = sections_open(path, &again, &err);
    assert(reopened == STATUS_OK);
    (void)reopened;
    sections_close(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    unsigned char *bytes = (unsigned char *)fuzz_text(data + 1, size - 1);
    if (data[0] & 1)
        fuzz_mend_sections(bytes, size - 1);
    struct fuzz_file file = fuzz_file_open(bytes, size - 1);
    struct sections *sections;
    struct error err = {0};
    const enum status status = sections_open(file.path, &sections, &err);
    if (status == STATUS_OK) {
        load_all(sections);
        if (data[0] & 2)
            zero_first(file.path, sections);
        sections_close(sections);
    } else {
        fuzz_check_failure(status, &err);
    }
    fuzz_file_close(&file);
    free(bytes);
    return 0;
}
