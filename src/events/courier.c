/* The thread that delivers events. */
#include "events/courier.h"

#include "api/answer.h"
#include "api/service.h"
#include "base/arena.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/request.h"
#include "base/seal.h"
#include "events/retry.h"
#include "events/sender.h"
#include "events/signature.h"
#include "http/executor.h"
#include "resources/outbox.h"
#include "resources/webhook_endpoint.h"
#include "store/db.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>

/* How long to sleep when nobody calls: clocks are set, reports fail. */
#define LOOK_US_MAX 10000000
#define STOP_US_MAX 1000000
#define STOP_STEP_MS 10

enum slot_state {
    SLOT_FREE,
    SLOT_SENDING,
    SLOT_REPORTING,  /* the writer notes down what came of it */
    SLOT_REPORTED,   /* it has */
    SLOT_UNREPORTED, /* it could not, and has to be asked again */
};

/* A delivery under way. While it is SLOT_REPORTING it belongs to the writer. */
struct slot {
    const struct courier *courier;
    atomic_int state;
    struct arena arena; /* of what is sent */
    struct delivery entry;
    struct str event_id;
    struct str endpoint_id;
    struct transfer transfer;
    struct job job;
    bool job_failed;
};

struct courier {
    const struct service *service;
    struct executor *executor;
    struct sender *sender;
    pthread_t thread;
    atomic_bool stopping;
    int64_t look_us;  /* when to look for what is due even when nobody calls; monotonic */
    int64_t tenant;   /* the endpoint that was served last: */
    int64_t endpoint; /* those behind it come first */
    struct slot slots[DELIVERIES_MAX];
};

static int64_t microseconds(const struct courier *courier)
{
    return courier->service->clock->microseconds(courier->service->clock->context);
}

static int64_t seconds(const struct courier *courier)
{
    return courier->service->clock->seconds(courier->service->clock->context);
}

/* ---- what came of it ---- */

static bool is_delivered(const struct slot *slot)
{
    return slot->transfer.status >= 200 && slot->transfer.status < 300;
}

static void run_report(void *context, struct db *db, struct random *random)
{
    struct slot *slot = context;
    (void)random;
    slot->job_failed = false;
    if (is_delivered(slot))
        outbox_delivered(db, &slot->entry);
    else
        outbox_failed(db, &slot->entry, slot->transfer.status);
}

static void fail_report(void *context, int status, const char *message)
{
    (void)status;
    (void)message;
    ((struct slot *)context)->job_failed = true;
}

/* A report that failed wakes nobody: it would fail again at once. */
static void finish_report(void *context)
{
    struct slot *slot = context;
    int wakeup = slot->courier->service->wakeup;
    bool failed = slot->job_failed;
    atomic_store(&slot->state, failed ? SLOT_UNREPORTED : SLOT_REPORTED);
    if (!failed)
        eventfd_write(wakeup, 1);
}

static void report(struct courier *courier, struct slot *slot)
{
    slot->job = (struct job){
        .run = run_report, .fail = fail_report, .done = finish_report, .context = slot};
    atomic_store(&slot->state, SLOT_REPORTING);
    if (!executor_submit(courier->executor, &slot->job))
        atomic_store(&slot->state, SLOT_UNREPORTED);
}

static void log_failure(const struct slot *slot)
{
    struct log_line line;
    log_begin(&line, LOG_WARN, slot->entry.next_try ? "delivery_failed" : "delivery_given_up");
    log_str(&line, "id", slot->event_id);
    log_str(&line, "endpoint", slot->endpoint_id);
    log_int(&line, "attempt", slot->entry.attempts);
    log_int(&line, "status", slot->transfer.status);
    if (slot->transfer.problem)
        log_str(&line, "problem", str_from(slot->transfer.problem));
    log_end(&line);
}

static void end_delivery(struct courier *courier, struct slot *slot)
{
    if (!is_delivered(slot)) {
        int64_t delay = retry_delay(++slot->entry.attempts);
        slot->entry.next_try = delay ? seconds(courier) + delay : 0;
        log_failure(slot);
    }
    report(courier, slot);
}

/* ---- what is due ---- */

static bool is_same(const struct delivery *a, const struct delivery *b)
{
    return a->event == b->event && a->endpoint == b->endpoint;
}

static struct slot *free_slot(struct courier *courier)
{
    for (size_t i = 0; i < DELIVERIES_MAX; i++)
        if (atomic_load(&courier->slots[i].state) == SLOT_FREE)
            return &courier->slots[i];
    return NULL;
}

static bool is_under_way(const struct courier *courier, const struct delivery *entry)
{
    for (size_t i = 0; i < DELIVERIES_MAX; i++)
        if (atomic_load(&courier->slots[i].state) != SLOT_FREE &&
            is_same(&courier->slots[i].entry, entry))
            return true;
    return false;
}

static size_t count_under_way(const struct courier *courier, int64_t endpoint)
{
    size_t count = 0;
    for (size_t i = 0; i < DELIVERIES_MAX; i++)
        count += atomic_load(&courier->slots[i].state) != SLOT_FREE &&
                 courier->slots[i].entry.endpoint == endpoint;
    return count;
}

/* Renders the event as the API would for the endpoint's version, and sends it. */
static bool begin_delivery(struct courier *courier, struct slot *slot, struct db *db,
                           const struct delivery *entry)
{
    const struct service *service = courier->service;
    struct request request = {
        .arena = &slot->arena,
        .db = db,
        .catalog = &service->catalog,
        .now = seconds(courier),
        .version = service->default_version,
        .tenant = entry->tenant,
        .livemode = entry->tenant % 2 == 1,
    };
    struct answer answer;
    struct str name;
    arena_reset(&slot->arena);
    const struct webhook_endpoint *endpoint =
        resource_load(&request, &webhook_endpoint_resource, entry->endpoint);
    if (!endpoint || (endpoint->api_version.data &&
                      !version_parse(endpoint->api_version, &request.version, &name)))
        return false;
    const struct object *event = resource_load(&request, &event_resource, entry->event);
    if (!event)
        return false;
    answer_object(&answer, &event_resource, event);
    struct str body = answer_render(&request, &answer);
    struct str secret = unseal(&slot->arena, service->sealing_key, endpoint->signing_secret);
    if (!body.data || !secret.data)
        return false;
    slot->entry = *entry;
    slot->event_id = event->id;
    slot->endpoint_id = endpoint->object.id;
    slot->transfer.context = slot;
    sender_begin(courier->sender, &slot->transfer, endpoint->url.data,
                 signature_make(&slot->arena, secret, request.now, body), body);
    atomic_store(&slot->state, SLOT_SENDING);
    return true;
}

static void look_at_endpoint(struct courier *courier, struct db *db, int64_t tenant,
                             int64_t endpoint)
{
    struct delivery entries[2 * ENDPOINT_DELIVERIES_MAX]; /* some may be under way */
    size_t busy = count_under_way(courier, endpoint);
    if (busy >= ENDPOINT_DELIVERIES_MAX)
        return;
    int64_t now = seconds(courier);
    size_t count = outbox_waiting(db, tenant, endpoint, entries, ARRAY_LENGTH(entries));
    for (size_t i = 0; i < count && busy < ENDPOINT_DELIVERIES_MAX; i++) {
        struct slot *slot = free_slot(courier);
        if (!slot || is_under_way(courier, &entries[i]))
            continue;
        if (entries[i].next_try > now) {
            int64_t due_us = microseconds(courier) + (entries[i].next_try - now) * 1000000;
            courier->look_us = due_us < courier->look_us ? due_us : courier->look_us;
            return;
        }
        busy += begin_delivery(courier, slot, db, &entries[i]);
        courier->tenant = tenant;
        courier->endpoint = endpoint;
    }
}

static bool is_behind(int64_t tenant, int64_t endpoint, int64_t other_tenant,
                      int64_t other_endpoint)
{
    return tenant > other_tenant || (tenant == other_tenant && endpoint > other_endpoint);
}

/* One round over the endpoints for which something waits, beginning behind the one that was served
 * last, so that each has its turn when there are more than can be served at once. */
static void look_around(struct courier *courier, struct db *db)
{
    int64_t first_tenant = courier->tenant, first_endpoint = courier->endpoint;
    int64_t tenant = first_tenant, endpoint = first_endpoint;
    bool around = false;
    while (free_slot(courier)) {
        if (!outbox_next_endpoint(db, &tenant, &endpoint)) {
            if (around)
                return;
            around = true;
            tenant = endpoint = 0;
            continue;
        }
        if (around && is_behind(tenant, endpoint, first_tenant, first_endpoint))
            return;
        look_at_endpoint(courier, db, tenant, endpoint);
    }
}

static void look(struct courier *courier)
{
    courier->look_us = microseconds(courier) + LOOK_US_MAX;
    for (size_t i = 0; i < DELIVERIES_MAX; i++) {
        struct slot *slot = &courier->slots[i];
        if (atomic_load(&slot->state) == SLOT_REPORTED)
            atomic_store(&slot->state, SLOT_FREE);
        else if (atomic_load(&slot->state) == SLOT_UNREPORTED)
            report(courier, slot);
    }
    if (atomic_load(&courier->stopping))
        return;
    struct reader *reader = executor_lend(courier->executor);
    look_around(courier, executor_begin_read(courier->executor, reader));
    executor_return(courier->executor, reader);
}

/* ---- the thread ---- */

static void end_deliveries(struct courier *courier)
{
    struct transfer *transfer;
    while ((transfer = sender_ended(courier->sender)))
        end_delivery(courier, transfer->context);
}

static bool is_sending(const struct courier *courier)
{
    for (size_t i = 0; i < DELIVERIES_MAX; i++)
        if (atomic_load(&courier->slots[i].state) == SLOT_SENDING)
            return true;
    return false;
}

/* What is broken off here is sent again by the next process. */
static void end_all(struct courier *courier)
{
    int64_t until = microseconds(courier) + STOP_US_MAX;
    while (is_sending(courier) && microseconds(courier) < until) {
        sender_wait(courier->sender, -1, STOP_STEP_MS);
        end_deliveries(courier);
    }
    for (size_t i = 0; i < DELIVERIES_MAX; i++)
        if (atomic_load(&courier->slots[i].state) == SLOT_SENDING)
            sender_abort(courier->sender, &courier->slots[i].transfer);
}

static void *deliver_forever(void *context)
{
    struct courier *courier = context;
    int wakeup = courier->service->wakeup;
    eventfd_t ignored;
    bool woken = true;
    while (!atomic_load(&courier->stopping)) {
        end_deliveries(courier);
        if (woken || microseconds(courier) >= courier->look_us)
            look(courier);
        int64_t wait_us = courier->look_us - microseconds(courier);
        sender_wait(courier->sender, wakeup, wait_us > 0 ? wait_us / 1000 + 1 : 0);
        woken = eventfd_read(wakeup, &ignored) == 0;
    }
    end_all(courier);
    return NULL;
}

struct courier *courier_start(const struct service *service, struct executor *executor)
{
    struct courier *courier = calloc(1, sizeof(*courier));
    if (!courier)
        abort();
    courier->service = service;
    courier->executor = executor;
    courier->sender = sender_new(service->dev);
    for (size_t i = 0; i < DELIVERIES_MAX; i++) {
        courier->slots[i].courier = courier;
        arena_init(&courier->slots[i].arena);
    }
    if (pthread_create(&courier->thread, NULL, deliver_forever, courier) != 0)
        abort();
    return courier;
}

void courier_stop(struct courier *courier)
{
    atomic_store(&courier->stopping, true);
    eventfd_write(courier->service->wakeup, 1);
    pthread_join(courier->thread, NULL);
}

void courier_free(struct courier *courier)
{
    sender_free(courier->sender);
    for (size_t i = 0; i < DELIVERIES_MAX; i++)
        arena_release(&courier->slots[i].arena);
    free(courier);
}
