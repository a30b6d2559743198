#pragma once
/* Where requests run. Reads run at once, each on a connection of its own. Writes queue for one
 * writer: those that arrived while a commit was under way share the next one (one that is
 * undone takes no other with it), and no answer leaves before that commit is on stable storage. */
#include "base/random.h"
#include "base/str.h"

struct db;
struct exchange;
struct executor;
struct service;

/* Something to be done in the writer's transaction. `run` may be called more than once, the last
 * time counts; then `done` is called, once, after the commit. `fail` comes between them when it
 * cannot be done. The callbacks run on the writer's thread. */
struct job {
    struct job *next;
    void (*run)(void *context, struct db *db, struct random *random);
    void (*fail)(void *context, int status, const char *message);
    void (*done)(void *context);
    void *context;
    int64_t queued_us;
};

/* Opens the database (which has been migrated) and starts the writer. NULL: failed, logged. */
struct executor *executor_new(const struct service *service, const char *path, size_t readers);

/* Takes no more jobs and finishes those that are queued. */
void executor_stop(struct executor *executor);

/* Closes the database, after executor_stop(). */
void executor_free(struct executor *executor);

/* Runs a reading exchange on the calling thread. False: it was refused what is to be kept, for
 * which it has to be run as a job, too. */
bool executor_read(struct executor *executor, struct exchange *exchange) MUST_CHECK;

/* Makes the next piece of an answer that comes in pieces, on the calling thread; empty: there is
 * none. False: the database failed. */
bool executor_next_piece(struct executor *executor, struct exchange *exchange,
                         struct str *piece) MUST_CHECK;

/* Lends a reading connection; it must be given back. */
struct reader *executor_lend(struct executor *executor);
void executor_return(struct executor *executor, struct reader *reader);

/* Its connection, in a transaction that sees everything acknowledged so far and needs no end. */
struct db *executor_begin_read(struct executor *executor, struct reader *reader);

/* Ends that transaction, which otherwise stays open for the next who borrows the connection. */
void executor_end_read(struct reader *reader);

/* Queues a job. False: the queue is full. */
bool executor_submit(struct executor *executor, struct job *job) MUST_CHECK;

/* Whether writes are being accepted. */
bool executor_is_ready(struct executor *executor);
