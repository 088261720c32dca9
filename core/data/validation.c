#include "data/validation.h"

#include "data/split.h"

/* Entries above 0 of `all` whose place is empty in `left`, row by row. */
static enum status find_truth(const struct csr *all, struct validation *v)
{
    const struct csr *left = &v->by_user;
    uint64_t n = 0;
    const enum status status = csr_alloc(all->n_rows, all->n_columns, csr_size(all), &v->truth);
    if (status != STATUS_OK)
        return status;
    for (uint32_t u = 0; u < all->n_rows; u++) {
        const uint64_t before = n, end = left->starts[u + 1];
        uint64_t at = left->starts[u];
        for (uint64_t e = all->starts[u]; e < all->starts[u + 1]; e++) {
            while (at < end && left->columns[at] < all->columns[e])
                at++;
            if ((at < end && left->columns[at] == all->columns[e]) || !(all->values[e] > 0))
                continue;
            v->truth.columns[n] = all->columns[e];
            v->truth.values[n++] = all->values[e];
        }
        v->truth.starts[u + 1] = n;
        v->n_users += n > before;
    }
    return STATUS_OK;
}

static enum status cut(const struct validation_request *request, struct validation *v,
                       struct error *reterr)
{
    const struct split_settings split = {.kind = SPLIT_USER_TIME,
                                         .share = request->share,
                                         .users_max = request->users_max,
                                         .seed = request->seed,
                                         .without = request->held};
    enum status status = split_make(request->dataset, &split, &v->held, reterr);
    if (status != STATUS_OK)
        return status;
    if (request->held)
        bitmap_or(&v->held, request->held);
    status = dataset_matrix(request->dataset, &v->held, request->pool, &v->by_user);
    if (status == STATUS_OK)
        status = csr_transpose(&v->by_user, &v->by_item);
    if (status == STATUS_OK)
        status = find_truth(request->by_user, v);
    if (status != STATUS_OK)
        return error_set(reterr, status, "out of memory for a validation part");
    if (v->n_users == 0)
        return error_set(reterr, STATUS_OUT_OF_RANGE,
                         "no event of the validation part shows a preference");
    return STATUS_OK;
}

enum status validation_cut(const struct validation_request *request,
                           struct validation *ret_validation, struct error *reterr)
{
    struct validation v = {0};
    const enum status status = cut(request, &v, reterr);
    if (status == STATUS_OK)
        *ret_validation = v;
    else
        validation_free(&v);
    return status;
}

void validation_free(struct validation *v)
{
    bitmap_free(&v->held);
    csr_free(&v->by_user);
    csr_free(&v->by_item);
    csr_free(&v->truth);
    *v = (struct validation){0};
}
