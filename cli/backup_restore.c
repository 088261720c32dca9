/* The subcommands backup and restore. "-" goes through a file in the temporary folder, since a
 * backup is checked as a whole before any of it is used. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/backup.h"
#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/report.h"

enum { COPY_BYTES = 1 << 16 };

static enum status copy(int from, int to, struct error *reterr)
{
    char bytes[COPY_BYTES];
    for (;;) {
        ssize_t n = read(from, bytes, sizeof bytes);
        if (n == 0)
            return STATUS_OK;
        if (n < 0)
            return error_set_errno(reterr, errno, "reading the backup");
        for (const char *at = bytes; n > 0;) {
            const ssize_t written = write(to, at, (size_t)n);
            if (written < 0)
                return error_set_errno(reterr, errno, "writing the backup");
            at += written;
            n -= written;
        }
    }
}

/* A private folder for one file that stands for standard input or output. */
static enum status scratch_file(char folder[PATH_BYTES_MAX], char path[PATH_BYTES_MAX],
                                struct error *reterr)
{
    const char *base = getenv("TMPDIR");
    if (snprintf(folder, PATH_BYTES_MAX, "%s/tastevin.XXXXXX", base && *base ? base : "/tmp") >=
        PATH_BYTES_MAX)
        return error_set(reterr, STATUS_TOO_LARGE, "TMPDIR is too long");
    if (!mkdtemp(folder))
        return error_set_errno(reterr, errno, "making a folder for the backup");
    return path_join(path, folder, "backup");
}

static enum status backup_to_stdout(struct context *context, struct error *reterr)
{
    char folder[PATH_BYTES_MAX] = "", path[PATH_BYTES_MAX];
    enum status status = scratch_file(folder, path, reterr);
    if (status != STATUS_OK)
        return status;
    status = backup_write(context, path, reterr);
    const int fd = status == STATUS_OK ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (status == STATUS_OK)
        status = fd < 0 ? error_set_errno(reterr, errno, "reading %s", path)
                        : copy(fd, STDOUT_FILENO, reterr);
    if (fd >= 0)
        close(fd);
    folder_remove(folder, NULL);
    return status;
}

/* Standard input as a file of a folder of its own, which the caller removes. */
static enum status stdin_to_file(char folder[PATH_BYTES_MAX], char path[PATH_BYTES_MAX],
                                 struct error *reterr)
{
    enum status status = scratch_file(folder, path, reterr);
    if (status != STATUS_OK) {
        *folder = '\0';
        return status;
    }
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    status = fd < 0 ? error_set_errno(reterr, errno, "writing %s", path)
                    : copy(STDIN_FILENO, fd, reterr);
    if (fd >= 0)
        close(fd);
    return status;
}

static int verify(const char *path)
{
    struct error err = {0};
    char folder[PATH_BYTES_MAX] = "", copied[PATH_BYTES_MAX];
    const bool from_stdin = strcmp(path, "-") == 0;
    enum status status = from_stdin ? stdin_to_file(folder, copied, &err) : STATUS_OK;
    if (status == STATUS_OK)
        status = backup_verify(from_stdin ? copied : path, &err);
    if (*folder)
        folder_remove(folder, NULL);
    if (status != STATUS_OK)
        return report_failure(&err);
    printf("%s: every checksum is right and the store is sound\n",
           from_stdin ? "standard input" : path);
    return EXIT_DONE;
}

int command_backup(const struct invocation *invocation)
{
    const char *path = invocation->arguments[0];
    if (invocation_flag(invocation, "verify"))
        return verify(path);
    struct error err = {0};
    struct context context = {0};
    enum status status = context_open(invocation, CONTEXT_CHANGE, &context, &err);
    const bool to_stdout = strcmp(path, "-") == 0;
    if (status == STATUS_OK)
        status = to_stdout ? backup_to_stdout(&context, &err) : backup_write(&context, path, &err);
    context_close(&context);
    if (status != STATUS_OK)
        return report_failure(&err);
    struct stat facts;
    if (!to_stdout && stat(path, &facts) == 0)
        printf("%s: %.1f MB\n", path, (double)facts.st_size / 1e6);
    return EXIT_DONE;
}

static enum status restore_from_stdin(const char *data, struct error *reterr)
{
    char folder[PATH_BYTES_MAX] = "", path[PATH_BYTES_MAX];
    enum status status = stdin_to_file(folder, path, reterr);
    if (status == STATUS_OK)
        status = backup_restore(path, data, reterr);
    if (*folder)
        folder_remove(folder, NULL);
    return status;
}

int command_restore(const struct invocation *invocation)
{
    struct error err = {0};
    struct settings settings;
    enum status status = configuration_read(invocation, NULL, &settings, &err);
    const char *path = invocation->arguments[0];
    if (status == STATUS_OK)
        status = strcmp(path, "-") == 0 ? restore_from_stdin(settings.data.directory, &err)
                                        : backup_restore(path, settings.data.directory, &err);
    const int code = status == STATUS_OK ? EXIT_DONE : report_failure(&err);
    if (code == EXIT_DONE)
        printf("restored into %s\n", settings.data.directory);
    settings_free(&settings);
    return code;
}
