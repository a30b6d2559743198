/* What creating a promotion code costs without a server: a loop over SQLite that leaves the same
 * rows as POST /v1/promotion_codes with an Idempotency-Key, as many to a transaction as it is told.
 *
 *   loop DATABASE BATCH SECONDS [SYNCS]
 *
 * DATABASE was made by coupond and holds one promotion code made that way. Its rows are the
 * pattern: new ones differ from them in keys, code and idempotency key only, so that schema,
 * indexes and sizes are those of the product. The look-ups are those without which the result could
 * be wrong. Prints one line of JSON, as load.c does; a latency is that of a transaction. */
#include "syncs.h"

#include <ctype.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WARM_UP_SECONDS 0.2
#define CHANGES_MAX 4
#define TEXT_BYTES 64
#define LATENCIES_MAX 1000000
#define ID_RANDOM_LENGTH 17
#define ID_TIME_LENGTH 6

/* An INSERT with every column of a pattern row bound; some are bound anew each time. */
struct insert {
    sqlite3_stmt *statement;
    int changes[CHANGES_MAX];
};

struct loop {
    sqlite3 *db;
    sqlite3_stmt *begin, *commit;
    sqlite3_stmt *find_answer, *find_coupon, *find_code, *find_expired;
    struct insert code, uses, event, answer, key;
    int64_t tenant;
    int64_t seq;
    uint64_t random;
    char coupon[TEXT_BYTES];
    char code_id[TEXT_BYTES], event_id[TEXT_BYTES];
    char text[TEXT_BYTES], text_key[TEXT_BYTES], idempotency_key[TEXT_BYTES];
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
static bool find(struct loop *loop, sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);
    check(loop, code == SQLITE_ROW || code == SQLITE_DONE);
    sqlite3_reset(statement);
    return code == SQLITE_ROW;
}

/* ---- the pattern ---- */

static struct insert insert_like(struct loop *loop, const char *table, const char *condition,
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

static void change_int(const struct insert *insert, int which, int64_t value)
{
    sqlite3_bind_int64(insert->statement, insert->changes[which], value);
}

static void change_text(const struct insert *insert, int which, const char *text)
{
    sqlite3_bind_text(insert->statement, insert->changes[which], text, -1, SQLITE_STATIC);
}

static void read_pattern(struct loop *loop)
{
    static const char *const code[] = {"seq", "id", "code", "code_key", NULL};
    static const char *const uses[] = {"promotion_code", NULL};
    static const char *const event[] = {"seq", "id", "request_idempotency_key", NULL};
    static const char *const answer[] = {"seq", "slot", "idempotency_key", NULL};
    static const char *const key[] = {"slot", "answer", NULL};
    loop->code = insert_like(loop, "promotion_codes", "1", code);
    loop->uses = insert_like(loop, "promotion_code_uses", "1", uses);
    loop->event = insert_like(loop, "events", "type = 'promotion_code.created'", event);
    loop->answer = insert_like(loop, "idempotency_answers", "1", answer);
    loop->key = insert_like(loop, "idempotency_keys", "1", key);
    sqlite3_stmt *first =
        prepare(loop, "SELECT p.tenant, p.promotion_coupon, p.id,"
                      " (SELECT id FROM events WHERE type = 'promotion_code.created' LIMIT 1),"
                      " MAX(p.seq, (SELECT MAX(seq) FROM events), (SELECT MAX(seq) FROM"
                      " idempotency_answers), (SELECT MAX(seq) FROM promotion_codes))"
                      " FROM promotion_codes AS p LIMIT 1");
    check(loop, sqlite3_step(first) == SQLITE_ROW);
    loop->tenant = sqlite3_column_int64(first, 0);
    snprintf(loop->coupon, TEXT_BYTES, "%s", sqlite3_column_text(first, 1));
    snprintf(loop->code_id, TEXT_BYTES, "%s", sqlite3_column_text(first, 2));
    snprintf(loop->event_id, TEXT_BYTES, "%s", sqlite3_column_text(first, 3));
    loop->seq = sqlite3_column_int64(first, 4);
    sqlite3_finalize(first);
}

/* ---- one promotion code ---- */

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

/* Identifiers grow with time, in sixteenths of a second, and end in random letters. */
static void renew_id(struct loop *loop, char *id, int64_t now_ns)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    char *random = id + strlen(id) - ID_RANDOM_LENGTH;
    uint64_t ticks = (uint64_t)now_ns / 62500000;
    for (int i = 1; i <= ID_TIME_LENGTH; i++, ticks /= 62)
        random[-i] = digits[ticks % 62];
    fill(loop, random, ID_RANDOM_LENGTH);
}

static void look_up(struct loop *loop, int64_t slot)
{
    sqlite3_bind_int64(loop->find_answer, 2, slot);
    check(loop, !find(loop, loop->find_answer));
    check(loop, find(loop, loop->find_coupon));
    sqlite3_bind_text(loop->find_code, 2, loop->text_key, -1, SQLITE_STATIC);
    check(loop, !find(loop, loop->find_code));
    check(loop, !find(loop, loop->find_expired));
}

static void create(struct loop *loop, int64_t now_ns)
{
    int64_t slot = (int64_t)next_random(loop), seq = ++loop->seq;
    fill(loop, loop->text_key + 4, 12); /* behind "save" */
    for (size_t i = 0; loop->text_key[i]; i++)
        loop->text[i] = (char)toupper((unsigned char)loop->text_key[i]);
    fill(loop, loop->idempotency_key, 36);
    renew_id(loop, loop->code_id, now_ns);
    renew_id(loop, loop->event_id, now_ns);
    look_up(loop, slot);

    change_int(&loop->code, 0, seq);
    change_text(&loop->code, 1, loop->code_id);
    change_text(&loop->code, 2, loop->text);
    change_text(&loop->code, 3, loop->text_key);
    run(loop, loop->code.statement);
    change_int(&loop->uses, 0, seq);
    run(loop, loop->uses.statement);
    change_int(&loop->event, 0, ++loop->seq);
    change_text(&loop->event, 1, loop->event_id);
    change_text(&loop->event, 2, loop->idempotency_key);
    run(loop, loop->event.statement);
    change_int(&loop->answer, 0, ++loop->seq);
    change_int(&loop->answer, 1, slot);
    change_text(&loop->answer, 2, loop->idempotency_key);
    run(loop, loop->answer.statement);
    change_int(&loop->key, 0, slot);
    change_int(&loop->key, 1, loop->seq);
    run(loop, loop->key.statement);
}

/* ---- the run ---- */

static void open_database(struct loop *loop, const char *path)
{
    memcpy(loop->text_key, "save", sizeof("save"));
    check(loop, sqlite3_open_v2(path, &loop->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                                NULL) == SQLITE_OK);
    check(loop, sqlite3_exec(loop->db,
                             "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                             "PRAGMA cache_size=-16384; PRAGMA wal_autocheckpoint=4000;"
                             "PRAGMA temp_store=MEMORY; PRAGMA foreign_keys=OFF;",
                             NULL, NULL, NULL) == SQLITE_OK);
    read_pattern(loop);
    loop->begin = prepare(loop, "BEGIN IMMEDIATE");
    loop->commit = prepare(loop, "COMMIT");
    loop->find_answer = prepare(loop, "SELECT a.* FROM idempotency_keys AS k"
                                      " JOIN idempotency_answers AS a"
                                      " ON a.tenant = k.tenant AND a.seq = k.answer"
                                      " WHERE k.tenant = ?1 AND k.slot = ?2");
    loop->find_coupon = prepare(loop, "SELECT c.*, u.* FROM coupons AS c JOIN coupon_uses AS u"
                                      " ON u.tenant = c.tenant AND u.coupon = c.seq"
                                      " WHERE c.tenant = ?1 AND c.id = ?2"
                                      " AND c.deleted_at IS NULL");
    loop->find_code = prepare(loop, "SELECT seq, customer, customer_account FROM promotion_codes"
                                    " WHERE tenant = ?1 AND code_key = ?2 AND enabled = 1");
    loop->find_expired = prepare(loop, "SELECT seq, slot FROM idempotency_answers"
                                       " WHERE tenant = ?1 AND seq < 1 ORDER BY seq LIMIT 4");
    sqlite3_stmt *const with_tenant[] = {loop->find_answer, loop->find_coupon, loop->find_code,
                                         loop->find_expired};
    for (size_t i = 0; i < sizeof(with_tenant) / sizeof(*with_tenant); i++)
        sqlite3_bind_int64(with_tenant[i], 1, loop->tenant);
    sqlite3_bind_text(loop->find_coupon, 2, loop->coupon, -1, SQLITE_STATIC);
}

static int64_t now_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t run_batch(struct loop *loop, size_t batch)
{
    int64_t from = now_ns(CLOCK_MONOTONIC), date = now_ns(CLOCK_REALTIME);
    run(loop, loop->begin);
    for (size_t i = 0; i < batch; i++)
        create(loop, date);
    run(loop, loop->commit);
    return now_ns(CLOCK_MONOTONIC) - from;
}

static int compare(const void *one, const void *other)
{
    int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;
    return (a > b) - (a < b);
}

int main(int argc, char **argv)
{
    static struct loop loop;
    static int64_t latencies[LATENCIES_MAX];
    if (argc < 4) {
        fputs("usage: loop DATABASE BATCH SECONDS [SYNCS]\n", stderr);
        return EXIT_FAILURE;
    }
    size_t batch = strtoul(argv[2], NULL, 10), count = 0;
    int64_t duration = (int64_t)(strtod(argv[3], NULL) * 1e9);
    const struct syncs *syncs = syncs_map(argc > 4 ? argv[4] : NULL);
    loop.random = (uint64_t)now_ns(CLOCK_REALTIME) | 1;
    open_database(&loop, argv[1]);

    int64_t warm = now_ns(CLOCK_MONOTONIC) + (int64_t)(WARM_UP_SECONDS * 1e9);
    while (now_ns(CLOCK_MONOTONIC) < warm)
        run_batch(&loop, batch);
    uint64_t syncs_before = syncs ? syncs->count : 0;
    int64_t cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID), from = now_ns(CLOCK_MONOTONIC);
    while (now_ns(CLOCK_MONOTONIC) - from < duration && count < LATENCIES_MAX)
        latencies[count++] = run_batch(&loop, batch);
    int64_t took = now_ns(CLOCK_MONOTONIC) - from;
    cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    uint64_t synced = syncs ? syncs->count - syncs_before : 0;
    qsort(latencies, count, sizeof(*latencies), compare);
    printf("{\"requests\": %zu, \"seconds\": %.6f, \"cpu_us\": %.3f, \"p50_us\": %lld, "
           "\"p99_us\": %lld, \"syncs\": %llu}\n",
           count * batch, (double)took / 1e9, (double)cpu / 1e3,
           (long long)latencies[(count - 1) / 2] / 1000,
           (long long)latencies[(count - 1) * 99 / 100] / 1000, (unsigned long long)synced);
    return EXIT_SUCCESS; /* the log is left for the next run to begin with, as in a server */
}
