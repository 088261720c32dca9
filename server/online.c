#include "server/online.h"

#include "server/feedback.h"
#include "server/log.h"
#include "server/site.h"
#include "train/snapshot.h"

static uint64_t begin_of(uint64_t seq, uint64_t newest)
{
    const uint64_t oldest = newest > ONLINE_CHANGES_MAX ? newest - ONLINE_CHANGES_MAX : 0;
    return seq > oldest ? seq : oldest;
}

static enum status read_all(struct feedback *feedback, struct store *store, uint64_t upto_seq,
                            const struct observer *observer, struct figures *figures,
                            struct error *reterr)
{
    bool rest = true;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && rest && !observer_stops(observer))
        status = feedback_read(feedback, store, upto_seq, figures, &rest, reterr);
    return status;
}

static void tell(const struct figures_version *version, uint32_t step,
                 const struct observer *observer)
{
    observe_scalar(observer, "online/shown", step, (double)version->shown);
    observe_scalar(observer, "online/chosen", step, (double)version->chosen);
    if (version->shown)
        observe_scalar(observer, "online/chosen_of_shown", step,
                       (double)version->chosen / (double)version->shown);
}

void online_observe(struct site *site, struct store *store, const struct snapshot *serving,
                    uint32_t version, const struct observer *observer)
{
    struct store_counts counts;
    struct feedback *feedback = NULL;
    struct figures figures = {0};
    struct error err = {0};
    enum status status = store_count(store, &counts, &err);
    if (status == STATUS_OK)
        status = feedback_new(site, begin_of(serving->seq, counts.seq), &feedback);
    if (status == STATUS_OK)
        status = read_all(feedback, store, counts.seq, observer, &figures, &err);
    feedback_free(feedback);
    if (status != STATUS_OK) {
        log_write(LOG_WARNING, "feedback_not_read", "%s",
                  err.text[0] ? err.text : status_name(status));
        return;
    }
    const struct figures_version *of = figures_version(&figures, serving->version);
    if (of && (of->shown || of->chosen))
        tell(of, version, observer);
}
