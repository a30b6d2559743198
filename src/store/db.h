#pragma once
/* One connection to a database: prepare, bind, step. Resources and the layers above write SQL that
 * SQLite and PostgreSQL both understand ($1, $2, … in the order of first use) and never learn which
 * of them answers.
 *
 * Failures are sticky: when the database fails, the connection remembers it, every further query
 * finds no row, and whoever runs the transaction asks db_failed() once, at its end. So callers only
 * ever deal with "a row", "no row" and "conflict". */
#include "base/str.h"

struct db;
struct db_statement;
struct kept_row;

/* A statement as the source declares it. All of them stand in one section of the program, so that
 * each can be listed and tried on every database. */
struct statement {
    const char *sql;
};

#define STATEMENT(name, text) \
    static const struct statement name __attribute__((section("statements"), used)) = {text}

/* The declared statements: from statements_begin() up to, not including, statements_end(). */
const struct statement *statements_begin(void);
const struct statement *statements_end(void);

enum db_result {
    DB_DONE,
    DB_CONFLICT, /* a unique index or a check refused it */
    DB_FAILED,   /* see db_failed() */
};

enum db_failure {
    DB_OK,
    DB_BUSY,    /* run the transaction again */
    DB_FULL,    /* no space left: nothing was changed, reading goes on */
    DB_BROKEN,  /* the storage cannot be trusted any more: stop the process */
    DB_MISUSED, /* our own mistake */
};

struct query {
    struct db *db;
    struct db_statement *statement;
    const struct kept_row *row; /* the current one; NULL: it is asked of the database */
    int bound;
    bool done;
    bool remembers; /* see db_remember() */
};

/* Begins a query; parameters are bound in order, from $1. The statement must outlive the
 * connection. */
struct query db_query(struct db *db, const struct statement *statement);

/* The same for SQL put together at run time, which the connection copies. */
struct query db_query_text(struct db *db, struct str sql);

/* To be called before parameters are bound, where mostly one row is found at most. In a transaction
 * a connection that only reads keeps the row for as long as it sees the same state of the database,
 * and answers the same query with it, without a search. So what is found depends on a table, and on
 * nothing else but the parameters; values are not converted; until db_end() there is no other such
 * query. */
void db_remember(struct query *query);

void db_bind_int(struct query *query, int64_t value);
void db_bind_str(struct query *query, struct str value); /* null: NULL; must live until db_end */
void db_bind_null(struct query *query);

/* Next row: true when there is one. */
bool db_row(struct query *query);

int64_t db_int(struct query *query, int column);
bool db_is_null(struct query *query, int column);
/* Valid until the next db_row() or db_end(). */
struct str db_str(struct query *query, int column);

/* Ends a query that was stepped with db_row(). */
void db_end(struct query *query);

/* Runs a statement to its end. */
enum db_result db_run(struct query *query);

/* Runs a statement that nothing can stand in the way of: a conflict is our own mistake. */
void db_do(struct query *query);

/* Rows that the last statement inserted, updated or deleted. */
int64_t db_changes(struct db *db);

/* What went wrong on this connection since db_clear(). */
enum db_failure db_failed(const struct db *db);
struct str db_failure_text(const struct db *db);
void db_clear(struct db *db);

/* Whether it was opened for writing. */
bool db_can_write(const struct db *db);

/* Transactions. `write`: takes the right to write at once. */
void db_begin(struct db *db, bool write);
/* True: committed and on stable storage. */
bool db_commit(struct db *db) MUST_CHECK;
void db_rollback(struct db *db);

/* One savepoint inside the transaction, not nested. */
void db_savepoint(struct db *db);
/* The same where nothing is expected to be undone: it is left out, and rolling back to it fails
 * with DB_BUSY. When the transaction is run again, it and the next few have their savepoints. */
void db_savepoint_unlikely(struct db *db);
void db_release(struct db *db);
void db_rollback_to_savepoint(struct db *db);

/* Next value for a `seq` column: grows with time, unique on this database. `now`: unix seconds. */
int64_t db_next_row(struct db *db, int64_t now);

/* Takes over the values of seq that were reserved before, so that none is given twice, even when
 * the process was killed or the clock set back. To be called once, before the first transaction. */
void db_take_rows(struct db *db);

/* Makes sure that the values of the next while are reserved, so that it is not done for each; to be
 * called at the beginning of each writing transaction. `now`: unix seconds. */
void db_reserve_rows(struct db *db, int64_t now);

/* Later values will be above `row`. */
void db_raise_row(struct db *db, int64_t row);

/* Whether the storage needs something done, when no transaction is open. `waiting`: how many
 * requests would wait for it. */
bool db_wants_maintenance(const struct db *db, size_t waiting);
void db_maintain(struct db *db);

/* The rows that a second's objects may have: row = second << ROW_SECOND_BITS + n. */
#define ROW_SECOND_BITS 24
