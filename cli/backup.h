#pragma once
/* A backup: one file of named sections (base/sections.h), each with its checksum.
 *
 *   store             the whole SQLite database
 *   config.yaml       the settings in force, but for data.directory: a restored one lies elsewhere
 *   version           text: number of the active snapshot; absent when there is none
 *   snapshot/<name>   its files
 */
#include "cli/context.h"

#define BACKUP_STORE    "store"
#define BACKUP_CONFIG   "config.yaml"
#define BACKUP_VERSION  "version"
#define BACKUP_SNAPSHOT "snapshot/"

/* Writes a backup to `path`, which must not exist. */
enum status backup_write(struct context *context, const char *path, struct error *reterr);

/* Opens the store of a backup in a scratch folder beside it and verifies it; the checksums of all
 * sections come first. */
enum status backup_verify(const char *path, struct error *reterr);

/* Unpacks into `folder`, which holds no store. */
enum status backup_restore(const char *path, const char *folder, struct error *reterr);
