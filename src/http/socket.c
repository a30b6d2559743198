/* libmicrohttpd offers no way to look at the bytes of a request before it has interpreted them. It
 * calls recv() through the dynamic linker, which finds the one below first: it receives, scans, and
 * hands over only what is unambiguous and somebody reads. What is ambiguous is answered here, and
 * the library sees the connection end.
 *
 * epoll_wait() is another function that it does not get from the C library, for a reason below.
 *
 * recv() has no context to bring along, so the table of watched sockets is the program's only
 * variable that outlives its scope. It is written before a socket's first byte is read and after
 * its last. */
#include "http/socket.h"

#include "http/framing.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SOCKETS_MAX 65536

static _Atomic(struct watched_socket *) sockets[SOCKETS_MAX];

void socket_watch(int socket, struct watched_socket *watched)
{
    *watched = (struct watched_socket){0};
    framing_init(&watched->framing);
    if (socket < SOCKETS_MAX)
        atomic_store(&sockets[socket], watched);
}

void socket_forget(int socket)
{
    if (socket < SOCKETS_MAX)
        atomic_store(&sockets[socket], NULL);
}

static ssize_t receive(int socket, void *buffer, size_t length, int flags)
{
    return syscall(SYS_recvfrom, socket, buffer, length, flags, NULL, NULL);
}

/* Answers on the library's behalf and says that nothing more will come. What the client goes on to
 * send is read and forgotten until it is done, or its deadline has come: closing with unread bytes
 * would take the answer away from it. */
static void refuse(int socket, struct watched_socket *watched, struct framing_problem problem)
{
    char answer[512], body[256];
    int body_length = snprintf(body, sizeof(body),
                               "{\n  \"error\": {\n    \"message\": \"Bad request: %s.\",\n"
                               "    \"type\": \"invalid_request_error\"\n  }\n}\n",
                               problem.message);
    const char *reason = problem.status == 414   ? "URI Too Long"
                         : problem.status == 431 ? "Request Header Fields Too Large"
                                                 : "Bad Request";
    int length = snprintf(answer, sizeof(answer),
                          "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\n"
                          "Content-Length: %d\r\nConnection: close\r\n\r\n%s",
                          problem.status, reason, body_length, body);
    ssize_t ignored = send(socket, answer, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)ignored;
    shutdown(socket, SHUT_WR);
    watched->refused = true;
}

void socket_refuse(int socket, struct framing_problem problem)
{
    struct watched_socket *watched = atomic_load(&sockets[socket]);
    if (watched && !watched->refused)
        refuse(socket, watched, problem);
}

void socket_refuse_held(int socket)
{
    const struct watched_socket *watched = atomic_load(&sockets[socket]);
    if (watched && watched->held.status)
        socket_refuse(socket, watched->held);
}

/* What a refused client still sends. The library is told that nothing has come. */
static ssize_t forget_rest(int socket)
{
    char rest[4096];
    ssize_t received;
    do
        received = receive(socket, rest, sizeof(rest), MSG_DONTWAIT);
    while (received > 0);
    return received; /* 0: the client is done; or -1 with EAGAIN */
}

/* Receives until there is something to hand over. That is as much as was asked for, unless nothing
 * more is there: with less the library takes the socket for empty. With a problem, `*request` is
 * where the request that has it begins, or -1 when that was before. */
static ssize_t receive_scanned(int socket, struct framing *framing, char *buffer, size_t length,
                               struct framing_problem *problem, int64_t *request)
{
    size_t kept = 0;
    bool is_empty = false;
    *request = -1;
    while (kept == 0 || (kept < length && !is_empty)) {
        ssize_t received = receive(socket, buffer + kept, length - kept, MSG_DONTWAIT);
        if (received <= 0)
            return kept > 0 ? (ssize_t)kept : received;
        size_t count = (size_t)received;
        int64_t begin;
        is_empty = count < length - kept;
        *problem = framing_read(framing, buffer + kept, &count, &begin);
        *request = begin < 0 ? *request : (int64_t)kept + begin;
        if (problem->status)
            return received;
        kept += count;
    }
    return (ssize_t)kept;
}

/* Takes the place of the C library's function for everything in this process. */
__attribute__((visibility("default"))) ssize_t recv(int socket, void *buffer, size_t length,
                                                    int flags)
{
    struct watched_socket *watched =
        socket >= 0 && socket < SOCKETS_MAX ? atomic_load(&sockets[socket]) : NULL;
    if (!watched)
        return receive(socket, buffer, length, flags);
    if (watched->held.status && !watched->refused)
        refuse(socket, watched, watched->held);
    if (watched->refused)
        return forget_rest(socket);
    struct framing_problem problem = {0};
    int64_t request;
    ssize_t received =
        receive_scanned(socket, &watched->framing, buffer, length, &problem, &request);
    if (received == 0 && watched->runs) {
        errno = EAGAIN;
        return -1;
    }
    if (received <= 0 || !problem.status)
        return received;
    if (request > 0) {
        watched->held =
            problem; /* whole requests stand before the bad one and are answered first */
        return request;
    }
    refuse(socket, watched, problem);
    return forget_rest(socket);
}

/* The same, for another reason: when the library gets as many events as it asked for it asks again,
 * and waits, before it has looked at any of them. If everybody who is connected waits for an answer
 * nothing more happens until a time-out. So it never gets as many. */
__attribute__((visibility("default"))) int epoll_wait(int epoll, struct epoll_event *events,
                                                      int events_max, int timeout_ms)
{
    int fewer = events_max > 1 ? events_max - 1 : events_max;
    return epoll_pwait(epoll, events, fewer, timeout_ms, NULL);
}
