#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/answering.h"
#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/console.h"
#include "cli/report.h"
#include "cli/serve.h"
#include "cli/train.h"
#include "data/import.h"
#include "server/site.h"
#include "version.h"

#define DEMO_FOLDER "tastevin-demo"
#define DEMO_DATA   "demo/ml-latest-small"
#define DEMO_MARK   "demo_imported" /* setting in the store: the import is complete */
#define DEMO_USER   "1"
#define DEMO_PROBE  "ratings.csv"

enum { ITEM_TEXT = ID_BYTES_MAX + 1 };

/* ---- where the data set lies ---- */

static bool holds_data(const char *folder)
{
    char probe[PATH_BYTES_MAX];
    return path_join(probe, folder, DEMO_PROBE) == STATUS_OK && access(probe, R_OK) == 0;
}

/* In the source tree of a build folder, or where it was installed. */
static enum status find_data(char out[PATH_BYTES_MAX], struct error *reterr)
{
    static const char *const relative[] = {"../../" DEMO_DATA, "../" DEMO_DATA,
                                           "../share/tastevin/" DEMO_DATA};
    char program[PATH_BYTES_MAX];
    const ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length < 0)
        return error_set_errno(reterr, errno, "finding the program's own place");
    program[length] = '\0';
    const char *folder = dirname(program);
    for (size_t i = 0; i < sizeof relative / sizeof *relative; i++)
        if (path_join(out, folder, relative[i]) == STATUS_OK && holds_data(out))
            return STATUS_OK;
    if (path_join(out, TASTEVIN_DATADIR, DEMO_DATA) == STATUS_OK && holds_data(out))
        return STATUS_OK;
    return error_set(reterr, STATUS_NOT_FOUND,
                     "the demo's data set is neither beside %s nor in %s; run it from the source "
                     "tree or install it",
                     folder, TASTEVIN_DATADIR);
}

/* ---- load and train, each once ---- */

static enum status set_mark(void *context, struct store *store, struct error *reterr)
{
    (void)context;
    return store_put_setting(store, DEMO_MARK, "1", 1, reterr);
}

static enum status load_data(struct context *context, const struct observer *observer,
                             struct error *reterr)
{
    char folder[PATH_BYTES_MAX];
    struct import_result result;
    struct buffer mark = {0};
    enum status status = store_get_setting(context->store, DEMO_MARK, &mark, reterr);
    buffer_free(&mark);
    if (status != STATUS_NOT_FOUND)
        return status;
    status = find_data(folder, reterr);
    if (status != STATUS_OK)
        return status;
    const struct import_job job = {.reader = reader_class_find("movielens", NULL),
                                   .settings = {.positive_from = NAN},
                                   .store = context->store,
                                   .types = &context->types,
                                   .observer = observer};
    const char *const paths[] = {folder};
    status = import_paths(&job, paths, 1, &result, reterr);
    if (status != STATUS_OK)
        return status;
    report_note("Loaded %" PRIu64 " ratings of %" PRIu64 " films.",
                result.events + result.duplicates, result.items);
    return store_transact(context->store, set_mark, NULL, reterr);
}

static enum status train_first(struct context *context, const struct observer *observer,
                               struct error *reterr)
{
    uint32_t version = 0;
    struct train_outcome outcome;
    enum status status = active_version(context->store, &version, reterr);
    if (status != STATUS_OK || version)
        return status;
    status = train_run(context, observer, &outcome, reterr);
    if (status == STATUS_OK)
        report_note("Trained version %u. %s", outcome.version,
                    outcome.result.reason.data ? outcome.result.reason.data : "");
    round_result_free(&outcome.result);
    return status;
}

/* ---- what to try ---- */

struct demo {
    const struct settings *settings;
    const char *program;
    char item[ITEM_TEXT]; /* the film that the demo's user is shown first; "" if there is none */
};

/* The first answer's item, so that the printed commands can name it. */
static enum status first_item(struct context *context, struct demo *demo, struct error *reterr)
{
    struct answering answering;
    struct arena arena = {0};
    struct recommendation answer = {0};
    enum status status = answering_open(context, &answering, reterr);
    if (status == STATUS_OK) {
        const struct recommend_request request = {
            .user = live_find_user(&answering.view, DEMO_USER), .n = 1, .now_ms = clock_now_ms()};
        status = recommend(&answering.view.view, &request, &arena, &answer);
    }
    if (status == STATUS_OK && answer.n)
        snprintf(demo->item, sizeof demo->item, "%s",
                 catalogue_id(live_catalogue(&answering.view), answer.items[0].item));
    arena_free(&arena);
    answering_close(&answering);
    return status;
}

static void print_tour(void *context, struct site *site)
{
    const struct demo *demo = context;
    char base[300];
    snprintf(base, sizeof base, "http://%s:%u", demo->settings->server.address, site_port(site));
    printf("\nTastevin serves at %s. Try, in another terminal:\n\n"
           "  What should user %s see next?\n"
           "    curl '%s/v1/users/%s/recommendations?n=5&fields=title'\n\n"
           "  Say that the user liked the first film, and ask again: it is gone, the rest has "
           "moved.\n"
           "    curl %s/v1/interactions -H 'Content-Type: application/json' \\\n"
           "      -d '{\"user\": \"%s\", \"item\": \"%s\", \"type\": \"like\"}'\n"
           "    curl '%s/v1/users/%s/recommendations?n=5&fields=title'\n\n",
           base, DEMO_USER, base, DEMO_USER, base, DEMO_USER, demo->item, base, DEMO_USER);
    printf("  Train again, with that event, and see how far it is.\n"
           "    curl -X POST %s/v1/training\n"
           "    curl %s/v1/training\n\n"
           "  Watch the rounds in TensorBoard.\n"
           "    %s tensorboard --data %s\n\n"
           "Ctrl-C stops it; the next start goes on with %s.\n",
           base, base, demo->program, demo->settings->data.directory,
           demo->settings->data.directory);
    fflush(stdout);
}

/* ---- the subcommand ---- */

static enum status read_settings(const struct invocation *invocation, struct settings *ret_settings,
                                 struct error *reterr)
{
    enum status status = configuration_read(invocation, NULL, ret_settings, reterr);
    size_t i = 0;
    while (status == STATUS_OK && i < settings_n_options &&
           strcmp(settings_options[i].name, "data.directory") != 0)
        i++;
    if (status == STATUS_OK && strcmp(ret_settings->places[i], "default") == 0)
        status = settings_set(ret_settings, "data.directory", DEMO_FOLDER, "demo", reterr);
    return status;
}

/* Under the directory's lock, which the daemon takes afterwards. */
static enum status prepare(struct context *context, struct demo *demo, struct error *reterr)
{
    struct console console = {0};
    int lock = -1;
    enum status status = console_open(&console, reterr);
    if (status == STATUS_OK)
        status = site_lock(context->settings.data.directory, &lock, reterr);
    if (status == STATUS_OK)
        status = load_data(context, &console.observer, reterr);
    if (status == STATUS_OK)
        status = train_first(context, &console.observer, reterr);
    console_close(&console);
    if (status == STATUS_OK)
        status = first_item(context, demo, reterr);
    if (lock >= 0)
        close(lock);
    return status;
}

int command_demo(const struct invocation *invocation)
{
    struct error err = {0};
    struct settings settings;
    struct context context = {0};
    struct demo demo = {.program = invocation->program};
    enum status status = read_settings(invocation, &settings, &err);
    if (status != STATUS_OK) {
        settings_free(&settings);
        return report_failure(&err);
    }
    status = context_open_with(&settings, CONTEXT_MAKE, &context, &err);
    if (status == STATUS_OK)
        status = prepare(&context, &demo, &err);
    store_close(context.store);
    context.store = NULL;
    demo.settings = &context.settings;
    const int code = status == STATUS_OK ? serve_site(&context.settings, print_tour, &demo)
                                         : report_failure(&err);
    context_close(&context);
    return code;
}
