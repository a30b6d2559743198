/* coupond serve: opens the data directory and answers requests until it is told to stop. */
#include "api/keyring.h"
#include "api/router.h"
#include "api/service.h"
#include "base/arena.h"
#include "base/bell.h"
#include "base/log.h"
#include "base/random.h"
#include "base/version.h"
#include "cli/cli.h"
#include "cli/control.h"
#include "cli/seed.h"
#include "events/courier.h"
#include "http/executor.h"
#include "http/scheduler.h"
#include "http/server.h"
#include "redemption/code_shapes.h"
#include "redemption/guesses.h"
#include "store/db.h"
#include "store/directory.h"
#include "store/migrate.h"
#include "store/sqlite.h"
#include "web/site.h"

#include <argp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#define THREADS_MIN 2
#define THREADS_MAX 16
#define LOG_BUFFER_BYTES 65536
#define SPARE_READERS 3 /* for the control socket, the scheduler and deliveries */

struct options {
    bool dev;
    bool insecure_listen;
    const char *data;
    const char *listen;
    const char *public_url;
    const char *seed;
    const char *version;
};

enum {
    OPTION_DEV = 1,
    OPTION_PUBLIC_URL,
    OPTION_SEED,
    OPTION_VERSION,
    OPTION_INSECURE
};

static const struct argp_option options_help[] = {
    {.name = "dev",
     .key = OPTION_DEV,
     .doc = "for development: any sk_test_… key opens an empty account of its own"},
    {.name = "listen",
     .key = 'l',
     .arg = "ADDRESS:PORT",
     .doc = "where to listen (" DEFAULT_LISTEN "); port 0 picks a free one"},
    {.name = "data", .key = 'd', .arg = "DIR", .doc = "data directory (" DEFAULT_DATA ")"},
    {.name = "public-url",
     .key = OPTION_PUBLIC_URL,
     .arg = "URL",
     .doc = "where a proxy makes pages reachable: https://pay.example.com (where the request came "
            "to)"},
    {.name = "seed",
     .key = OPTION_SEED,
     .arg = "FILE",
     .doc = "with --dev: objects, one line of JSON each, for the key sk_test_seed, or the key that "
            "COUPOND_SEED_KEY names"},
    {.name = "api-version",
     .key = OPTION_VERSION,
     .arg = "VERSION",
     .doc = "API version of requests that name none (the newest)"},
    {.name = "insecure-listen",
     .key = OPTION_INSECURE,
     .doc = "allow addresses other than loopback although there is no TLS"},
    {0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct options *options = state->input;
    switch (key) {
    case OPTION_DEV:
        options->dev = true;
        return 0;
    case 'l':
        options->listen = argument;
        return 0;
    case 'd':
        options->data = argument;
        return 0;
    case OPTION_PUBLIC_URL:
        options->public_url = argument;
        return 0;
    case OPTION_SEED:
        options->seed = argument;
        return 0;
    case OPTION_VERSION:
        options->version = argument;
        return 0;
    case OPTION_INSECURE:
        options->insecure_listen = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument \"%s\"", argument);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Everything that has to be taken down again, in this order from the end. */
struct running {
    struct arena arena;
    struct directory directory;
    struct service service;
    struct bell due;
    struct executor *executor;
    struct scheduler *scheduler;
    struct courier *courier;
    struct control *control;
    struct server *server;
};

static bool split_address(const char *listen, char address[64], uint16_t *port)
{
    const char *colon = strrchr(listen, ':');
    int64_t number;
    if (!colon || (size_t)(colon - listen) >= 64 || !str_to_int64(str_from(colon + 1), &number) ||
        number < 0 || number > UINT16_MAX)
        return false;
    memcpy(address, listen, (size_t)(colon - listen));
    address[colon - listen] = '\0';
    if (strcmp(address, "localhost") == 0)
        memcpy(address, "127.0.0.1", sizeof("127.0.0.1"));
    *port = (uint16_t)number;
    return true;
}

static bool migrate(struct running *running)
{
    struct db *db = sqlite_open(running->directory.database.data, SQLITE_WRITER);
    bool migrated = db && migrate_run(&running->arena, db) &&
                    code_shapes_load(running->service.code_shapes, db);
    sqlite_close(db);
    return migrated;
}

static int open_data(struct running *running, const struct options *options)
{
    switch (directory_open(&running->arena, options->data, &running->directory)) {
    case DIRECTORY_OPEN:
        return 0;
    case DIRECTORY_IN_USE:
        return cli_error(EX_TEMPFAIL, "serve", "%s is in use by another coupond", options->data);
    case DIRECTORY_FAILED:
        break;
    }
    return cli_error(EX_CANTCREAT, "serve", "cannot open the data directory %s", options->data);
}

static unsigned thread_count(void)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return processors < THREADS_MIN   ? THREADS_MIN
           : processors > THREADS_MAX ? THREADS_MAX
                                      : (unsigned)processors;
}

static void build_service(struct running *running, const struct options *options)
{
    struct service *service = &running->service;
    struct str name;
    service->clock = &system_clock;
    service->dev = options->dev;
    service->site = &web_site;
    service->public_url = str_from(options->public_url);
    bell_init(&running->due);
    service->due = &running->due;
    memcpy(service->pepper, running->directory.pepper, PEPPER_BYTES);
    seal_key_make(service->sealing_key, service->pepper);
    service->default_version = V_NEWEST;
    if (options->version &&
        !version_parse(str_from(options->version), &service->default_version, &name))
        abort(); /* was checked before */
    catalog_build(&running->arena, &service->catalog);
    service->keyring = keyring_new();
    service->guesses = guesses_new();
    service->code_shapes = code_shapes_new();
    service->router = router_build(&running->arena, service->dev);
    service->wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (service->wakeup < 0)
        abort();
}

static int start(struct running *running, const struct options *options, const char *address,
                 uint16_t port)
{
    const struct directory *directory = &running->directory;
    unsigned threads = thread_count();
    build_service(running, options);
    if (!migrate(running))
        return cli_error(EX_IOERR, "serve", "cannot use the database %s", directory->database.data);
    running->executor =
        executor_new(&running->service, directory->database.data, threads + SPARE_READERS);
    if (!running->executor)
        return cli_error(EX_IOERR, "serve", "cannot open the database %s",
                         directory->database.data);
    if (options->seed) {
        int status = seed_file(&running->service, running->executor, options->seed);
        if (status)
            return status;
    }
    running->courier = courier_start(&running->service, running->executor);
    running->control = control_start(&running->service, running->executor, directory->socket.data);
    running->server = server_start(&running->service, running->executor, address, port, threads);
    if (!running->server)
        return cli_error(EX_UNAVAILABLE, "serve", "cannot listen on %s", options->listen);
    struct str origin = running->service.public_url;
    if (!origin.data)
        origin = str_format(&running->arena, "http://%s:%u", address, server_port(running->server));
    running->scheduler = scheduler_start(&running->service, running->executor, origin);
    return 0;
}

static void stop(struct running *running)
{
    if (running->server)
        server_drain(running->server);
    control_stop(running->control);
    scheduler_stop(running->scheduler);
    if (running->courier)
        courier_stop(running->courier);
    if (running->executor)
        executor_stop(running->executor);
    if (running->server)
        server_stop(running->server);
    if (running->executor)
        executor_free(running->executor);
    if (running->courier)
        courier_free(running->courier);
    if (running->service.wakeup >= 0)
        close(running->service.wakeup);
    if (running->service.keyring)
        keyring_free(running->service.keyring);
    if (running->service.guesses)
        guesses_free(running->service.guesses);
    if (running->service.code_shapes)
        code_shapes_free(running->service.code_shapes);
    directory_close(&running->directory);
    arena_release(&running->arena);
}

/* The lines use a key of their own, so that they work at every start. */
static void print_welcome(const struct server *server, const char *address, bool dev)
{
    char key[] = "sk_test_demo123456";
    struct random random;
    random_init(&random);
    random_characters(&random, ALPHABET_BASE62, key + strlen("sk_test_demo"), 6);
    fprintf(stderr, "coupond: listening on http://%s:%u\n", address, server_port(server));
    if (dev)
        fprintf(stderr,
                "\nTry it (any sk_test_ key is an account of its own):\n\n"
                "  curl http://%s:%u/v1/coupons -u %s: -d id=LAUNCH25 -d percent_off=25\n"
                "  curl http://%s:%u/v1/promotion_codes -u %s: -d 'promotion[type]=coupon' "
                "-d 'promotion[coupon]=LAUNCH25' -d code=HELLO\n"
                "  curl -G http://%s:%u/v1/promotion_codes -u %s: -d code=hello\n\n",
                address, server_port(server), key, address, server_port(server), key, address,
                server_port(server), key);
    fflush(stderr);
}

/* The signals that end the service; blocked in every thread and waited for here. */
static void block_signals(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, signals, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* Secrets must not end up in core dumps or be read by a debugger, and no file limit below ours
 * stand in the way of connections. */
static void harden(void)
{
    struct rlimit none = {0}, files;
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

static int check_options(const struct options *options, char address[64], uint16_t *port)
{
    int32_t version;
    struct str name;
    if (!split_address(options->listen, address, port))
        return cli_error(EX_USAGE, "serve", "--listen wants ADDRESS:PORT, not \"%s\"",
                         options->listen);
    if (strncmp(address, "127.", strlen("127.")) != 0 && !options->insecure_listen)
        return cli_error(EX_USAGE, "serve",
                         "%s is no loopback address and there is no TLS: put a proxy in front, or "
                         "say --insecure-listen",
                         address);
    if (options->version && !version_parse(str_from(options->version), &version, &name))
        return cli_error(EX_USAGE, "serve", "there is no API version \"%s\"", options->version);
    if (options->public_url && !site_is_origin(str_from(options->public_url)))
        return cli_error(EX_USAGE, "serve", "--public-url wants https://HOST, not \"%s\"",
                         options->public_url);
    if (options->seed && !options->dev)
        return cli_error(EX_USAGE, "serve", "--seed goes with --dev");
    return 0;
}

int serve_command(int argc, char **argv)
{
    static const struct argp argp = {
        options_help, parse_option, NULL, "Answers requests until SIGTERM or SIGINT.",
        NULL,         NULL,         NULL};
    static char name[] = "coupond serve";
    struct options options = {.data = DEFAULT_DATA, .listen = DEFAULT_LISTEN};
    struct running running = {.directory.lock = -1, .service.wakeup = -1};
    char address[64];
    uint16_t port = 0;
    sigset_t signals;
    static char log_buffer[LOG_BUFFER_BYTES];
    argv[0] = name;
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    int status = check_options(&options, address, &port), received;
    if (status)
        return status;
    setvbuf(stderr, log_buffer, _IOFBF, sizeof(log_buffer)); /* flushed by the server, often */
    harden();
    block_signals(&signals);
    arena_init(&running.arena);
    status = open_data(&running, &options);
    if (status == 0)
        status = start(&running, &options, address, port);
    if (status == 0) {
        print_welcome(running.server, address, options.dev);
        sigwait(&signals, &received);
        log_message(LOG_INFO, "stopping", "signal %d: finishing what is under way", received);
    }
    stop(&running);
    return status;
}
