/* The control socket. A message is a row of strings, each as its length and its bytes:
 *
 *     request:  count, word…            answer:  status, output, error
 *
 * Numbers are 32 bits in the machine's order: both ends are this program on this machine. */
#include "cli/control.h"

#include "api/keyring.h"
#include "api/service.h"
#include "base/arena.h"
#include "base/bell.h"
#include "base/log.h"
#include "cli/admin.h"
#include "http/executor.h"
#include "store/db.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define WORD_BYTES_MAX (2 * 1024 * 1024)
#define OUTPUT_BYTES_MAX (8 * 1024 * 1024)
#define CLIENT_TIMEOUT_SECONDS 3

struct control {
    const struct service *service;
    struct executor *executor;
    pthread_t thread;
    int listener;
    int stop[2]; /* a pipe whose writing end is closed to stop */
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

/* ---- messages ---- */

static bool send_all(int socket, const void *bytes, size_t length)
{
    const char *rest = bytes;
    while (length > 0) {
        ssize_t sent = send(socket, rest, length, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        rest += sent;
        length -= (size_t)sent;
    }
    return true;
}

static bool receive_all(int socket, void *bytes, size_t length)
{
    char *rest = bytes;
    while (length > 0) {
        ssize_t received = recv(socket, rest, length, 0);
        if (received <= 0)
            return false;
        rest += received;
        length -= (size_t)received;
    }
    return true;
}

static bool send_number(int socket, uint32_t number)
{
    return send_all(socket, &number, sizeof(number));
}

static bool send_string(int socket, struct str string)
{
    return send_number(socket, (uint32_t)string.length) &&
           send_all(socket, string.data, string.length);
}

static bool receive_string(int socket, struct arena *arena, size_t max, struct str *string)
{
    uint32_t length;
    if (!receive_all(socket, &length, sizeof(length)) || length > max)
        return false;
    char *bytes = arena_alloc(arena, length + 1);
    *string = (struct str){bytes, length};
    return receive_all(socket, bytes, length);
}

/* ---- the server's end ---- */

/* A request that writes, on its way through the writer's queue. */
struct errand {
    struct job job;
    const struct control *control;
    struct arena *arena;
    const struct admin_request *request;
    struct admin_result *result;
    pthread_mutex_t lock;
    pthread_cond_t finished;
    bool done;
};

static void run_errand(void *context, struct db *db, struct random *random)
{
    struct errand *errand = context;
    const struct service *service = errand->control->service;
    const struct admin_context admin = {
        .arena = errand->arena,
        .db = db,
        .random = random,
        .catalog = &service->catalog,
        .pepper = service->pepper,
        .code_shapes = service->code_shapes,
        .now = service->clock->seconds(service->clock->context),
    };
    admin_run(&admin, errand->request, errand->result);
}

static void fail_errand(void *context, int status, const char *message)
{
    struct errand *errand = context;
    *errand->result =
        (struct admin_result){.status = 1, .output = STR(""), .error = str_from(message)};
    (void)status;
}

static void finish_errand(void *context)
{
    struct errand *errand = context;
    pthread_mutex_lock(&errand->lock);
    errand->done = true;
    pthread_cond_signal(&errand->finished);
    pthread_mutex_unlock(&errand->lock);
}

/* What was committed, for the requests to come. */
static void reload_keys(const struct control *control)
{
    struct reader *reader = executor_lend(control->executor);
    if (!keyring_load(control->service->keyring, executor_begin_read(control->executor, reader)))
        log_message(LOG_ERROR, "keys", "the keys could not be read again");
    executor_return(control->executor, reader);
}

static void run_on_writer(struct control *control, struct arena *arena,
                          const struct admin_request *request, struct admin_result *result)
{
    struct errand errand = {
        .control = control, .arena = arena, .request = request, .result = result};
    errand.job = (struct job){
        .run = run_errand, .fail = fail_errand, .done = finish_errand, .context = &errand};
    pthread_mutex_init(&errand.lock, NULL);
    pthread_cond_init(&errand.finished, NULL);
    if (executor_submit(control->executor, &errand.job)) {
        pthread_mutex_lock(&errand.lock);
        while (!errand.done)
            pthread_cond_wait(&errand.finished, &errand.lock);
        pthread_mutex_unlock(&errand.lock);
    } else {
        fail_errand(&errand, 503, "the server is overloaded");
    }
    if (result->keys_changed)
        reload_keys(control);
    if (result->added_deliveries)
        eventfd_write(control->service->wakeup, 1);
    if (result->timer_set)
        bell_ring(control->service->due);
    pthread_mutex_destroy(&errand.lock);
    pthread_cond_destroy(&errand.finished);
}

static void run_on_reader(struct control *control, struct arena *arena,
                          const struct admin_request *request, struct admin_result *result)
{
    struct reader *reader = executor_lend(control->executor);
    const struct admin_context admin = {.arena = arena,
                                        .db = executor_begin_read(control->executor, reader),
                                        .pepper = control->service->pepper};
    admin_run(&admin, request, result);
    executor_return(control->executor, reader);
}

static bool receive_request(int socket, struct arena *arena, struct admin_request *request)
{
    uint32_t count;
    if (!receive_all(socket, &count, sizeof(count)) || count < 1 ||
        count > ARRAY_LENGTH(request->words))
        return false;
    for (request->count = 0; request->count < count; request->count++)
        if (!receive_string(socket, arena, WORD_BYTES_MAX, &request->words[request->count]))
            return false;
    return true;
}

static void serve_client(struct control *control, int socket)
{
    struct arena arena;
    struct admin_request request = {0};
    struct admin_result result;
    const struct timeval limit = {.tv_sec = CLIENT_TIMEOUT_SECONDS};
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    arena_init(&arena);
    if (receive_request(socket, &arena, &request)) {
        if (admin_reads(&request))
            run_on_reader(control, &arena, &request, &result);
        else
            run_on_writer(control, &arena, &request, &result);
        bool sent = send_number(socket, (uint32_t)result.status) &&
                    send_string(socket, result.output) && send_string(socket, result.error);
        if (!sent)
            log_message(LOG_WARN, "control", "the client went away");
    }
    arena_release(&arena);
}

static void *serve_clients(void *context)
{
    struct control *control = context;
    struct pollfd events[] = {{.fd = control->listener, .events = POLLIN},
                              {.fd = control->stop[0], .events = POLLIN}};
    while (poll(events, ARRAY_LENGTH(events), -1) >= 0 || errno == EINTR) {
        if (events[1].revents)
            break;
        int socket = accept4(control->listener, NULL, NULL, SOCK_CLOEXEC);
        if (socket < 0)
            continue;
        serve_client(control, socket);
        close(socket);
    }
    return NULL;
}

static bool fill_address(struct sockaddr_un *address, const char *path)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address->sun_path))
        return false;
    memcpy(address->sun_path, path, strlen(path) + 1);
    return true;
}

struct control *control_start(const struct service *service, struct executor *executor,
                              const char *path)
{
    struct sockaddr_un address;
    if (!fill_address(&address, path)) {
        log_message(LOG_WARN, "control", "%s is too long for a socket", path);
        return NULL;
    }
    struct control *control = calloc(1, sizeof(*control));
    if (!control || pipe(control->stop) != 0)
        abort();
    control->service = service;
    control->executor = executor;
    memcpy(control->path, address.sun_path, sizeof(control->path));
    unlink(path); /* of a server that was killed; the directory's lock says that none is running */
    control->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (control->listener < 0 ||
        bind(control->listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(control->listener, 8) != 0) {
        log_message(LOG_ERROR, "control", "cannot listen on %s: %s", path, strerror(errno));
        free(control);
        return NULL;
    }
    if (pthread_create(&control->thread, NULL, serve_clients, control) != 0)
        abort();
    return control;
}

void control_stop(struct control *control)
{
    if (!control)
        return;
    close(control->stop[1]);
    pthread_join(control->thread, NULL);
    close(control->stop[0]);
    close(control->listener);
    unlink(control->path);
    free(control);
}

/* ---- the client's end ---- */

bool control_call(struct arena *arena, const char *path, const struct admin_request *request,
                  struct admin_result *result)
{
    struct sockaddr_un address;
    uint32_t status = 0;
    int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool done = connection >= 0 && fill_address(&address, path) &&
                connect(connection, (struct sockaddr *)&address, sizeof(address)) == 0 &&
                send_number(connection, (uint32_t)request->count);
    for (size_t i = 0; done && i < request->count; i++)
        done = send_string(connection, request->words[i]);
    done = done && receive_all(connection, &status, sizeof(status)) &&
           receive_string(connection, arena, OUTPUT_BYTES_MAX, &result->output) &&
           receive_string(connection, arena, OUTPUT_BYTES_MAX, &result->error);
    result->status = (int)status;
    if (done && result->error.length == 0)
        result->error = STR_NULL;
    if (connection >= 0)
        close(connection);
    return done;
}
