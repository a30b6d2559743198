/* SQLite behind the interface of db.h. Write-ahead log, synchronous=FULL: a commit has returned
 * when its frames are on stable storage. Exactly one connection writes and checkpoints: releases of
 * SQLite before 3.51.3 can corrupt the log when two do so at once. Readers are query_only and never
 * checkpoint. */
#include "store/sqlite.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/db.h"
#include "store/directory.h"
#include "store/gathered_log.h"
#include "store/kept_rows.h"
#include "store/page_cache.h"
#include "store/row_numbers.h"
#include "store/statement_cache.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Requests wait while the log is written back: a little at a time, but more where each sync is
 * slow, or where a crowd or a large commit makes them wait anyway; what was changed again is then
 * written back once. */
#define CHECKPOINT_PAGES_MIN 250
#define CHECKPOINT_PAGES_CROWD 1000
#define CHECKPOINT_PAGES_MAX 4000 /* about 16 MiB */
#define CHECKPOINT_CROWD 32       /* requests */
#define CHECKPOINT_COMMIT 100     /* pages of a large one */
#define CHECKPOINT_US_PER_PAGE 7  /* more than writing one takes, so that longer ones are syncs */
#define PAGE_CACHE "24576"        /* KiB for each connection */
#define BUSY_TIMEOUT_MS 5000
#define CAREFUL_TRANSACTIONS 64 /* after one that had to be run again */

enum control {
    CONTROL_BEGIN,
    CONTROL_BEGIN_WRITE,
    CONTROL_COMMIT,
    CONTROL_ROLLBACK,
    CONTROL_SAVEPOINT,
    CONTROL_RELEASE,
    CONTROL_ROLLBACK_TO,
    CONTROL_COUNT,
};

struct db {
    sqlite3 *handle;
    sqlite3_stmt *controls[CONTROL_COUNT];
    struct statement_cache statements;
    enum sqlite_role role;
    enum db_failure failure;
    char failure_text[256];
    bool wants_savepoint; /* asked for, not opened yet: most requests that fail wrote nothing */
    bool has_savepoint;
    bool is_unlikely;            /* to be rolled back to */
    bool wrote_beyond_savepoint; /* that was left out */
    int careful;                 /* transactions that do not bet */
    bool in_transaction;
    int log_pages;         /* after the last commit */
    int commit_pages;      /* of the last one */
    int log_pages_handled; /* by the last checkpoint */
    int64_t checkpoint_us; /* that the last one took */
    struct row_numbers row_numbers;
    struct kept_rows *kept; /* of a reader */
    struct row_key key;     /* of the query that is about to be asked and remembered */
    const struct db_statement *key_statement;
    unsigned kept_version; /* SQLite's count of the changes that this connection saw */
    bool kept_is_current;  /* the rows are those of this transaction's state */
    bool is_reading_kept;  /* a query's row is one of them */
};

/* ---- failures ---- */

static enum db_failure classify(int code)
{
    switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return DB_BUSY;
    case SQLITE_FULL:
        return DB_FULL;
    case SQLITE_ERROR:
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
        return DB_MISUSED;
    default: /* I/O errors, corruption, no memory, no access */
        return DB_BROKEN;
    }
}

static void note_failure(struct db *db, int code, const char *sql)
{
    enum db_failure failure = classify(code);
    if (db->failure != DB_OK && failure != DB_BROKEN)
        return;
    db->failure = failure;
    snprintf(db->failure_text, sizeof(db->failure_text), "%s (%d)", sqlite3_errmsg(db->handle),
             sqlite3_extended_errcode(db->handle));
    log_message(LOG_ERROR, "database", "%s in: %.200s", db->failure_text, sql ? sql : "-");
}

enum db_failure db_failed(const struct db *db)
{
    return db->failure;
}

struct str db_failure_text(const struct db *db)
{
    return str_from(db->failure_text);
}

struct row_numbers *db_row_numbers(struct db *db)
{
    return &db->row_numbers;
}

bool db_can_write(const struct db *db)
{
    return db->role == SQLITE_WRITER;
}

void db_clear(struct db *db)
{
    db->failure = DB_OK;
}

/* ---- opening ---- */

void sqlite_start(void)
{
    /* Counting memory takes a lock that all connections share. */
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    page_cache_start();
    gathered_log_start();
}

static bool pragma_is(sqlite3 *handle, const char *name, const char *expected)
{
    char sql[64];
    sqlite3_stmt *statement = NULL;
    snprintf(sql, sizeof(sql), "PRAGMA %s", name);
    bool same = sqlite3_prepare_v2(handle, sql, -1, &statement, NULL) == SQLITE_OK &&
                sqlite3_step(statement) == SQLITE_ROW &&
                strcmp((const char *)sqlite3_column_text(statement, 0), expected) == 0;
    sqlite3_finalize(statement);
    if (!same)
        log_message(LOG_ERROR, "database", "PRAGMA %s is not %s", name, expected);
    return same;
}

static bool configure(struct db *db)
{
    static const char common[] = "PRAGMA trusted_schema=OFF; PRAGMA mmap_size=0;"
                                 "PRAGMA cache_size=-" PAGE_CACHE ";"
                                 "PRAGMA temp_store=MEMORY; PRAGMA foreign_keys=OFF;"
                                 "PRAGMA cell_size_check=ON; PRAGMA case_sensitive_like=ON;";
    static const char writer[] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;";
    static const char reader[] = "PRAGMA query_only=ON;";
    int on = 1;
    sqlite3_busy_timeout(db->handle, BUSY_TIMEOUT_MS);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (!sqlite_execute(db, common) ||
        !sqlite_execute(db, db->role == SQLITE_WRITER ? writer : reader) ||
        !sqlite_execute(db, "PRAGMA wal_autocheckpoint=0;"))
        return false;
    if (!pragma_is(db->handle, "mmap_size", "0"))
        return false;
    if (db->role == SQLITE_READER)
        return pragma_is(db->handle, "query_only", "1");
    sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_PERSIST_WAL, &on);
    return pragma_is(db->handle, "journal_mode", "wal") &&
           pragma_is(db->handle, "synchronous", "2");
}

/* SQLite ignores a failing sync of the directory after it created a log file, so that the first
 * commits could vanish with the file's name: make the log exist and sync the directory here. */
static bool make_log_durable(struct db *db, const char *path)
{
    return sqlite_execute(db, "BEGIN IMMEDIATE; COMMIT;") && directory_sync(path);
}

static int count_log_pages(void *context, sqlite3 *handle, const char *name, int pages)
{
    (void)handle;
    (void)name;
    struct db *db = context;
    if (pages < db->log_pages) /* it starts over */
        db->log_pages = db->log_pages_handled = 0;
    db->commit_pages = pages - db->log_pages;
    db->log_pages = pages;
    return SQLITE_OK;
}

struct db *sqlite_open(const char *path, enum sqlite_role role)
{
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE;
    flags |=
        role == SQLITE_WRITER ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READWRITE;
    struct db *db = calloc(1, sizeof(*db));
    if (!db)
        abort();
    db->role = role;
    db->kept = role == SQLITE_READER ? kept_rows_new() : NULL;
    if (sqlite3_open_v2(path, &db->handle, flags, NULL) != SQLITE_OK) {
        log_message(LOG_ERROR, "database", "cannot open %s: %s", path, sqlite3_errmsg(db->handle));
        sqlite_close(db);
        return NULL;
    }
    if (!configure(db) || (role == SQLITE_WRITER && !make_log_durable(db, path))) {
        sqlite_close(db);
        return NULL;
    }
    sqlite3_wal_hook(db->handle, count_log_pages, db);
    return db;
}

void sqlite_close(struct db *db)
{
    if (!db)
        return;
    statement_cache_clear(&db->statements);
    for (size_t i = 0; i < CONTROL_COUNT; i++)
        sqlite3_finalize(db->controls[i]);
    if (db->role == SQLITE_WRITER && db->handle) /* so that the next start has no log to read */
        sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    sqlite3_close(db->handle);
    kept_rows_free(db->kept);
    free(db);
}

bool sqlite_execute(struct db *db, const char *sql)
{
    int code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
    if (code != SQLITE_OK)
        note_failure(db, code, sql);
    return code == SQLITE_OK;
}

struct str sqlite_check(struct db *db, struct arena *arena)
{
    sqlite3_stmt *statement = NULL;
    struct str result = STR("the check did not run");
    if (sqlite3_prepare_v2(db->handle, "PRAGMA integrity_check(1)", -1, &statement, NULL) ==
            SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        result = str_copy(arena, str_from((const char *)sqlite3_column_text(statement, 0)));
    sqlite3_finalize(statement);
    return result;
}

/* ---- queries ---- */

static void open_savepoint(struct db *db);

static struct query begin_query(struct db *db, struct db_statement *statement, const char *sql)
{
    if (!statement) {
        note_failure(db, sqlite3_extended_errcode(db->handle), sql);
        return (struct query){.db = db, .done = true};
    }
    if (statement->writes && db->wants_savepoint)
        open_savepoint(db);
    assert(!statement->running);
    statement->running = true;
    return (struct query){.db = db, .statement = statement};
}

struct query db_query(struct db *db, const struct statement *statement)
{
    if (db->failure != DB_OK)
        return (struct query){.db = db, .done = true};
    return begin_query(db, statement_cache_declared(&db->statements, db->handle, statement),
                       statement->sql);
}

struct query db_query_text(struct db *db, struct str sql)
{
    if (db->failure != DB_OK)
        return (struct query){.db = db, .done = true};
    return begin_query(db, statement_cache_text(&db->statements, db->handle, sql), sql.data);
}

void db_remember(struct query *query)
{
    struct db *db = query->db;
    assert(query->bound == 0);
    query->remembers = db->kept && db->in_transaction && query->statement;
    if (!query->remembers)
        return;
    db->key_statement = query->statement;
    row_key_begin(&db->key, query->statement->number);
}

void db_bind_int(struct query *query, int64_t value)
{
    if (query->remembers)
        row_key_add_int(&query->db->key, value);
    if (query->statement)
        sqlite3_bind_int64(query->statement->handle, ++query->bound, value);
}

void db_bind_str(struct query *query, struct str value)
{
    if (!value.data) {
        db_bind_null(query);
        return;
    }
    if (query->remembers)
        row_key_add_str(&query->db->key, value);
    if (query->statement)
        sqlite3_bind_text64(query->statement->handle, ++query->bound, value.data, value.length,
                            SQLITE_STATIC, SQLITE_UTF8);
}

void db_bind_null(struct query *query)
{
    if (query->remembers)
        row_key_add_null(&query->db->key);
    if (query->statement)
        sqlite3_bind_null(query->statement->handle, ++query->bound);
}

static void stop_reading_kept(struct query *query)
{
    if (query->row)
        query->db->is_reading_kept = false;
    query->row = NULL;
}

static void finish(struct query *query)
{
    if (query->statement) {
        sqlite3_reset(query->statement->handle);
        query->statement->running = false;
    }
    stop_reading_kept(query);
    query->remembers = false;
    query->statement = NULL;
    query->done = true;
}

static enum db_result step(struct query *query, bool *row)
{
    *row = false;
    if (query->done)
        return query->db->failure == DB_OK ? DB_DONE : DB_FAILED;
    sqlite3_stmt *handle = query->statement->handle;
    assert(query->bound == sqlite3_bind_parameter_count(handle));
    int code = sqlite3_step(handle);
    if (code == SQLITE_ROW) {
        *row = true;
        return DB_DONE;
    }
    if (code != SQLITE_DONE && (code & 0xFF) != SQLITE_CONSTRAINT)
        note_failure(query->db, code, sqlite3_sql(handle));
    finish(query);
    return code == SQLITE_DONE                  ? DB_DONE
           : (code & 0xFF) == SQLITE_CONSTRAINT ? DB_CONFLICT
                                                : DB_FAILED;
}

static struct str column_text(sqlite3_stmt *handle, int column)
{
    const char *data = sqlite3_column_blob(handle, column);
    return (struct str){data ? data : "", (size_t)sqlite3_column_bytes(handle, column)};
}

/* Rows of another state are forgotten. To be called when the transaction has its state, which it
 * gets by the first step that reads. */
static void make_kept_current(struct db *db)
{
    unsigned version = 0;
    assert(sqlite3_txn_state(db->handle, "main") == SQLITE_TXN_READ);
    int code = sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_DATA_VERSION, &version);
    assert(code == SQLITE_OK);
    (void)code;
    if (version != db->kept_version)
        kept_rows_forget(db->kept);
    db->kept_version = version;
    db->kept_is_current = true;
}

/* Keeps the row that was found, NULL: that there is none. NULL: it is too large. */
static const struct kept_row *keep(struct db *db, sqlite3_stmt *found)
{
    int columns = found ? sqlite3_data_count(found) : 0;
    if (!db->kept_is_current)
        make_kept_current(db);
    struct kept_row *row = kept_rows_add(db->kept, &db->key, columns);
    for (int i = 0; row && i < columns; i++) {
        int type = sqlite3_column_type(found, i);
        assert(type != SQLITE_FLOAT && type != SQLITE_BLOB); /* there are no such columns */
        if (type == SQLITE_INTEGER) {
            kept_row_set_int(row, i, sqlite3_column_int64(found, i));
        } else if (type != SQLITE_NULL && !kept_row_set_str(row, i, column_text(found, i))) {
            kept_rows_drop(db->kept, row);
            return NULL;
        }
    }
    return row;
}

static bool first_row(struct query *query)
{
    struct db *db = query->db;
    assert(query->statement == db->key_statement);
    assert(!db->is_reading_kept); /* another row could take its place */
    query->remembers = false;
    const struct kept_row *row = db->kept_is_current ? kept_rows_find(db->kept, &db->key) : NULL;
    if (row) {
        finish(query);
    } else {
        bool found;
        sqlite3_stmt *handle = query->statement->handle;
        if (step(query, &found) == DB_FAILED)
            return false;
        row = keep(db, found ? handle : NULL);
        if (!row)
            return found;
    }
    bool found = kept_row_columns(row) > 0;
    query->row = found ? row : NULL;
    db->is_reading_kept = found;
    return found;
}

bool db_row(struct query *query)
{
    bool found;
    if (query->remembers)
        return first_row(query);
    const struct kept_row *first = query->row;
    stop_reading_kept(query);
    enum db_result result = step(query, &found);
    if (first && (found || result == DB_FAILED)) /* it may not be all that there is */
        kept_rows_drop(query->db->kept, first);
    return found;
}

enum db_result db_run(struct query *query)
{
    bool row;
    enum db_result result;
    do
        result = step(query, &row);
    while (row);
    return result;
}

void db_do(struct query *query)
{
    enum db_result result = db_run(query);
    assert(result != DB_CONFLICT);
}

void db_end(struct query *query)
{
    finish(query);
}

int64_t db_int(struct query *query, int column)
{
    return query->row ? kept_row_int(query->row, column)
                      : sqlite3_column_int64(query->statement->handle, column);
}

bool db_is_null(struct query *query, int column)
{
    return query->row ? kept_row_is_null(query->row, column)
                      : sqlite3_column_type(query->statement->handle, column) == SQLITE_NULL;
}

struct str db_str(struct query *query, int column)
{
    if (query->row)
        return kept_row_str(query->row, column);
    return db_is_null(query, column) ? STR_NULL : column_text(query->statement->handle, column);
}

int64_t db_changes(struct db *db)
{
    return sqlite3_changes64(db->handle);
}

/* ---- transactions ---- */

static bool control(struct db *db, enum control which)
{
    static const char *const sql[] = {
        [CONTROL_BEGIN] = "BEGIN",
        [CONTROL_BEGIN_WRITE] = "BEGIN IMMEDIATE",
        [CONTROL_COMMIT] = "COMMIT",
        [CONTROL_ROLLBACK] = "ROLLBACK",
        [CONTROL_SAVEPOINT] = "SAVEPOINT request",
        [CONTROL_RELEASE] = "RELEASE request",
        [CONTROL_ROLLBACK_TO] = "ROLLBACK TO request",
    };
    int code = SQLITE_OK;
    if (!db->controls[which])
        code = sqlite3_prepare_v3(db->handle, sql[which], -1, SQLITE_PREPARE_PERSISTENT,
                                  &db->controls[which], NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(db->controls[which]);
    if (code != SQLITE_DONE)
        note_failure(db, code, sql[which]);
    sqlite3_reset(db->controls[which]);
    return code == SQLITE_DONE;
}

void db_begin(struct db *db, bool write)
{
    assert(!db->in_transaction);
    db->kept_is_current = false;
    db->careful -= write && db->careful > 0;
    db->in_transaction = control(db, write ? CONTROL_BEGIN_WRITE : CONTROL_BEGIN);
}

bool db_commit(struct db *db)
{
    assert(!db->has_savepoint);
    db->in_transaction = false;
    return db->failure == DB_OK && control(db, CONTROL_COMMIT);
}

void db_rollback(struct db *db)
{
    db->row_numbers.reserved = 0; /* what was reserved in the transaction is not */
    db->has_savepoint = db->wants_savepoint = db->in_transaction = false;
    db->wrote_beyond_savepoint = false;
    if (!sqlite3_get_autocommit(db->handle)) /* an error may have ended the transaction already */
        control(db, CONTROL_ROLLBACK);
}

/* A savepoint makes SQLite copy each page that is written behind it, a tenth of what a redemption
 * costs; hardly a request that wrote something fails. */
static void open_savepoint(struct db *db)
{
    db->wants_savepoint = false;
    if (db->is_unlikely && db->careful == 0)
        db->wrote_beyond_savepoint = true;
    else
        db->has_savepoint = control(db, CONTROL_SAVEPOINT);
}

void db_savepoint(struct db *db)
{
    assert(!db->has_savepoint);
    db->wants_savepoint = true;
    db->is_unlikely = false;
}

void db_savepoint_unlikely(struct db *db)
{
    db_savepoint(db);
    db->is_unlikely = true;
}

void db_release(struct db *db)
{
    if (db->has_savepoint)
        control(db, CONTROL_RELEASE);
    db->has_savepoint = db->wants_savepoint = db->wrote_beyond_savepoint = false;
}

void db_rollback_to_savepoint(struct db *db)
{
    if (db->has_savepoint) {
        control(db, CONTROL_ROLLBACK_TO);
        db->row_numbers.reserved = 0; /* what was reserved behind it is not */
    }
    if (db->wrote_beyond_savepoint && db->failure == DB_OK) {
        db->failure = DB_BUSY;
        db->careful = CAREFUL_TRANSACTIONS;
    }
    db_release(db);
}

bool db_wants_maintenance(const struct db *db, size_t waiting)
{
    bool crowd = waiting >= CHECKPOINT_CROWD || db->commit_pages >= CHECKPOINT_COMMIT;
    int64_t least = crowd ? CHECKPOINT_PAGES_CROWD : CHECKPOINT_PAGES_MIN;
    int64_t pages = db->checkpoint_us / CHECKPOINT_US_PER_PAGE;
    pages = pages < least ? least : pages > CHECKPOINT_PAGES_MAX ? CHECKPOINT_PAGES_MAX : pages;
    return db->log_pages - db->log_pages_handled >= (waiting == 0 ? pages / 2 : pages);
}

void db_maintain(struct db *db)
{
    int64_t began = system_clock.microseconds(NULL);
    int code = sqlite3_wal_checkpoint_v2(db->handle, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    if (code != SQLITE_OK && code != SQLITE_BUSY)
        note_failure(db, code, "checkpoint");
    db->log_pages_handled = db->log_pages; /* what readers held back waits for the next */
    db->checkpoint_us = system_clock.microseconds(NULL) - began;
}
