#include "board/listing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"

static const char stem[] = "events.out.tfevents.";

enum { SECONDS_DIGITS = 10, HOST_BYTES_MAX = 64 };
static const int64_t seconds_max = 9999999999;

/* Reads the folder: how many event files, and the greatest name ("" for none). */
static enum status scan_events(const char *folder, size_t *ret_count,
                               char greatest[EVENT_FILE_NAME_MAX + 1], struct error *reterr)
{
    DIR *dir = opendir(folder);
    if (!dir)
        return error_set_errno(reterr, errno, "cannot read the folder %s", folder);
    *ret_count = 0;
    greatest[0] = '\0';
    const struct dirent *entry;
    while ((entry = readdir(dir))) {
        if (!strstr(entry->d_name, "tfevents"))
            continue;
        ++*ret_count;
        if (strcmp(entry->d_name, greatest) > 0)
            snprintf(greatest, EVENT_FILE_NAME_MAX + 1, "%s", entry->d_name);
    }
    closedir(dir);
    return STATUS_OK;
}

/* The host's name, with '_' for what does not belong in a file's name. */
static void host_name(char out[HOST_BYTES_MAX + 1])
{
    if (gethostname(out, HOST_BYTES_MAX) != 0)
        out[0] = '\0';
    out[HOST_BYTES_MAX] = '\0';
    for (char *c = out; *c; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
              *c == '-'))
            *c = '_';
    if (out[0] == '\0')
        strcpy(out, "host");
}

/* The seconds in the name of an event file, or -1. */
static int64_t seconds_of(const char *name)
{
    if (strncmp(name, stem, sizeof stem - 1) != 0)
        return -1;
    int64_t seconds = 0;
    const char *at = name + sizeof stem - 1;
    for (int i = 0; i < SECONDS_DIGITS; i++, at++) {
        if (*at < '0' || *at > '9')
            return -1;
        seconds = seconds * 10 + (*at - '0');
    }
    return seconds;
}

enum status event_file_name(const char *folder, int64_t now_s, size_t files_max,
                            char out[EVENT_FILE_NAME_MAX + 1], struct error *reterr)
{
    char greatest[EVENT_FILE_NAME_MAX + 1], host[HOST_BYTES_MAX + 1];
    size_t count;
    const enum status status = scan_events(folder, &count, greatest, reterr);
    if (status != STATUS_OK)
        return status;
    if (count >= files_max)
        return error_set(reterr, STATUS_TOO_LARGE,
                         "%s holds %zu event files already; use another run or remove them", folder,
                         count);
    host_name(host);
    int64_t seconds = now_s > 0 ? now_s : 0;
    if (seconds_of(greatest) >= seconds)
        seconds = seconds_of(greatest) + 1;
    if (seconds <= seconds_max)
        snprintf(out, EVENT_FILE_NAME_MAX + 1, "%s%010" PRId64 ".%s.%07ld.%03zu", stem, seconds,
                 host, (long)getpid(), count);
    if (seconds > seconds_max || strcmp(out, greatest) <= 0)
        return error_set(reterr, STATUS_CONFLICT,
                         "%s holds the event file %s, after which no other would be read: move it "
                         "away",
                         folder, greatest);
    return STATUS_OK;
}

/* ---- runs ---- */

struct listed_run {
    const char *name;
    uint64_t bytes;
    size_t n_files;
};

struct run_listing {
    struct arena arena;
    struct listed_run *runs;
    size_t count, capacity;
};

static bool is_plain_folder(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* What cannot be looked into counts for nothing. */
static uint64_t bytes_in(const char *folder)
{
    uint64_t bytes = 0;
    const struct dirent *entry;
    DIR *dir = opendir(folder);
    while (dir && (entry = readdir(dir))) {
        struct stat info;
        if (fstatat(dirfd(dir), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(info.st_mode))
            bytes += (uint64_t)info.st_size;
    }
    if (dir)
        closedir(dir);
    return bytes;
}

static enum status add_run(struct run_listing *listing, const char *name, uint64_t bytes,
                           size_t n_files)
{
    if (listing->count == RUNS_LISTED_MAX)
        return STATUS_TOO_LARGE;
    if (listing->count == listing->capacity) {
        const size_t capacity = listing->capacity ? 2 * listing->capacity : 64;
        struct listed_run *runs = realloc(listing->runs, capacity * sizeof *runs);
        if (!runs)
            return STATUS_NO_MEMORY;
        listing->runs = runs;
        listing->capacity = capacity;
    }
    const struct listed_run run = {.name = arena_strndup(&listing->arena, name, strlen(name)),
                                   .bytes = bytes,
                                   .n_files = n_files};
    if (!run.name)
        return STATUS_NO_MEMORY;
    listing->runs[listing->count++] = run;
    return STATUS_OK;
}

/* Adds the folder if it is a run. What cannot be looked into is not one of ours. */
/* A fit, whose runs have names that people choose, may have been told to write here too. */
static bool is_numbered(const char *rest)
{
    return rest[0] != '\0' && rest[strspn(rest, "0123456789-")] == '\0';
}

static enum status consider(struct run_listing *listing, const char *logdir, const char *name)
{
    char path[PATH_BYTES_MAX], greatest[EVENT_FILE_NAME_MAX + 1];
    size_t count;
    if (path_join(path, logdir, name) != STATUS_OK || !is_plain_folder(path) ||
        scan_events(path, &count, greatest, NULL) != STATUS_OK || count == 0)
        return STATUS_OK;
    return add_run(listing, name, bytes_in(path), count);
}

static int compare_runs(const void *left, const void *right)
{
    const struct listed_run *a = left, *b = right;
    const size_t a_length = strlen(a->name), b_length = strlen(b->name);
    if (a_length != b_length)
        return a_length < b_length ? -1 : 1;
    return strcmp(a->name, b->name);
}

enum status run_listing_new(const char *logdir, const char *prefix,
                            struct run_listing **ret_listing, struct error *reterr)
{
    struct run_listing *listing = calloc(1, sizeof *listing);
    if (!listing)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the runs in %s", logdir);
    DIR *dir = opendir(logdir);
    if (!dir) {
        const int reason = errno;
        run_listing_free(listing);
        return error_set_errno(reterr, reason, "cannot read the folder %s", logdir);
    }
    enum status status = STATUS_OK;
    const struct dirent *entry;
    while (status == STATUS_OK && (entry = readdir(dir)))
        if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0 &&
            is_numbered(entry->d_name + strlen(prefix)))
            status = consider(listing, logdir, entry->d_name);
    closedir(dir);
    if (status != STATUS_OK) {
        run_listing_free(listing);
        return error_set(reterr, status, "cannot list the runs in %s", logdir);
    }
    if (listing->count)
        qsort(listing->runs, listing->count, sizeof *listing->runs, compare_runs);
    *ret_listing = listing;
    return STATUS_OK;
}

size_t run_listing_count(const struct run_listing *listing)
{
    return listing->count;
}

const char *run_listing_at(const struct run_listing *listing, size_t i)
{
    return listing->runs[i].name;
}

uint64_t run_listing_bytes(const struct run_listing *listing, size_t i)
{
    return listing->runs[i].bytes;
}

size_t run_listing_files(const struct run_listing *listing, size_t i)
{
    return listing->runs[i].n_files;
}

void run_listing_free(struct run_listing *listing)
{
    if (!listing)
        return;
    free(listing->runs);
    arena_free(&listing->arena);
    free(listing);
}
