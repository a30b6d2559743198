/* The group-commit writer and the pool of readers. */
#include "http/executor.h"

#include "api/exchange.h"
#include "api/keyring.h"
#include "api/service.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/request.h"
#include "store/db.h"
#include "store/sqlite.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#define IDLE_MS 50

STATEMENT(write_something, "UPDATE row_numbers SET reserved = reserved");

struct reader {
    struct reader *next;
    struct db *db;
    struct random random;
    bool reading;     /* its transaction is open */
    uint64_t commits; /* how many commits there had been when it began */
};

struct executor {
    const struct service *service;
    pthread_t writer_thread;
    struct db *writer;
    struct random random;

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t wakes;
    struct job *first;
    struct job **last;
    size_t queued;
    bool stopping;

    pthread_mutex_t readers_lock;
    pthread_cond_t reader_free;
    struct reader *free_readers;

    atomic_uint_least64_t commits; /* counted before the answers of a commit leave */
    atomic_bool full;              /* the last batch found no space on the disk */
};

/* A reader's transaction stays open, with the state of the database that it saw, until there is a
 * newer one: beginning and ending it costs more than a look-up. One that lies idle would keep the
 * log from being written back. */
static void end_read(struct reader *reader)
{
    if (reader->reading)
        db_rollback(reader->db);
    reader->reading = false;
}

static void end_idle_reads(struct executor *executor)
{
    pthread_mutex_lock(&executor->readers_lock);
    for (struct reader *reader = executor->free_readers; reader; reader = reader->next)
        end_read(reader);
    pthread_mutex_unlock(&executor->readers_lock);
}

/* ---- the writer ---- */

/* After a failed commit nobody knows what is on the disk: nothing more may be acknowledged. What
 * was committed is found again at the next start. */
static _Noreturn void stop_at_once(const struct db *db)
{
    log_message(LOG_ERROR, "stopped", "the database cannot be trusted any more: %.*s",
                STR_FMT(db_failure_text(db)));
    fflush(stderr);
    _exit(EX_IOERR);
}

static void fail_all(struct job *batch, int status, const char *message)
{
    for (struct job *job = batch; job; job = job->next)
        job->fail(job->context, status, message);
}

enum outcome {
    OUTCOME_DONE,
    OUTCOME_AGAIN,
    OUTCOME_FAILED
};

static enum outcome run_batch(struct executor *executor, struct job *batch)
{
    struct db *db = executor->writer;
    db_clear(db);
    db_begin(db, true);
    db_reserve_rows(db, executor->service->clock->seconds(executor->service->clock->context));
    for (struct job *job = batch; job && db_failed(db) == DB_OK; job = job->next)
        job->run(job->context, db, &executor->random);
    if (db_failed(db) == DB_OK && db_commit(db)) {
        atomic_fetch_add(&executor->commits, 1);
        atomic_store(&executor->full, false);
        return OUTCOME_DONE;
    }
    if (db_failed(db) == DB_BROKEN)
        stop_at_once(db);
    enum db_failure failure = db_failed(db);
    db_rollback(db);
    if (db_failed(db) == DB_BROKEN)
        stop_at_once(db);
    atomic_store(&executor->full, failure == DB_FULL);
    return failure == DB_BUSY ? OUTCOME_AGAIN : OUTCOME_FAILED;
}

/* A job that the database refused must not take its neighbours with it: they are run one by one. */
static void run_singly(struct executor *executor, struct job *batch)
{
    for (struct job *job = batch; job; job = job->next) {
        struct job *rest = job->next;
        enum outcome outcome = OUTCOME_AGAIN;
        job->next = NULL;
        for (int i = 0; i < REQUEST_ATTEMPTS_MAX && outcome == OUTCOME_AGAIN; i++)
            outcome = run_batch(executor, job);
        if (outcome != OUTCOME_DONE)
            fail_all(job, atomic_load(&executor->full) ? 503 : 500,
                     atomic_load(&executor->full) ? "There is no space left for changes."
                                                  : "An unknown error occurred.");
        job->next = rest;
    }
}

/* Returns how many there were. */
static size_t finish_batch(struct job *batch)
{
    size_t count = 0;
    for (; batch; count++) {
        struct job *next = batch->next; /* the job is gone when done() returns */
        batch->done(batch->context);
        batch = next;
    }
    return count;
}

/* Takes what is queued, up to a batch; waits a while when there is nothing. */
static struct job *take_batch(struct executor *executor)
{
    pthread_mutex_lock(&executor->lock);
    while (!executor->first && !executor->stopping) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += (long)IDLE_MS * 1000000;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        if (pthread_cond_timedwait(&executor->wakes, &executor->lock, &until) != 0)
            break;
    }
    struct job *batch = executor->first, **end = &batch;
    for (size_t i = 0; i < BATCH_LENGTH_MAX && *end; i++) {
        end = &(*end)->next;
        executor->queued--;
    }
    executor->first = *end;
    if (!executor->first)
        executor->last = &executor->first;
    *end = NULL;
    pthread_mutex_unlock(&executor->lock);
    return batch;
}

static bool is_stopping(struct executor *executor)
{
    pthread_mutex_lock(&executor->lock);
    bool stopping = executor->stopping && !executor->first;
    pthread_mutex_unlock(&executor->lock);
    return stopping;
}

/* How many requests wait, with those that will have come back: as many as were finished. */
static size_t waiting(struct executor *executor, size_t finished)
{
    pthread_mutex_lock(&executor->lock);
    size_t queued = executor->queued;
    pthread_mutex_unlock(&executor->lock);
    return queued ? queued + finished : 0;
}

/* Jobs that waited too long are refused: whoever sent them may have given up. */
static struct job *drop_late(struct executor *executor, struct job *batch)
{
    const struct clock *clock = executor->service->clock;
    int64_t now = clock->microseconds(clock->context);
    struct job *late = NULL, **end = &batch;
    while (*end) {
        struct job *job = *end;
        if (now - job->queued_us < (int64_t)QUEUE_WAIT_MS_MAX * 1000) {
            end = &job->next;
            continue;
        }
        *end = job->next;
        job->next = late;
        late = job;
    }
    fail_all(late, 503, "The service is overloaded. Please try again.");
    finish_batch(late);
    return batch;
}

/* A batch that the database was too busy for is tried again as it is; one that it refused, job by
 * job. */
static void run_all(struct executor *executor, struct job *batch)
{
    enum outcome outcome = OUTCOME_AGAIN;
    for (int i = 0; i < REQUEST_ATTEMPTS_MAX && outcome == OUTCOME_AGAIN; i++)
        outcome = run_batch(executor, batch);
    if (outcome == OUTCOME_AGAIN)
        fail_all(batch, 503, "The database is busy. Please try again.");
    if (outcome == OUTCOME_FAILED)
        run_singly(executor, batch);
}

/* Whether there is space again shows when something can be written. */
static void try_space(struct executor *executor)
{
    struct db *db = executor->writer;
    db_clear(db);
    db_begin(db, true);
    struct query query = db_query(db, &write_something);
    db_run(&query);
    if (db_failed(db) == DB_OK && db_commit(db))
        atomic_store(&executor->full, false);
    else
        db_rollback(db);
}

static void *write_forever(void *context)
{
    struct executor *executor = context;
    while (!is_stopping(executor)) {
        struct job *batch = drop_late(executor, take_batch(executor));
        if (batch)
            run_all(executor, batch);
        else if (atomic_load(&executor->full))
            try_space(executor);
        size_t finished = finish_batch(batch);
        db_clear(executor->writer);
        if (db_wants_maintenance(executor->writer, waiting(executor, finished))) {
            end_idle_reads(executor);
            db_maintain(executor->writer);
            end_idle_reads(executor); /* those of meanwhile, or the log cannot start over */
        }
        if (db_failed(executor->writer) == DB_BROKEN)
            stop_at_once(executor->writer);
    }
    return NULL;
}

bool executor_submit(struct executor *executor, struct job *job)
{
    const struct clock *clock = executor->service->clock;
    job->next = NULL;
    job->queued_us = clock->microseconds(clock->context);
    pthread_mutex_lock(&executor->lock);
    bool accepted = executor->queued < QUEUE_LENGTH_MAX && !executor->stopping;
    if (accepted) {
        *executor->last = job;
        executor->last = &job->next;
        if (executor->queued++ == 0)
            pthread_cond_signal(&executor->wakes);
    }
    pthread_mutex_unlock(&executor->lock);
    return accepted;
}

bool executor_is_ready(struct executor *executor)
{
    return !atomic_load(&executor->full);
}

/* ---- the readers ---- */

struct reader *executor_lend(struct executor *executor)
{
    pthread_mutex_lock(&executor->readers_lock);
    while (!executor->free_readers)
        pthread_cond_wait(&executor->reader_free, &executor->readers_lock);
    struct reader *reader = executor->free_readers;
    executor->free_readers = reader->next;
    pthread_mutex_unlock(&executor->readers_lock);
    return reader;
}

void executor_return(struct executor *executor, struct reader *reader)
{
    if (reader->reading && db_failed(reader->db) != DB_OK)
        end_read(reader);
    pthread_mutex_lock(&executor->readers_lock);
    reader->next = executor->free_readers;
    executor->free_readers = reader;
    pthread_cond_signal(&executor->reader_free);
    pthread_mutex_unlock(&executor->readers_lock);
}

static void begin_read(struct executor *executor, struct reader *reader)
{
    uint64_t commits = atomic_load(&executor->commits);
    if (reader->reading && reader->commits == commits)
        return;
    end_read(reader);
    db_clear(reader->db);
    db_begin(reader->db, false);
    reader->reading = true;
    reader->commits = commits;
}

struct db *executor_begin_read(struct executor *executor, struct reader *reader)
{
    begin_read(executor, reader);
    return reader->db;
}

void executor_end_read(struct reader *reader)
{
    end_read(reader);
}

bool executor_read(struct executor *executor, struct exchange *exchange)
{
    struct reader *reader = executor_lend(executor);
    enum db_failure failure = DB_BUSY;
    for (int i = 0; i < REQUEST_ATTEMPTS_MAX && failure == DB_BUSY; i++) {
        begin_read(executor, reader);
        exchange_run(executor->service, exchange, reader->db, &reader->random);
        failure = db_failed(reader->db);
        if (failure != DB_OK)
            end_read(reader);
    }
    if (failure == DB_BROKEN)
        stop_at_once(reader->db);
    executor_return(executor, reader);
    if (failure != DB_OK)
        exchange_fail(executor->service, exchange, failure == DB_BUSY ? 503 : 500,
                      "An unknown error occurred.");
    return failure != DB_OK || !exchange->request.attempt;
}

bool executor_next_piece(struct executor *executor, struct exchange *exchange, struct str *piece)
{
    struct reader *reader = executor_lend(executor);
    begin_read(executor, reader);
    *piece = exchange_next_piece(exchange, reader->db);
    enum db_failure failure = db_failed(reader->db);
    if (failure == DB_BROKEN)
        stop_at_once(reader->db);
    executor_return(executor, reader);
    return failure == DB_OK;
}

static bool open_readers(struct executor *executor, const char *path, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct reader *reader = calloc(1, sizeof(*reader));
        if (!reader)
            abort();
        random_init(&reader->random);
        reader->db = sqlite_open(path, SQLITE_READER);
        if (!reader->db) {
            free(reader);
            return false;
        }
        executor_return(executor, reader);
    }
    return true;
}

static void close_readers(struct executor *executor)
{
    while (executor->free_readers) {
        struct reader *reader = executor->free_readers;
        executor->free_readers = reader->next;
        end_read(reader);
        sqlite_close(reader->db);
        free(reader);
    }
}

/* ---- start and end ---- */

struct executor *executor_new(const struct service *service, const char *path, size_t readers)
{
    struct executor *executor = calloc(1, sizeof(*executor));
    if (!executor)
        abort();
    executor->service = service;
    executor->last = &executor->first;
    random_init(&executor->random);
    pthread_mutex_init(&executor->lock, NULL);
    pthread_cond_init(&executor->wakes, NULL);
    pthread_mutex_init(&executor->readers_lock, NULL);
    pthread_cond_init(&executor->reader_free, NULL);
    executor->writer = sqlite_open(path, SQLITE_WRITER);
    if (!executor->writer || !open_readers(executor, path, readers)) {
        close_readers(executor);
        sqlite_close(executor->writer);
        free(executor);
        return NULL;
    }
    db_take_rows(executor->writer);
    if (!keyring_load(service->keyring, executor->writer)) {
        close_readers(executor);
        sqlite_close(executor->writer);
        free(executor);
        return NULL;
    }
    if (pthread_create(&executor->writer_thread, NULL, write_forever, executor) != 0)
        abort();
    return executor;
}

void executor_stop(struct executor *executor)
{
    pthread_mutex_lock(&executor->lock);
    executor->stopping = true;
    pthread_cond_signal(&executor->wakes);
    pthread_mutex_unlock(&executor->lock);
    pthread_join(executor->writer_thread, NULL);
}

void executor_free(struct executor *executor)
{
    close_readers(executor);
    sqlite_close(executor->writer);
    pthread_mutex_destroy(&executor->lock);
    pthread_cond_destroy(&executor->wakes);
    pthread_mutex_destroy(&executor->readers_lock);
    pthread_cond_destroy(&executor->reader_free);
    free(executor);
}
