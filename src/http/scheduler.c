/* The scheduler's thread. */
#include "http/scheduler.h"

#include "api/service.h"
#include "base/arena.h"
#include "base/bell.h"
#include "base/request.h"
#include "http/executor.h"
#include "resources/timer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>

#define SLEEP_MS_MAX 1000
#define RETRY_MS 100

struct scheduler {
    const struct service *service;
    struct executor *executor;
    struct str origin;
    pthread_t thread;
    atomic_bool stopping;
    struct bell done; /* rung when a turn is over */
    struct arena arena;
    bool failed;        /* the last turn could not be committed */
    bool next_is_known; /* since the last turn */
    int64_t next;       /* when the next timer is due; 0: none is set */
    bool added_deliveries;
};

static struct request make_request(struct scheduler *scheduler, struct db *db,
                                   struct random *random)
{
    return (struct request){
        .arena = &scheduler->arena,
        .db = db,
        .catalog = &scheduler->service->catalog,
        .random = random,
        .version = V_NEWEST,
        .origin = scheduler->origin,
        .dev = scheduler->service->dev,
        .code_shapes = scheduler->service->code_shapes,
    };
}

static int64_t real_time(const struct scheduler *scheduler)
{
    const struct clock *clock = scheduler->service->clock;
    return clock->seconds(clock->context);
}

/* ---- a turn, on the writer's thread ---- */

static void run(void *context, struct db *db, struct random *random)
{
    struct scheduler *scheduler = context;
    arena_reset(&scheduler->arena);
    struct request request = make_request(scheduler, db, random);
    timers_turn(&request, real_time(scheduler));
    scheduler->added_deliveries = request.added_deliveries;
    scheduler->next = timers_next(&request);
    scheduler->failed = false;
}

static void fail_turn(void *context, int status, const char *message)
{
    (void)status;
    (void)message;
    ((struct scheduler *)context)->failed = true;
}

static void done(void *context)
{
    struct scheduler *scheduler = context;
    if (scheduler->added_deliveries && !scheduler->failed)
        eventfd_write(scheduler->service->wakeup, 1);
    bell_ring(&scheduler->done);
}

/* ---- the thread ---- */

/* Looks when the next timer is due. An open transaction would keep the log from starting over. */
static void find_next(struct scheduler *scheduler)
{
    struct reader *reader = executor_lend(scheduler->executor);
    arena_reset(&scheduler->arena);
    struct request request =
        make_request(scheduler, executor_begin_read(scheduler->executor, reader), NULL);
    scheduler->next = timers_next(&request);
    executor_end_read(reader);
    executor_return(scheduler->executor, reader);
}

/* When the next turn is: 0: at once. */
static int64_t wait_ms(struct scheduler *scheduler)
{
    if (!scheduler->next_is_known)
        find_next(scheduler);
    scheduler->next_is_known = false;
    int64_t next = scheduler->next, now = real_time(scheduler);
    if (next == 0 || next - now > SLEEP_MS_MAX / 1000)
        return SLEEP_MS_MAX;
    return next <= now ? 0 : (next - now) * 1000;
}

static void *schedule_forever(void *context)
{
    struct scheduler *scheduler = context;
    struct job job = {.run = run, .fail = fail_turn, .done = done, .context = scheduler};
    while (!atomic_load(&scheduler->stopping)) {
        int64_t ms = wait_ms(scheduler);
        if (ms > 0) {
            bell_wait(scheduler->service->due, ms);
            continue;
        }
        if (!executor_submit(scheduler->executor, &job)) {
            bell_wait(scheduler->service->due, RETRY_MS);
            continue;
        }
        while (!bell_wait(&scheduler->done, SLEEP_MS_MAX))
            ;
        scheduler->next_is_known = !scheduler->failed;
        if (scheduler->failed)
            bell_wait(scheduler->service->due, RETRY_MS);
    }
    return NULL;
}

struct scheduler *scheduler_start(const struct service *service, struct executor *executor,
                                  struct str origin)
{
    struct scheduler *scheduler = calloc(1, sizeof(*scheduler));
    if (!scheduler)
        abort();
    scheduler->service = service;
    scheduler->executor = executor;
    scheduler->origin = origin;
    bell_init(&scheduler->done);
    arena_init(&scheduler->arena);
    if (pthread_create(&scheduler->thread, NULL, schedule_forever, scheduler) != 0)
        abort();
    return scheduler;
}

void scheduler_stop(struct scheduler *scheduler)
{
    if (!scheduler)
        return;
    atomic_store(&scheduler->stopping, true);
    bell_ring(scheduler->service->due);
    pthread_join(scheduler->thread, NULL);
    bell_destroy(&scheduler->done);
    arena_release(&scheduler->arena);
    free(scheduler);
}
