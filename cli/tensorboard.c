#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/report.h"

static enum status find_logdir(const struct settings *settings, char out[PATH_BYTES_MAX],
                               struct error *reterr)
{
    const char *logdir = settings->tensorboard.logdir;
    const enum status status = *logdir ? path_join(out, logdir, "")
                                       : path_join(out, settings->data.directory, "tensorboard");
    if (status != STATUS_OK)
        return error_set(reterr, status, "the path of the log directory is too long");
    return STATUS_OK;
}

/* In quotes, as a shell takes it for one word whatever bytes it has. */
static void print_quoted(const char *text)
{
    putchar('\'');
    for (; *text; text++)
        if (*text == '\'')
            fputs("'\\''", stdout);
        else
            putchar(*text);
    putchar('\'');
}

/* What a shell calls not there or not to be run: it is not installed here, whatever lies there. */
static bool is_absent(int reason)
{
    return reason == ENOENT || reason == EACCES || reason == ENOTDIR || reason == ENOEXEC;
}

int command_tensorboard(const struct invocation *invocation)
{
    struct error err = {0};
    struct settings settings;
    char logdir[PATH_BYTES_MAX] = "", port[24];
    enum status status = configuration_read(invocation, NULL, &settings, &err);
    if (status == STATUS_OK)
        status = find_logdir(&settings, logdir, &err);
    settings_free(&settings);
    if (status != STATUS_OK)
        return report_failure(&err);
    snprintf(port, sizeof port, "%" PRId64, invocation_whole(invocation, "port"));
    execlp("tensorboard", "tensorboard", "--logdir", logdir, "--port", port, (char *)NULL);
    if (!is_absent(errno)) {
        error_set_errno(&err, errno, "starting tensorboard");
        return report_failure(&err);
    }
    report_note(errno == ENOENT ? "TensorBoard is not installed. To install and start it:"
                                : "The installed TensorBoard cannot be run. To install and start "
                                  "one:");
    /* TensorBoard imports pkg_resources, which later setuptools no longer have. */
    fputs("python3 -m venv tensorboard-venv && tensorboard-venv/bin/pip install tensorboard "
          "'setuptools<81' && tensorboard-venv/bin/tensorboard --logdir ",
          stdout);
    print_quoted(logdir);
    printf(" --port %s\n", port);
    return EXIT_FAILED;
}
