#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/report.h"
#include "data/migrate.h"
#include "data/store.h"
#include "server/site.h"

static void print_status(const struct invocation *invocation, int version, int latest)
{
    const char *state = version == latest  ? "up to date"
                        : version > latest ? "newer than this program"
                                           : "older: run 'tastevin migrate up'";
    if (invocation_flag(invocation, "json"))
        printf("{\"schema\": %d, \"program\": %d, \"up_to_date\": %s}\n", version, latest,
               version == latest ? "true" : "false");
    else
        printf("schema %d of %d: %s\n", version, latest, state);
}

/* Opening a store for writing is what migrates it. */
static enum status migrate_folder(const char *folder, struct error *reterr)
{
    int lock = -1;
    enum status status = site_lock(folder, &lock, reterr);
    if (status != STATUS_OK)
        return status;
    struct store *store = NULL;
    status = store_open(folder, STORE_WRITE, &store, reterr);
    store_close(store);
    close(lock);
    return status;
}

int command_migrate(const struct invocation *invocation)
{
    struct error err = {0};
    struct settings settings;
    int version = 0;
    enum status status = configuration_read(invocation, NULL, &settings, &err);
    const char *folder = status == STATUS_OK ? settings.data.directory : "";
    if (status == STATUS_OK)
        status = migrate_status(folder, &version, &err);
    if (status == STATUS_OK && strcmp(invocation->arguments[0], "up") == 0) {
        status = migrate_folder(folder, &err);
        if (status == STATUS_OK)
            status = migrate_status(folder, &version, &err);
    }
    settings_free(&settings);
    if (status != STATUS_OK)
        return report_failure(&err);
    print_status(invocation, version, migrate_latest(store_migrations));
    return EXIT_DONE;
}
