#pragma once
/* What the loops over SQLite share: rows like those that coupond left, statements, the measurement.
 * Each loop defines step(), which leaves what one request leaves; what is inline not every loop
 * needs. */
#include "syncs.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WARM_UP_SECONDS 0.2
#define CHANGES_MAX 6
#define TEXT_BYTES 64
#define LATENCIES_MAX 1000000
#define ID_RANDOM_LENGTH 17
#define ID_ORDERED_LENGTH 5
#define ID_TIME_LENGTH 6

/* An INSERT with every column of a pattern row bound; some are bound anew each time. */
struct insert {
    sqlite3_stmt *statement;
    int changes[CHANGES_MAX];
};

struct loop {
    sqlite3 *db;
    sqlite3_stmt *begin, *commit;
    int64_t tenant;
    int64_t seq;
    uint64_t random;
};

static void check(struct loop *loop, bool done)
{
    if (done)
        return;
    fprintf(stderr, "loop: %s\n", sqlite3_errmsg(loop->db));
    exit(EXIT_FAILURE);
}

static sqlite3_stmt *prepare(struct loop *loop, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    check(loop, sqlite3_prepare_v3(loop->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement,
                                   NULL) == SQLITE_OK);
    return statement;
}

/* Runs a statement that has no result. */
static void run(struct loop *loop, sqlite3_stmt *statement)
{
    check(loop, sqlite3_step(statement) == SQLITE_DONE);
    sqlite3_reset(statement);
}

/* Runs a look-up and says whether there is a row. */
static inline bool find(struct loop *loop, sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);
    check(loop, code == SQLITE_ROW || code == SQLITE_DONE);
    sqlite3_reset(statement);
    return code == SQLITE_ROW;
}

static inline struct insert insert_like(struct loop *loop, const char *table, const char *condition,
                                        const char *const *changed)
{
    char sql[1024];
    struct insert insert = {0};
    snprintf(sql, sizeof(sql), "SELECT * FROM %s WHERE %s LIMIT 1", table, condition);
    sqlite3_stmt *pattern = prepare(loop, sql);
    check(loop, sqlite3_step(pattern) == SQLITE_ROW);
    int columns = sqlite3_column_count(pattern);
    size_t length = (size_t)snprintf(sql, sizeof(sql), "INSERT INTO %s VALUES (?", table);
    for (int i = 1; i < columns && length < sizeof(sql); i++)
        length += (size_t)snprintf(sql + length, sizeof(sql) - length, ", ?");
    snprintf(sql + length, sizeof(sql) - length, ")");
    insert.statement = prepare(loop, sql);
    for (int i = 0; i < columns; i++)
        sqlite3_bind_value(insert.statement, i + 1, sqlite3_column_value(pattern, i));
    for (int i = 0; changed[i]; i++) {
        for (int j = 0; j < columns; j++)
            if (strcmp(changed[i], sqlite3_column_name(pattern, j)) == 0)
                insert.changes[i] = j + 1;
        check(loop, insert.changes[i]);
    }
    sqlite3_finalize(pattern);
    return insert;
}

static inline void change_int(const struct insert *insert, int which, int64_t value)
{
    sqlite3_bind_int64(insert->statement, insert->changes[which], value);
}

static inline void change_text(const struct insert *insert, int which, const char *text)
{
    sqlite3_bind_text(insert->statement, insert->changes[which], text, -1, SQLITE_STATIC);
}

static uint64_t next_random(struct loop *loop)
{
    loop->random ^= loop->random >> 12;
    loop->random ^= loop->random << 25;
    loop->random ^= loop->random >> 27;
    return loop->random * UINT64_C(0x2545F4914F6CDD1D);
}

static void fill(struct loop *loop, char *text, size_t length)
{
    static const char letters[] = "abcdefghjklmnpqrstuvwxyz23456789";
    uint64_t bits = 0;
    for (size_t i = 0; i < length; i++, bits /= 32) {
        if (i % 12 == 0)
            bits = next_random(loop);
        text[i] = letters[bits % 32];
    }
}

/* Identifiers grow with time and with the row, and end in random letters. */
static inline void renew_id(struct loop *loop, char *id, int64_t now_ns)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    char *random = id + strlen(id) - ID_RANDOM_LENGTH;
    uint64_t ticks = (uint64_t)now_ns / 62500000;
    for (int i = 1; i <= ID_TIME_LENGTH; i++, ticks /= 62)
        random[-i] = digits[ticks % 62];
    fill(loop, random, ID_RANDOM_LENGTH);
    for (int64_t i = ID_ORDERED_LENGTH, place = loop->seq; i > 0; i--, place /= 62)
        random[i - 1] = digits[place % 62];
}

static int64_t now_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void open_database(struct loop *loop, const char *path)
{
    check(loop, sqlite3_open_v2(path, &loop->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                                NULL) == SQLITE_OK);
    check(loop, sqlite3_exec(loop->db,
                             "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                             "PRAGMA cache_size=-24576; PRAGMA wal_autocheckpoint=4000;"
                             "PRAGMA temp_store=MEMORY; PRAGMA foreign_keys=OFF;",
                             NULL, NULL, NULL) == SQLITE_OK);
    loop->random = (uint64_t)now_ns(CLOCK_REALTIME) | 1;
    loop->begin = prepare(loop, "BEGIN IMMEDIATE");
    loop->commit = prepare(loop, "COMMIT");
}

/* What one request leaves. `date`: the time, in nanoseconds. */
static void step(struct loop *loop, int64_t date);

static int64_t run_batch(struct loop *loop, size_t batch)
{
    int64_t from = now_ns(CLOCK_MONOTONIC), date = now_ns(CLOCK_REALTIME);
    run(loop, loop->begin);
    for (size_t i = 0; i < batch; i++)
        step(loop, date);
    run(loop, loop->commit);
    return now_ns(CLOCK_MONOTONIC) - from;
}

static int compare(const void *one, const void *other)
{
    int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;
    return (a > b) - (a < b);
}

/* Runs batches for so long and prints one line of JSON. The log is left for the next run to begin
 * with, as in a server. */
static inline void measure(struct loop *loop, size_t batch, double seconds,
                           const struct syncs *syncs)
{
    static int64_t latencies[LATENCIES_MAX];
    size_t count = 0;
    int64_t duration = (int64_t)(seconds * 1e9);
    int64_t warm = now_ns(CLOCK_MONOTONIC) + (int64_t)(WARM_UP_SECONDS * 1e9);
    while (now_ns(CLOCK_MONOTONIC) < warm)
        run_batch(loop, batch);
    uint64_t syncs_before = syncs ? syncs->count : 0;
    int64_t cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID), from = now_ns(CLOCK_MONOTONIC);
    while (now_ns(CLOCK_MONOTONIC) - from < duration && count < LATENCIES_MAX)
        latencies[count++] = run_batch(loop, batch);
    int64_t took = now_ns(CLOCK_MONOTONIC) - from;
    cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    uint64_t synced = syncs ? syncs->count - syncs_before : 0;
    qsort(latencies, count, sizeof(*latencies), compare);
    printf("{\"requests\": %zu, \"seconds\": %.6f, \"cpu_us\": %.3f, \"p50_us\": %lld, "
           "\"p99_us\": %lld, \"syncs\": %llu}\n",
           count * batch, (double)took / 1e9, (double)cpu / 1e3,
           (long long)latencies[(count - 1) / 2] / 1000,
           (long long)latencies[(count - 1) * 99 / 100] / 1000, (unsigned long long)synced);
}
