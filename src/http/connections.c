/* A list of open connections, each with the moment at which it has to be done with what it is
 * doing. A thread looks several times a second and shuts down those that are late. */
#include "http/connections.h"

#include "api/auth.h"
#include "base/clock.h"
#include "base/limits.h"
#include "http/socket.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#define NO_DEADLINE INT64_MAX
#define SECOND INT64_C(1000000)
#define WATCH_MS 200L

/* Whether the client may close its side without being noticed. When that arrives together with data
 * the library, which asks the kernel to report changes only, does not see it. */
enum watching {
    NEVER,
    ONCE,  /* with the request that was answered */
    ALWAYS /* with any piece of the body */
};

struct connection {
    struct connection *next;
    struct connection *previous;
    int socket;
    int64_t requests; /* only touched by the connection's own thread */
    struct watched_socket watched;
    struct auth_memo auth_memo;
    _Atomic(enum watching) watching;
    atomic_int_least64_t deadline; /* monotonic microseconds */
};

struct connections {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t stops;
    bool stopping;
    struct connection *first;
};

static int64_t after(int64_t seconds)
{
    return system_clock.microseconds(system_clock.context) + seconds * SECOND;
}

/* Whether the client has closed its side and all that it sent was read. */
static bool is_abandoned(struct connection *connection)
{
    struct pollfd events = {.fd = connection->socket, .events = POLLRDHUP};
    enum watching once = ONCE;
    int unread = 0;
    if (atomic_load(&connection->watching) == NEVER)
        return false;
    atomic_compare_exchange_strong(&connection->watching, &once, NEVER);
    return poll(&events, 1, 0) == 1 && (events.revents & POLLRDHUP) &&
           ioctl(connection->socket, FIONREAD, &unread) == 0 && unread == 0;
}

static void shut_late_ones(struct connections *connections)
{
    int64_t now = after(0);
    for (struct connection *each = connections->first; each; each = each->next) {
        if (atomic_load(&each->deadline) > now && !is_abandoned(each))
            continue;
        atomic_store(&each->watching, NEVER);
        atomic_store(&each->deadline, NO_DEADLINE);
        shutdown(each->socket, SHUT_RDWR); /* the library then closes it */
    }
}

static void *watch(void *context)
{
    struct connections *connections = context;
    pthread_mutex_lock(&connections->lock);
    while (!connections->stopping) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += WATCH_MS * 1000000;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&connections->stops, &connections->lock, &until);
        shut_late_ones(connections);
        fflush(stderr); /* the log is buffered */
    }
    pthread_mutex_unlock(&connections->lock);
    return NULL;
}

struct connections *connections_new(void)
{
    struct connections *connections = calloc(1, sizeof(*connections));
    if (!connections)
        abort();
    pthread_mutex_init(&connections->lock, NULL);
    pthread_cond_init(&connections->stops, NULL);
    if (pthread_create(&connections->thread, NULL, watch, connections) != 0)
        abort();
    return connections;
}

void connections_free(struct connections *connections)
{
    pthread_mutex_lock(&connections->lock);
    connections->stopping = true;
    pthread_cond_signal(&connections->stops);
    pthread_mutex_unlock(&connections->lock);
    pthread_join(connections->thread, NULL);
    pthread_mutex_destroy(&connections->lock);
    pthread_cond_destroy(&connections->stops);
    free(connections);
}

static void add(struct connections *connections, struct connection *connection)
{
    pthread_mutex_lock(&connections->lock);
    connection->next = connections->first;
    if (connections->first)
        connections->first->previous = connection;
    connections->first = connection;
    pthread_mutex_unlock(&connections->lock);
}

static void drop(struct connections *connections, struct connection *connection)
{
    pthread_mutex_lock(&connections->lock);
    if (connection->next)
        connection->next->previous = connection->previous;
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        connections->first = connection->next;
    pthread_mutex_unlock(&connections->lock);
    free(connection);
}

void connections_notify(void *context, struct MHD_Connection *connection, void **socket_context,
                        enum MHD_ConnectionNotificationCode code)
{
    struct connections *connections = context;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        socket_forget(((struct connection *)*socket_context)->socket);
        drop(connections, *socket_context);
        return;
    }
    struct connection *fresh = calloc(1, sizeof(*fresh));
    if (!fresh)
        abort();
    fresh->socket =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    atomic_store(&fresh->deadline, after(CONNECTION_IDLE_SECONDS));
    *socket_context = fresh;
    socket_watch(fresh->socket, &fresh->watched);
    add(connections, fresh);
}

static struct connection *connection_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

struct auth_memo *connection_auth_memo(struct MHD_Connection *connection)
{
    return &connection_of(connection)->auth_memo;
}

static void set_deadline(struct MHD_Connection *connection, int64_t deadline,
                         enum watching watching)
{
    atomic_store(&connection_of(connection)->watching, watching);
    atomic_store(&connection_of(connection)->deadline, deadline);
}

void connection_waits(struct MHD_Connection *connection)
{
    connection_of(connection)->watched.runs = false;
    set_deadline(connection, after(CONNECTION_IDLE_SECONDS), ONCE);
}

int64_t connection_reads_head(struct MHD_Connection *connection)
{
    set_deadline(connection, after(REQUEST_HEAD_SECONDS), NEVER);
    return ++connection_of(connection)->requests;
}

void connection_reads_body(struct MHD_Connection *connection)
{
    set_deadline(connection, after(REQUEST_BODY_SECONDS), ALWAYS);
}

void connection_runs(struct MHD_Connection *connection)
{
    connection_of(connection)->watched.runs = true;
    set_deadline(connection, NO_DEADLINE, NEVER);
}

void connection_writes(struct MHD_Connection *connection, size_t bytes)
{
    set_deadline(connection,
                 after(RESPONSE_GRACE_SECONDS + (int64_t)bytes / RESPONSE_BYTES_PER_SECOND_MIN),
                 NEVER);
}
