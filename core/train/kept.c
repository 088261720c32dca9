#include "train/kept.h"

#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"

enum { PAGE = 256 };

struct page {
    uint32_t kept[PAGE], last;
    size_t n_kept, n;
};

static enum status take_version(void *context, const struct model_version *version)
{
    struct page *page = context;
    page->last = version->version;
    page->n++;
    if (version->kept)
        page->kept[page->n_kept++] = version->version;
    return STATUS_OK;
}

static enum status is_on_disk(const char *snapshots, uint32_t version, bool *ret_is,
                              struct error *reterr)
{
    char number[16], path[PATH_BYTES_MAX];
    struct stat facts;
    snprintf(number, sizeof number, "%u", version);
    if (path_join(path, snapshots, number) != STATUS_OK)
        return error_set(reterr, STATUS_TOO_LARGE, "the path of the data directory is too long");
    *ret_is = stat(path, &facts) == 0;
    return STATUS_OK;
}

enum status kept_update(struct store *store, const char *snapshots, struct error *reterr)
{
    struct page page = {.last = UINT32_MAX};
    do {
        page.n = page.n_kept = 0;
        enum status status =
            store_list_versions(store, page.last, PAGE, take_version, &page, reterr);
        for (size_t i = 0; status == STATUS_OK && i < page.n_kept; i++) {
            bool is = false;
            status = is_on_disk(snapshots, page.kept[i], &is, reterr);
            if (status == STATUS_OK && !is)
                status = store_drop_snapshot(store, page.kept[i], reterr);
        }
        if (status != STATUS_OK)
            return status;
    } while (page.n == PAGE);
    return STATUS_OK;
}
