/* Load for one server: one thread, keep-alive connections, each sending its next request when the
 * answer to the last one is complete.
 *
 *   load PORT PID CONNECTIONS SECONDS REQUESTS EXPECTED [SYNCS [RATE]]
 *
 * REQUESTS is a file of whole HTTP requests, each ended by a NUL byte; they are sent in turn, and a
 * run of `@` in one becomes random letters and digits every time, for bodies and keys that must be
 * unique. Every answer has to have status 200 and to contain the text EXPECTED, or the program
 * fails. With a RATE, requests per second, they are due at regular times instead, whatever became
 * of earlier ones; each takes a connection that is free, and its latency counts from when it was
 * due. The first WARM_UP_SECONDS are not counted. Prints one line of JSON; the processor time is
 * that of the process PID. */
#include "syncs.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#define WARM_UP_SECONDS 0.2
#define PATIENCE_MS 30000 /* without any answer */
#define RECEIVE_BYTES (1024 * 1024)
#define SECOND 1e9

struct request {
    char *bytes;
    size_t length;
};

struct connection {
    struct connection *next; /* of those that are free */
    int socket;
    int64_t sent_at; /* or when it was due */
    size_t received;
    size_t expected; /* of the whole answer; 0: its head is not complete */
    char *answer;
};

struct load {
    struct request *requests;
    size_t request_count;
    size_t next;
    uint64_t random;
    const char *text; /* that answers contain */
    bool counting;
    int64_t end;
    size_t under_way;
    int64_t interval; /* between requests that are due; 0: one follows the other */
    int64_t due;
    struct connection *free;
    uint32_t *latencies_us;
    size_t count;
    size_t capacity;
};

static _Noreturn void die(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("load: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(EXIT_FAILURE);
}

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    if (clock_gettime(clock, &now) != 0)
        die("the server is gone: %s", strerror(errno));
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void *allocate(void *old, size_t size)
{
    void *memory = realloc(old, size);
    if (!memory)
        die("out of memory");
    return memory;
}

/* ---- requests ---- */

static void read_requests(struct load *load, const char *path)
{
    FILE *file = fopen(path, "r");
    if (!file)
        die("cannot read %s", path);
    char *bytes = NULL;
    size_t capacity = 0;
    for (ssize_t length; (length = getdelim(&bytes, &capacity, '\0', file)) > 1;) {
        load->requests =
            allocate(load->requests, (load->request_count + 1) * sizeof(*load->requests));
        load->requests[load->request_count++] = (struct request){bytes, (size_t)length - 1};
        bytes = NULL;
    }
    fclose(file);
    if (load->request_count == 0)
        die("there is no request in %s", path);
}

/* xorshift64*: good enough for values that only have to differ. */
static uint64_t next_random(struct load *load)
{
    load->random ^= load->random >> 12;
    load->random ^= load->random << 25;
    load->random ^= load->random >> 27;
    return load->random * UINT64_C(0x2545F4914F6CDD1D);
}

static void fill_placeholders(struct load *load, char *to, const struct request *request)
{
    static const char letters[] = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    uint64_t bits = 0;
    size_t filled = 0;
    for (char *c = memchr(to, '@', request->length); c;
         c = memchr(c, '@', request->length - (size_t)(c - to))) {
        if (filled++ % 12 == 0)
            bits = next_random(load);
        *c = letters[bits % 32];
        bits /= 32;
    }
}

static void send_request(struct load *load, struct connection *connection)
{
    const struct request *request = &load->requests[load->next++ % load->request_count];
    char bytes[8192];
    if (request->length > sizeof(bytes))
        die("a request has more than %zu bytes", sizeof(bytes));
    memcpy(bytes, request->bytes, request->length);
    fill_placeholders(load, bytes, request);
    connection->received = connection->expected = 0;
    connection->sent_at = load->interval ? load->due : clock_ns(CLOCK_MONOTONIC);
    if (send(connection->socket, bytes, request->length, MSG_NOSIGNAL) != (ssize_t)request->length)
        die("cannot send: %s", strerror(errno));
    load->under_way++;
}

/* ---- answers ---- */

/* The head is complete: how long the answer is going to be. */
static void read_head(struct connection *connection)
{
    static const char name[] = "\r\nContent-Length:";
    char *end = strstr(connection->answer, "\r\n\r\n");
    if (!end)
        return;
    const char *header = strcasestr(connection->answer, name);
    if (!header || header > end)
        die("an answer has no Content-Length:\n%s", connection->answer);
    connection->expected =
        (size_t)(end - connection->answer) + 4 + strtoul(header + sizeof(name) - 1, NULL, 10);
    if (connection->expected >= RECEIVE_BYTES)
        die("an answer is too long");
}

static void count_answer(struct load *load, const struct connection *connection, int64_t now)
{
    static const char status[] = "HTTP/1.1 200 ";
    if (strncmp(connection->answer, status, sizeof(status) - 1) != 0 ||
        !strstr(connection->answer, load->text))
        die("an answer is not 200 with %s:\n%s", load->text, connection->answer);
    load->under_way--;
    if (!load->counting || now >= load->end)
        return;
    if (load->count == load->capacity) {
        load->capacity = load->capacity ? load->capacity * 2 : 65536;
        load->latencies_us =
            allocate(load->latencies_us, load->capacity * sizeof(*load->latencies_us));
    }
    load->latencies_us[load->count++] = (uint32_t)((now - connection->sent_at) / 1000);
}

static void receive(struct load *load, struct connection *connection)
{
    ssize_t length = recv(connection->socket, connection->answer + connection->received,
                          RECEIVE_BYTES - 1 - connection->received, 0);
    if (length <= 0)
        die("the server closed a connection");
    connection->received += (size_t)length;
    connection->answer[connection->received] = '\0';
    if (!connection->expected)
        read_head(connection);
    if (!connection->expected || connection->received < connection->expected)
        return;
    int64_t now = clock_ns(CLOCK_MONOTONIC);
    count_answer(load, connection, now);
    if (load->interval) {
        connection->next = load->free;
        load->free = connection;
    } else if (now < load->end) {
        send_request(load, connection);
    }
}

/* Sends what is due, as far as connections are free. */
static void send_due(struct load *load, int64_t now)
{
    while (load->interval && load->due <= now && load->due < load->end && load->free) {
        struct connection *connection = load->free;
        load->free = connection->next;
        send_request(load, connection);
        load->due += load->interval;
    }
}

/* ---- a run ---- */

static void connect_to(struct connection *connection, int epoll, uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    int on = 1;
    connection->answer = allocate(NULL, RECEIVE_BYTES);
    connection->socket = socket(AF_INET, SOCK_STREAM, 0);
    if (connection->socket < 0 ||
        connect(connection->socket, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        setsockopt(connection->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0 ||
        epoll_ctl(epoll, EPOLL_CTL_ADD, connection->socket, &event) != 0)
        die("cannot connect: %s", strerror(errno));
}

static void run_until(struct load *load, int epoll, int64_t until)
{
    struct epoll_event events[64];
    for (int64_t now; (now = clock_ns(CLOCK_MONOTONIC)) < until;) {
        bool paced = load->interval && load->due < load->end;
        send_due(load, now);
        if (!load->under_way && !paced)
            break;
        int64_t wait = paced && load->free ? load->due - now : (int64_t)PATIENCE_MS * 1000000;
        const struct timespec timeout = {wait > 0 ? wait / 1000000000 : 0,
                                         wait > 0 ? wait % 1000000000 : 0};
        int count = epoll_pwait2(epoll, events, 64, &timeout, NULL);
        if (count == 0 && !(paced && load->free))
            die("no answer within %d ms", PATIENCE_MS);
        for (int i = 0; i < count; i++)
            receive(load, events[i].data.ptr);
    }
}

static int compare(const void *one, const void *other)
{
    uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;
    return (a > b) - (a < b);
}

static unsigned percentile(const struct load *load, size_t percent)
{
    return load->count ? load->latencies_us[(load->count - 1) * percent / 100] : 0;
}

int main(int argc, char **argv)
{
    struct load load = {0};
    clockid_t cpu;
    if (argc < 7)
        die("usage: load PORT PID CONNECTIONS SECONDS REQUESTS EXPECTED [SYNCS [RATE]]");
    uint16_t port = (uint16_t)strtoul(argv[1], NULL, 10);
    if (clock_getcpuclockid((pid_t)strtol(argv[2], NULL, 10), &cpu) != 0)
        die("there is no process %s", argv[2]);
    size_t connection_count = strtoul(argv[3], NULL, 10);
    double seconds = strtod(argv[4], NULL);
    read_requests(&load, argv[5]);
    load.text = argv[6];
    const struct syncs *syncs = syncs_map(argc > 7 ? argv[7] : NULL);

    int64_t begin = clock_ns(CLOCK_MONOTONIC),
            count_from = begin + (int64_t)(WARM_UP_SECONDS * SECOND);
    load.random = (uint64_t)begin * UINT64_C(0x9E3779B97F4A7C15) | 1;
    load.end = INT64_MAX;
    load.interval = argc > 8 ? (int64_t)(SECOND / strtod(argv[8], NULL)) : 0;
    load.due = begin;
    int epoll = epoll_create1(0);
    struct connection *connections = allocate(NULL, connection_count * sizeof(*connections));
    memset(connections, 0, connection_count * sizeof(*connections));
    for (size_t i = 0; i < connection_count; i++) {
        connect_to(&connections[i], epoll, port);
        if (load.interval) {
            connections[i].next = load.free;
            load.free = &connections[i];
        } else {
            send_request(&load, &connections[i]);
        }
    }
    run_until(&load, epoll, count_from);

    uint64_t syncs_before = syncs ? syncs->count : 0;
    int64_t cpu_before = clock_ns(cpu), from = clock_ns(CLOCK_MONOTONIC);
    load.counting = true;
    load.end = from + (int64_t)(seconds * SECOND);
    run_until(&load, epoll, load.end);
    int64_t cpu_used = clock_ns(cpu) - cpu_before, took = clock_ns(CLOCK_MONOTONIC) - from;
    uint64_t synced = syncs ? syncs->count - syncs_before : 0;
    run_until(&load, epoll, INT64_MAX); /* what is still under way */

    if (load.count == 0)
        die("nothing was answered in time");
    qsort(load.latencies_us, load.count, sizeof(*load.latencies_us), compare);
    printf("{\"requests\": %zu, \"seconds\": %.6f, \"cpu_us\": %.3f, \"p50_us\": %u, "
           "\"p99_us\": %u, \"syncs\": %llu}\n",
           load.count, (double)took / SECOND, (double)cpu_used / 1e3, percentile(&load, 50),
           percentile(&load, 99), (unsigned long long)synced);
    return EXIT_SUCCESS;
}
