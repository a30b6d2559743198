/* Bare redemptions in a layout of layout.h behind libmicrohttpd: each request is one of them, and
 * one thread writes all that wait in one transaction before they are answered.
 *
 *   layout_server LAYOUT DATABASE CODES
 */
#include "layout.h"
#include "reply.h"

#include <pthread.h>

/* One request; what it asks for is not read. */
struct job {
    struct job *next;
    struct MHD_Connection *connection;
    bool done;
};

static struct loop loop;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards what follows */
static pthread_cond_t wakes = PTHREAD_COND_INITIALIZER;
static struct job *waiting;

static void *write_forever(void *context)
{
    for (;;) {
        pthread_mutex_lock(&lock);
        while (!waiting)
            pthread_cond_wait(&wakes, &lock);
        struct job *batch = waiting;
        waiting = NULL;
        pthread_mutex_unlock(&lock);
        int64_t date = now_ns(CLOCK_REALTIME);
        run(&loop, loop.begin);
        for (struct job *job = batch; job; job = job->next)
            step(&loop, date);
        run(&loop, loop.commit);
        for (struct job *next; batch; batch = next) {
            next = batch->next;
            batch->done = true;
            MHD_resume_connection(batch->connection);
        }
    }
    return context;
}

static void enqueue(struct job *job)
{
    MHD_suspend_connection(job->connection);
    pthread_mutex_lock(&lock);
    job->next = waiting;
    if (!waiting)
        pthread_cond_signal(&wakes);
    waiting = job;
    pthread_mutex_unlock(&lock);
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *length, void **seen)
{
    (void)context;
    (void)url;
    (void)method;
    (void)version;
    (void)data;
    struct job *job = *seen;
    if (!job) {
        *seen = job = calloc(1, sizeof(*job));
        if (!job)
            return MHD_NO;
        job->connection = connection;
    } else if (*length) {
        *length = 0;
    } else if (job->done) {
        return reply(connection);
    } else {
        enqueue(job);
    }
    return MHD_YES;
}

static void forget(void *context, struct MHD_Connection *connection, void **seen,
                   enum MHD_RequestTerminationCode why)
{
    (void)context;
    (void)connection;
    (void)why;
    free(*seen);
    *seen = NULL;
}

int main(int argc, char **argv)
{
    pthread_t writer;
    if (argc < 4 || !open_layout(&loop, argv[1], argv[2], argv[3])) {
        fputs("usage: layout_server lean|obvious DATABASE CODES\n", stderr);
        return EXIT_FAILURE;
    }
    if (pthread_create(&writer, NULL, write_forever, NULL) != 0)
        return EXIT_FAILURE;
    return serve(handle, forget);
}
