#pragma once
/* The schema and its versions. Each migration runs in one transaction of its own. */
#include "base/str.h"

struct arena;
struct db;

enum dialect {
    DIALECT_SQLITE,
    DIALECT_POSTGRES
};

/* The number of the newest migration. */
int64_t migrate_newest(void);

/* The number of the last migration that the database has had; 0: empty. */
int64_t migrate_current(struct db *db);

/* Runs what is missing. False: failed, or the database is newer than this program; logged. */
bool migrate_run(struct arena *arena, struct db *db) MUST_CHECK;

/* The text of migration `number`, counted from 1, for a database. */
struct str migrate_sql(struct arena *arena, int64_t number, enum dialect dialect);
