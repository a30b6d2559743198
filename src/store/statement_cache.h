#pragma once
/* The statements that a connection to SQLite has prepared. */
#include "store/db.h"

struct sqlite3;
struct sqlite3_stmt;

#define STATEMENT_SLOTS 512 /* a power of two; at most half of them are taken */

struct db_statement {
    struct sqlite3_stmt *handle;
    uint64_t number; /* that no other one of this connection ever had */
    uint64_t hash;
    const struct statement *declared; /* NULL: the text below */
    char *sql;
    bool writes;
    bool running;
};

struct statement_cache {
    struct db_statement *slots[STATEMENT_SLOTS];
    size_t taken;
    uint64_t prepared; /* how many were, ever */
};

/* NULL: it cannot be prepared, the connection knows why. What is running stays, others may go. */
struct db_statement *statement_cache_declared(struct statement_cache *cache, struct sqlite3 *handle,
                                              const struct statement *statement);
struct db_statement *statement_cache_text(struct statement_cache *cache, struct sqlite3 *handle,
                                          struct str sql);

/* Forgets all that are not running. */
void statement_cache_clear(struct statement_cache *cache);
