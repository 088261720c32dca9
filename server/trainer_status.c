#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "server/trainer_parts.h"

enum status trainer_request(struct trainer *trainer, struct error *reterr)
{
    pthread_mutex_lock(&trainer->mutex);
    const bool busy = trainer->wanted || trainer->now.running;
    trainer->wanted |= !busy;
    pthread_cond_signal(&trainer->wakes);
    pthread_mutex_unlock(&trainer->mutex);
    return busy ? error_set(reterr, STATUS_CONFLICT,
                            "a round is running; GET /v1/training tells how far it is")
                : STATUS_OK;
}

enum status trainer_cancel(struct trainer *trainer, struct error *reterr)
{
    pthread_mutex_lock(&trainer->mutex);
    const bool running = trainer->now.running || trainer->wanted;
    if (running)
        atomic_store(&trainer->stop, true);
    pthread_mutex_unlock(&trainer->mutex);
    return running ? STATUS_OK : error_set(reterr, STATUS_NOT_FOUND, "no round is running");
}

static void print_time(struct buffer *out, const char *name, int64_t ms)
{
    char text[TIME_TEXT_SIZE];
    time_format(ms, text);
    buffer_printf(out, ",\"%s\":\"%s\"", name, text);
}

static void print_running(const struct round_state *now, struct buffer *out)
{
    buffer_printf(out, "{\"state\":\"running\",\"version\":%u,\"phase\":\"%s\",\"share\":%.4f",
                  now->version, now->phase, now->share);
    if (isfinite(now->loss))
        buffer_printf(out, ",\"epoch\":%" PRId64 ",\"loss\":%.9g", now->epoch, now->loss);
    if (now->share > 0)
        buffer_printf(out, ",\"seconds_left\":%.1f",
                      clock_seconds_since(now->phase_started_ns) * (1 - now->share) / now->share);
    print_time(out, "started_at", now->started_ms);
}

void trainer_status(struct trainer *trainer, struct buffer *out)
{
    pthread_mutex_lock(&trainer->mutex);
    const struct round_state now = trainer->now;
    const struct last_round last = trainer->last;
    const bool wanted = trainer->wanted;
    pthread_mutex_unlock(&trainer->mutex);
    if (now.running)
        print_running(&now, out);
    else
        buffer_printf(out, "{\"state\":\"%s\"", wanted ? "waiting" : "idle");
    if (last.version) {
        buffer_printf(out, ",\"last\":{\"version\":%u,\"state\":\"%s\",\"reason\":", last.version,
                      last.state);
        buffer_append_json(out, last.reason, strlen(last.reason));
        print_time(out, "finished_at", last.finished_ms);
        buffer_append_byte(out, '}');
    }
    buffer_append_byte(out, '}');
}

double trainer_share(struct trainer *trainer)
{
    pthread_mutex_lock(&trainer->mutex);
    const double share = trainer->now.running ? trainer->now.share : -1;
    pthread_mutex_unlock(&trainer->mutex);
    return share;
}
