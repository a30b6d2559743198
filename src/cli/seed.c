/* Seeding at start: the same call as POST /_dev/seed, without a socket. */
#include "cli/seed.h"

#include "api/exchange.h"
#include "api/service.h"
#include "base/arena.h"
#include "cli/cli.h"
#include "http/executor.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#define SEED_KEY_DEFAULT "sk_test_seed"

struct seeding {
    const struct service *service;
    struct exchange exchange;
    struct job job;
    pthread_mutex_t lock;
    pthread_cond_t finished;
    bool done;
};

static void run(void *context, struct db *db, struct random *random)
{
    struct seeding *seeding = context;
    exchange_run(seeding->service, &seeding->exchange, db, random);
}

static void fail_seeding(void *context, int status, const char *message)
{
    struct seeding *seeding = context;
    exchange_fail(seeding->service, &seeding->exchange, status, message);
}

static void finish(void *context)
{
    struct seeding *seeding = context;
    exchange_committed(seeding->service, &seeding->exchange);
    pthread_mutex_lock(&seeding->lock);
    seeding->done = true;
    pthread_cond_signal(&seeding->finished);
    pthread_mutex_unlock(&seeding->lock);
}

static bool run_seeding(struct seeding *seeding, struct executor *executor)
{
    struct random random;
    random_init(&random);
    if (exchange_prepare(seeding->service, &seeding->exchange, &random) != EXCHANGE_WRITES)
        return false;
    seeding->job =
        (struct job){.run = run, .fail = fail_seeding, .done = finish, .context = seeding};
    if (!executor_submit(executor, &seeding->job))
        return false;
    pthread_mutex_lock(&seeding->lock);
    while (!seeding->done)
        pthread_cond_wait(&seeding->finished, &seeding->lock);
    pthread_mutex_unlock(&seeding->lock);
    return seeding->exchange.status == 200;
}

int seed_file(const struct service *service, struct executor *executor, const char *path)
{
    struct seeding seeding = {.service = service};
    struct exchange *exchange = &seeding.exchange;
    const char *key = getenv("COUPOND_SEED_KEY");
    int status = 0;
    pthread_mutex_init(&seeding.lock, NULL);
    pthread_cond_init(&seeding.finished, NULL);
    arena_init(&exchange->arena);
    exchange->method = STR("POST");
    exchange->path = STR("/_dev/seed");
    exchange->authorization =
        str_format(&exchange->arena, "Bearer %s", key ? key : SEED_KEY_DEFAULT);
    if (!cli_read_file(&exchange->arena, path, &exchange->body))
        status = cli_error(EX_NOINPUT, "serve", "cannot read %s", path);
    else if (!run_seeding(&seeding, executor))
        status = cli_error(EX_DATAERR, "serve", "%s: %.*s", path, STR_FMT(exchange->answer));
    arena_release(&exchange->arena);
    pthread_mutex_destroy(&seeding.lock);
    pthread_cond_destroy(&seeding.finished);
    return status;
}
