/* The libmicrohttpd adaptor. A request is collected within its limits, prepared on the thread that
 * received it, and either answered there or suspended until the writer has committed it. */
#include "http/server.h"

#include "api/exchange.h"
#include "api/service.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/random.h"
#include "http/connections.h"
#include "http/executor.h"
#include "http/framing.h"
#include "http/socket.h"
#include "resources/resource.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECTION_MEMORY_BYTES (REQUEST_LINE_BYTES_MAX + HEADER_VALUES_READ_BYTES_MAX + 4096)
#define BODY_FIRST_BYTES 4096
#define CALLS_KEPT 256
#define PIECE_BYTES 32768
#define DRAIN_STEP_US 10000

enum call_state {
    CALL_HEAD,
    CALL_BODY,
    CALL_QUEUED,
    CALL_DONE
};

/* One request on its way through the server. */
struct call {
    struct call *next; /* in the pool */
    struct server *server;
    struct MHD_Connection *connection;
    enum call_state state;
    struct exchange exchange;
    struct random random;
    struct job job;
    struct str piece; /* what is left to send of an answer that comes in pieces */
    size_t body_capacity;
    size_t body_max;
    int64_t started_us;
    bool body_is_too_long;
    bool close;   /* the connection, after the answer */
    bool is_late; /* began when the server was being stopped */
};

struct server {
    const struct service *service;
    struct executor *executor;
    struct MHD_Daemon *daemon;
    struct connections *connections;
    uint16_t port;
    atomic_int under_way;
    atomic_bool stopping;
    pthread_mutex_t pool_lock;
    struct call *pool;
    size_t pooled;
};

/* ---- calls ---- */

static struct call *call_take(struct server *server)
{
    pthread_mutex_lock(&server->pool_lock);
    struct call *call = server->pool;
    if (call) {
        server->pool = call->next;
        server->pooled--;
    }
    pthread_mutex_unlock(&server->pool_lock);
    if (!call) {
        call = calloc(1, sizeof(*call));
        if (!call)
            abort();
        arena_init(&call->exchange.arena);
        random_init(&call->random);
        call->server = server;
    }
    return call;
}

static void call_free(struct call *call)
{
    arena_release(&call->exchange.arena);
    free(call);
}

static void call_give_back(struct call *call)
{
    struct server *server = call->server;
    exchange_reset(&call->exchange);
    pthread_mutex_lock(&server->pool_lock);
    bool keep = server->pooled < CALLS_KEPT;
    if (keep) {
        call->next = server->pool;
        server->pool = call;
        server->pooled++;
    }
    pthread_mutex_unlock(&server->pool_lock);
    if (!keep)
        call_free(call);
}

static int64_t now_us(const struct server *server)
{
    return server->service->clock->microseconds(server->service->clock->context);
}

/* ---- answers ---- */

static void log_call(const struct call *call)
{
    const struct exchange *exchange = &call->exchange;
    struct log_line line;
    log_begin(&line, LOG_INFO, "request");
    log_str(&line, "request_id", exchange->prepared.id);
    log_str(&line, "account", exchange->prepared.account);
    log_str(&line, "method", exchange->method);
    log_str(&line, "route", str_from(exchange->route ? exchange->route->path : "-"));
    log_int(&line, "status", exchange->status);
    log_str(&line, "code", exchange->request.error.code);
    log_int(&line, "us", now_us(call->server) - call->started_us);
    log_end(&line);
}

static void add_headers(struct MHD_Response *response, const struct call *call)
{
    static const struct header of_api[] = {
        {"Access-Control-Allow-Credentials", "true"},
        {"Access-Control-Allow-Methods", "GET, HEAD, PUT, PATCH, POST, DELETE"},
        {"Access-Control-Allow-Origin", "*"},
        {"Access-Control-Expose-Headers",
         "Request-Id, Stripe-Manage-Version, Stripe-Should-Retry, "
         "X-Stripe-External-Auth-Required, X-Stripe-Privileged-Session-Required"},
        {"Access-Control-Max-Age", "300"},
        {"Vary", "Origin"},
    };
    const struct exchange *exchange = &call->exchange;
    if (exchange->content_type_out)
        MHD_add_response_header(response, "Content-Type", exchange->content_type_out);
    for (size_t i = 0; i < ARRAY_LENGTH(of_api) && !exchange->page; i++)
        MHD_add_response_header(response, of_api[i].name, of_api[i].value);
    MHD_add_response_header(response, "Cache-Control", "no-cache, no-store");
    for (size_t i = 0; i < exchange->header_count; i++)
        MHD_add_response_header(response, exchange->headers[i].name, exchange->headers[i].value);
    if (!exchange->no_request_id && exchange->prepared.id.data)
        MHD_add_response_header(response, "Request-Id", exchange->prepared.id.data);
    if (exchange->status == 503)
        MHD_add_response_header(response, "Retry-After", "1");
    if (call->close || atomic_load(&call->server->stopping))
        MHD_add_response_header(response, "Connection", "close");
}

/* Sends an answer as it is made: only a piece of it is in memory. */
static ssize_t send_piece(void *context, uint64_t position, char *target, size_t room)
{
    struct call *call = context;
    struct str *piece = &call->piece;
    (void)position;
    if (piece->length == 0 && !executor_next_piece(call->server->executor, &call->exchange, piece))
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (piece->length == 0)
        return MHD_CONTENT_READER_END_OF_STREAM;
    size_t length = piece->length < room ? piece->length : room;
    memcpy(target, piece->data, length);
    *piece = (struct str){piece->data + length, piece->length - length};
    connection_writes(call->connection, length);
    return (ssize_t)length;
}

static struct MHD_Response *make_response(struct call *call)
{
    const struct exchange *exchange = &call->exchange;
    call->piece = STR("");
    if (exchange->csv.next)
        return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, PIECE_BYTES, send_piece, call,
                                                 NULL);
    return MHD_create_response_from_buffer(
        exchange->answer.length, (void *)(uintptr_t)exchange->answer.data, MHD_RESPMEM_PERSISTENT);
}

static enum MHD_Result respond(struct call *call)
{
    struct exchange *exchange = &call->exchange;
    struct MHD_Response *response = make_response(call);
    if (!response)
        return MHD_NO;
    add_headers(response, call);
    log_call(call);
    connection_writes(call->connection, exchange->answer.length);
    enum MHD_Result result =
        MHD_queue_response(call->connection, (unsigned)exchange->status, response);
    MHD_destroy_response(response);
    return result;
}

/* An answer to a request that is not even looked at; what follows it on the connection is not
 * either. */
static enum MHD_Result refuse(struct call *call, int status, const char *message)
{
    call->close = true;
    call->state = CALL_DONE;
    call->exchange.no_request_id = true;
    exchange_fail(call->server->service, &call->exchange, status, message);
    return respond(call);
}

/* ---- requests ---- */

static void run_job(void *context, struct db *db, struct random *random)
{
    struct call *call = context;
    exchange_run(call->server->service, &call->exchange, db, random);
}

/* An answer that was only to be kept note of stands. */
static void fail_job(void *context, int status, const char *message)
{
    struct call *call = context;
    if (call->exchange.is_answered)
        log_message(LOG_WARN, "attempt", "an attempt was not kept: %s", message);
    else
        exchange_fail(call->server->service, &call->exchange, status, message);
}

static void finish_job(void *context)
{
    struct call *call = context;
    exchange_committed(call->server->service, &call->exchange);
    call->state = CALL_DONE;
    MHD_resume_connection(call->connection);
}

static enum MHD_Result queue(struct call *call)
{
    call->job = (struct job){.run = run_job, .fail = fail_job, .done = finish_job, .context = call};
    call->state = CALL_QUEUED;
    MHD_suspend_connection(call->connection);
    if (!executor_submit(call->server->executor, &call->job)) {
        fail_job(call, 503, "The service is overloaded. Please try again.");
        finish_job(call);
    }
    return MHD_YES;
}

static enum MHD_Result run(struct call *call)
{
    struct server *server = call->server;
    struct exchange *exchange = &call->exchange;
    if (str_is(exchange->path, "/readyz")) {
        bool ready = executor_is_ready(server->executor);
        exchange->status = ready ? 200 : 503;
        exchange->content_type_out = "application/json";
        exchange->answer = ready ? STR("{\n  \"status\": \"ok\"\n}\n")
                                 : STR("{\n  \"status\": \"read-only\"\n}\n");
        return respond(call);
    }
    enum exchange_next next = exchange_prepare(server->service, exchange, &call->random);
    if (next == EXCHANGE_READS && !executor_read(server->executor, exchange))
        next = EXCHANGE_WRITES;
    if (next == EXCHANGE_WRITES && !call->is_late)
        return queue(call);
    if (next == EXCHANGE_WRITES)
        fail_job(call, 503, "The service is being stopped. Please try again.");
    call->state = CALL_DONE;
    return respond(call);
}

static struct str header_value(struct call *call, const char *name)
{
    const char *value = NULL;
    size_t length = 0;
    assert(framing_hands_on(name));
    if (MHD_lookup_connection_value_n(call->connection, MHD_HEADER_KIND, name, strlen(name), &value,
                                      &length) != MHD_YES)
        return STR_NULL;
    while (length > 0 && (value[length - 1] == ' ' || value[length - 1] == '\t'))
        length--;
    return (struct str){value ? value : "", length};
}

static struct str client_address(struct call *call)
{
    char *text = arena_alloc(&call->exchange.arena, INET_ADDRSTRLEN);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(call->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr_in *address = (const void *)info->client_addr;
    return str_from(inet_ntop(AF_INET, &address->sin_addr, text, INET_ADDRSTRLEN));
}

static enum MHD_Result refuse_body(struct call *call)
{
    return refuse(call, 400,
                  str_format(&call->exchange.arena,
                             "Bad request: the body may have at most %zu bytes.", call->body_max)
                      .data);
}

/* A body that is announced as too long is not waited for. */
static enum MHD_Result refuse_announced(struct call *call)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(call->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    socket_refuse(info->connect_fd, (struct framing_problem){400, "the body is too long"});
    call->state = CALL_BODY; /* the library waits for a body that it never gets */
    return MHD_YES;
}

static enum MHD_Result read_head(struct call *call, const char *method)
{
    struct exchange *exchange = &call->exchange;
    exchange->method = str_from(method);
    exchange->auth_memo = connection_auth_memo(call->connection);
    exchange->address = client_address(call);
    exchange->authorization = header_value(call, "Authorization");
    exchange->content_type = header_value(call, "Content-Type");
    exchange->host = header_value(call, "Host");
    exchange->origin = header_value(call, "Origin");
    exchange->fetch_site = header_value(call, "Sec-Fetch-Site");
    exchange->version_header = header_value(call, "Stripe-Version");
    exchange->account_header = header_value(call, "Stripe-Account");
    exchange->idempotency_key = header_value(call, "Idempotency-Key");
    call->body_max = str_is(exchange->path, "/_dev/seed") ? SEED_BODY_BYTES_MAX : BODY_BYTES_MAX;
    struct str length = header_value(call, "Content-Length");
    int64_t announced = 0;
    if (length.data && (!str_to_int64(length, &announced) || announced > (int64_t)call->body_max))
        return refuse_announced(call);
    struct str expect = header_value(call, "Expect");
    if (expect.length && !str_is(str_lower(&exchange->arena, expect), "100-continue"))
        return refuse(call, 417, "Expectation failed.");
    connection_reads_body(call->connection);
    call->state = CALL_BODY;
    return MHD_YES;
}

static enum MHD_Result read_body(struct call *call, const char *data, size_t length)
{
    struct exchange *exchange = &call->exchange;
    struct str *body = &exchange->body;
    if (call->body_is_too_long || length > call->body_max - body->length) {
        call->body_is_too_long = true; /* the rest is read, within the deadline, and forgotten */
        return MHD_YES;
    }
    if (body->length + length > call->body_capacity) {
        size_t capacity = call->body_capacity ? call->body_capacity : BODY_FIRST_BYTES;
        while (capacity < body->length + length)
            capacity *= 2;
        char *bytes = arena_alloc(&exchange->arena, capacity);
        if (body->length)
            memcpy(bytes, body->data, body->length);
        body->data = bytes;
        call->body_capacity = capacity;
    }
    memcpy((char *)(uintptr_t)body->data + body->length, data, length);
    body->length += length;
    return MHD_YES;
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *length, void **call_slot)
{
    struct call *call = *call_slot;
    (void)context;
    (void)version;
    (void)url; /* the library may have decoded it; the raw one is in the exchange */
    call->connection = connection;
    switch (call->state) {
    case CALL_HEAD:
        return read_head(call, method);
    case CALL_BODY:
        if (*length == 0) {
            connection_runs(connection);
            return call->body_is_too_long ? refuse_body(call) : run(call);
        }
        size_t received = *length;
        *length = 0;
        return read_body(call, data, received);
    case CALL_QUEUED:
        return MHD_YES;
    case CALL_DONE:
        *length = 0;
        return respond(call);
    }
    return MHD_NO;
}

/* Called with the request line, before anything else of a request. */
static void *begin(void *context, const char *uri, struct MHD_Connection *connection)
{
    struct server *server = context;
    struct call *call = call_take(server);
    struct str query;
    call->state = CALL_HEAD;
    call->close = connection_reads_head(connection) >= REQUESTS_PER_CONNECTION_MAX;
    call->body_capacity = 0;
    call->body_is_too_long = false;
    call->is_late = atomic_load(&server->stopping);
    call->started_us = now_us(server);
    call->exchange.path =
        str_split(str_copy(&call->exchange.arena, str_from(uri)), FRAMING_QUERY_MARK, &query);
    call->exchange.query = query;
    atomic_fetch_add(&server->under_way, 1);
    return call;
}

static void end(void *context, struct MHD_Connection *connection, void **call_slot,
                enum MHD_RequestTerminationCode code)
{
    struct server *server = context;
    struct call *call = *call_slot;
    (void)code;
    if (!call)
        return;
    *call_slot = NULL;
    socket_refuse_held(
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd);
    connection_waits(connection);
    call_give_back(call);
    atomic_fetch_sub(&server->under_way, 1);
}

static size_t keep_encoded(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context;
    (void)connection;
    return strlen(text);
}

/* ---- start and end ---- */

struct server *server_start(const struct service *service, struct executor *executor,
                            const char *address, uint16_t port, unsigned threads)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    if (inet_pton(AF_INET, address, &to.sin_addr) != 1) {
        log_message(LOG_ERROR, "listen", "%s is no IPv4 address", address);
        return NULL;
    }
    struct server *server = calloc(1, sizeof(*server));
    if (!server)
        abort();
    server->service = service;
    server->executor = executor;
    pthread_mutex_init(&server->pool_lock, NULL);
    server->connections = connections_new();
    server->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC, port, NULL, NULL,
        handle, server, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&to, MHD_OPTION_THREAD_POOL_SIZE,
        threads, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_MEMORY_BYTES, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)CONNECTIONS_PER_ADDRESS_MAX,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)CONNECTION_IDLE_SECONDS,
        MHD_OPTION_URI_LOG_CALLBACK, begin, server, MHD_OPTION_NOTIFY_COMPLETED, end, server,
        MHD_OPTION_NOTIFY_CONNECTION, connections_notify, server->connections,
        MHD_OPTION_UNESCAPE_CALLBACK, keep_encoded, NULL, MHD_OPTION_END);
    if (!server->daemon) {
        log_message(LOG_ERROR, "listen", "cannot listen on %s:%u: %s", address, port,
                    strerror(errno));
        connections_free(server->connections);
        free(server);
        return NULL;
    }
    server->port = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
    return server;
}

uint16_t server_port(const struct server *server)
{
    return server->port;
}

void server_drain(struct server *server)
{
    int listening = MHD_quiesce_daemon(server->daemon);
    if (listening >= 0)
        close(listening);
    atomic_store(&server->stopping, true);
    for (int64_t waited = 0;
         atomic_load(&server->under_way) > 0 && waited < (int64_t)DRAIN_SECONDS * 1000000;
         waited += DRAIN_STEP_US)
        usleep(DRAIN_STEP_US);
}

void server_stop(struct server *server)
{
    MHD_stop_daemon(server->daemon);
    connections_free(server->connections);
    while (server->pool) {
        struct call *call = server->pool;
        server->pool = call->next;
        call_free(call);
    }
    pthread_mutex_destroy(&server->pool_lock);
    free(server);
}
