#pragma once
/* The schema and how it moves forward: numbered SQL files, embedded in the binary.
 *
 * File n ("0001_initial.sql" is 1) turns schema n-1 into n; PRAGMA user_version names the schema of
 * a file, application_id that it is ours. Files are only ever added. Each runs in a transaction of
 * its own with foreign keys switched off before it (a table may be rebuilt and renamed) and checked
 * as a whole before the commit: after a failure the file is as it was.
 */
#include "base/embedded.h"
#include "base/status.h"

struct sqlite3;

/* The migrations of this program, in order; ends with a NULL name. */
extern const struct embedded_file store_migrations[];

#define STORE_APPLICATION_ID 0x54535456 /* "TSTV" */

/* The schema that a list of migrations leads to: how many there are. */
int migrate_latest(const struct embedded_file *migrations);

/* The schema of an open database; 0: empty. UNSUPPORTED: another program's database, or a schema
 * newer than `latest`. CORRUPT: not a database. */
enum status migrate_version(struct sqlite3 *db, int latest, int *ret_version, struct error *reterr);

/* Runs what is missing, one transaction each. A migration that fails leaves the schema before it.
 * Leaves foreign keys on. */
enum status migrate_up(struct sqlite3 *db, const struct embedded_file *migrations,
                       struct error *reterr);

/* For `migrate status`: the schema of the store in a data directory, without opening it for more.
 * NOT_FOUND: no store there. A newer schema than this program's is no error here. */
enum status migrate_status(const char *folder, int *ret_version, struct error *reterr);
