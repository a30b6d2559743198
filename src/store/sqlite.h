#pragma once
/* The SQLite driver: opening databases. Using them is db.h. */
#include "base/str.h"

struct db;

enum sqlite_role {
    SQLITE_WRITER, /* the one connection that writes and checkpoints */
    SQLITE_READER, /* query only */
};

/* To be called once, before anything is opened. */
void sqlite_start(void);

/* Opens the database file, which a writer creates. NULL: failed; the reason is logged. */
struct db *sqlite_open(const char *path, enum sqlite_role role);

void sqlite_close(struct db *db);

/* Runs several statements, as migrations are. */
bool sqlite_execute(struct db *db, const char *sql) MUST_CHECK;

/* "ok", or what SQLite's own check of the file found. */
struct str sqlite_check(struct db *db, struct arena *arena);
