#include "cli/serve.h"

#include <signal.h>

#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/report.h"
#include "server/log.h"
#include "server/site.h"
#include "train/round.h"

int serve_site(const struct settings *settings, void (*started)(void *context, struct site *site),
               void *context)
{
    struct error err = {0};
    struct site *site = NULL;
    log_setup((enum log_level)settings->log.level, settings->log.format);
    /* Blocked before the first thread is made, so that no thread but this one is interrupted. */
    sigset_t awaited, before;
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGTERM);
    sigaddset(&awaited, SIGINT);
    pthread_sigmask(SIG_BLOCK, &awaited, &before);
    if (site_start(settings, &site, &err) != STATUS_OK) {
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        return report_failure(&err);
    }
    if (started)
        started(context, site);
    int signal_number = 0;
    sigwait(&awaited, &signal_number);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    log_write(LOG_INFO, "stopping", "on %s", signal_number == SIGTERM ? "SIGTERM" : "SIGINT");
    site_stop(site);
    return EXIT_DONE;
}

static void say_where(void *context, struct site *site)
{
    const struct settings *settings = context;
    log_write(LOG_INFO, "listening", "http://%s:%u, data in %s", settings->server.address,
              site_port(site), settings->data.directory);
}

int command_serve(const struct invocation *invocation)
{
    struct error err = {0};
    struct settings settings;
    enum status status = configuration_read(invocation, NULL, &settings, &err);
    if (status == STATUS_OK)
        status = round_check_settings(&settings, &err);
    const int code =
        status == STATUS_OK ? serve_site(&settings, say_where, &settings) : report_failure(&err);
    settings_free(&settings);
    return code;
}
