/* Test clocks. Advancing one sets a timer in real time; the scheduler then runs, a few at a time,
 * the timers that go by the clock, in the order in which they are due. */
#include "resources/test_clock.h"

#include "base/date.h"
#include "base/request.h"
#include "money/calendar.h"
#include "resources/event.h"
#include "resources/registry.h"
#include "resources/timer.h"

#include <assert.h>
#include <string.h>

#define LIFETIME_SECONDS (30 * SECONDS_PER_DAY)
#define INTERVALS_AHEAD_MAX 2
#define TURN_STEPS_MAX 64

static const char *const statuses[] = {"advancing", "internal_failure", "ready", NULL};

#define THIS struct test_clock_advancing
static const struct field advancing_fields[] = {
    FIELD(target_frozen_time, "Where the clock is being advanced to.", .is = DECIDES),
};
#undef THIS
static const struct schema advancing_schema =
    SCHEMA(struct test_clock_advancing, advancing_fields, "test_clock_advancing");

#define THIS struct test_clock_status_details
static const struct field status_details_fields[] = {
    HASH(advancing, advancing_schema, "Of a clock under way.", .is = NULL_WHEN_EMPTY | WHEN_SET),
};
#undef THIS
static const struct schema status_details_schema =
    SCHEMA(struct test_clock_status_details, status_details_fields, "test_clock_status_details");

#define THIS struct test_clock
static const struct field test_clock_fields[] = {
    FIELD_ID,
    FIELD_CREATED,
    FIELD(deletes_after, "When the clock deletes itself."),
    FIELD(frozen_time, "What time it is by this clock.", .in = CREATE | ACTION, .is = REQUIRED),
    FIELD_LIVEMODE,
    FIELD(name, "Anything about the clock.", .in = CREATE, .max = 300),
    FIELD(status, "Whether the clock stands still.", .values = statuses),
    HASH(status_details, status_details_schema, "More about the status.", .since = V_ACACIA),
};
#undef THIS

static void prepare(struct request *request, void *object)
{
    struct test_clock *clock = object;
    clock->status.value = CLOCK_READY;
    clock->deletes_after.seconds = request->now + LIFETIME_SECONDS;
}

static bool check(struct request *request, void *object, const void *before, unsigned operation)
{
    (void)object;
    (void)before;
    if (operation == CREATE && request->livemode)
        return fail(request, CODE_NONE, STR_NULL, "Test clocks cannot be used in live mode.");
    return true;
}

static bool saved(struct request *request, void *object, const void *before)
{
    (void)before;
    const struct test_clock *clock = object;
    timer_set(request, TIMER_CLOCK, clock->object.row,
              clock->status.value == CLOCK_ADVANCING ? request->now : clock->deletes_after.seconds);
    return true;
}

static void set_status(struct request *request, struct test_clock *clock,
                       enum test_clock_status status, const char *verb)
{
    clock->status.value = status;
    rows_update(request, catalog_of(request, &test_clock_resource), &test_clock_resource.schema,
                clock);
    event_record(request, test_clock_resource.events, verb, &test_clock_resource.schema, clock,
                 NULL);
}

STATEMENT(find_intervals,
          "SELECT DISTINCT p.recurring_interval, p.recurring_interval_count"
          " FROM subscriptions AS s JOIN subscription_items AS i"
          " ON i.tenant = s.tenant AND i.subscription = s.id JOIN prices AS p"
          " ON p.tenant = i.tenant AND p.id = i.price WHERE s.tenant = $1"
          " AND s.test_clock_seq = $2 AND s.ended_at IS NULL AND i.deleted_at IS NULL");

/* How far the clock can be advanced at once. */
static int64_t furthest(struct request *request, const struct test_clock *clock)
{
    int64_t now = clock->frozen_time.seconds;
    int64_t limit = calendar_add_months(now, INTERVALS_AHEAD_MAX * 12);
    struct query query = db_query(request->db, &find_intervals);
    db_bind_int(&query, request->tenant);
    db_bind_int(&query, clock->object.row);
    while (db_row(&query)) {
        struct str interval = db_str(&query, 0);
        int64_t count = db_int(&query, 1) * INTERVALS_AHEAD_MAX;
        int64_t end = str_is(interval, "day")     ? now + count * SECONDS_PER_DAY
                      : str_is(interval, "week")  ? now + count * 7 * SECONDS_PER_DAY
                      : str_is(interval, "month") ? calendar_add_months(now, count)
                                                  : calendar_add_months(now, 12 * count);
        if (end < limit)
            limit = end;
    }
    db_end(&query);
    return limit;
}

static bool advance(struct request *request, const struct route *route, struct answer *answer)
{
    struct str id = request->path_ids[0];
    struct test_clock target = {0};
    if (!resource_parameters(request, route, &target))
        return false;
    struct test_clock *clock = resource_find(request, &test_clock_resource, id);
    if (!clock)
        return fail_missing(request, STR("test_clock"), test_clock_resource.noun, id);
    if (clock->status.value != CLOCK_READY)
        return fail(request, CODE_NONE, STR_NULL,
                    "The test clock is being advanced: wait until its status is `ready`.");
    if (target.frozen_time.seconds <= clock->frozen_time.seconds)
        return fail(request, CODE_NONE, STR("frozen_time"),
                    "Invalid frozen_time: it must be after the clock's current time, %lld.",
                    (long long)clock->frozen_time.seconds);
    int64_t limit = furthest(request, clock);
    if (target.frozen_time.seconds > limit)
        return fail(request, CODE_NONE, STR("frozen_time"),
                    "Invalid frozen_time: it can be at most two intervals of the shortest "
                    "subscription ahead (two years when there is none), %lld.",
                    (long long)limit);
    clock->status_details.advancing.target_frozen_time =
        (struct opt_time){true, target.frozen_time.seconds};
    set_status(request, clock, CLOCK_ADVANCING, "advancing");
    timer_set(request, TIMER_CLOCK, clock->object.row, request->now);
    answer_object(answer, &test_clock_resource, clock);
    return true;
}

STATEMENT(find_customer, "SELECT seq FROM customers WHERE tenant = $1 AND test_clock_seq = $2"
                         " AND seq > $3 AND deleted_at IS NULL ORDER BY seq LIMIT 1");

/* The customers go with the clock, and their subscriptions with them, at the time that it shows. */
static bool remove_customers(struct request *request, const struct test_clock *clock)
{
    for (int64_t row = 0;;) {
        struct query query = db_query(request->db, &find_customer);
        db_bind_int(&query, request->tenant);
        db_bind_int(&query, clock->object.row);
        db_bind_int(&query, row);
        if (!db_row(&query))
            return true;
        row = db_int(&query, 0);
        db_end(&query);
        void *customer = resource_load(request, &customer_resource, row);
        if (!customer || !resource_remove(request, &customer_resource, customer))
            return false;
    }
}

static bool deleted(struct request *request, void *object)
{
    const struct test_clock *clock = object;
    int64_t now = request->now;
    if (!remove_customers(request, clock))
        return false;
    request->now = now;
    request->clock = 0;
    timer_clear(request, TIMER_CLOCK, clock->object.row);
    timers_hasten(request, clock->object.row, TIMER_redemption); /* uses are not lost with it */
    timers_drop(request, clock->object.row);
    return true;
}

void test_clock_enter(struct request *request, const struct ref *ref)
{
    if (!ref->row || ref->row == request->clock)
        return;
    const struct test_clock *clock = resource_load(request, &test_clock_resource, ref->row);
    if (!clock)
        return;
    request->clock = ref->row;
    request->now = clock->frozen_time.seconds;
}

bool test_clock_due(struct request *request, int64_t row)
{
    struct test_clock *clock = resource_load(request, &test_clock_resource, row);
    return clock && resource_remove(request, &test_clock_resource, clock);
}

void test_clock_turn(struct request *request, const struct timer *timer, int64_t now)
{
    struct timer next;
    request->tenant = timer->tenant;
    request->livemode = false;
    struct test_clock *clock = resource_load(request, &test_clock_resource, timer->row);
    if (!clock)
        return; /* the database has failed, which the transaction will notice */
    if (clock->status.value == CLOCK_READY) {
        timer_run(request, timer);
        return;
    }
    int64_t target = clock->status_details.advancing.target_frozen_time.seconds;
    int steps = 0;
    while (steps < TURN_STEPS_MAX && timers_due(request, timer->row, target, &next, 1) == 1) {
        timer_run(request, &next);
        clock->frozen_time.seconds = next.due;
        steps++;
    }
    request->now = now;
    request->clock = 0;
    if (steps == TURN_STEPS_MAX) {
        rows_update(request, catalog_of(request, &test_clock_resource), &test_clock_resource.schema,
                    clock);
        timer_set(request, TIMER_CLOCK, timer->row, now); /* behind others that are due */
        return;
    }
    clock->frozen_time.seconds = target;
    clock->status_details = (struct test_clock_status_details){0};
    set_status(request, clock, CLOCK_READY, "ready");
    timer_set(request, TIMER_CLOCK, timer->row, clock->deletes_after.seconds);
}

static const struct route routes[] = {
    {.method = "POST",
     .path = "/v1/test_helpers/test_clocks/:id/advance",
     .handler = advance,
     .resource = &test_clock_resource,
     .parameters = &test_clock_resource.schema,
     .in = ACTION,
     .name = "PostTestHelpersTestClocksAdvance",
     .summary = "Advance a test clock; what becomes due happens in the background"},
};

const struct resource test_clock_resource = {
    .schema =
        SCHEMA(struct test_clock, test_clock_fields, "test_helpers.test_clock", .is_object = true,
               .referred_by_seq = true, .help = "Time that can be wound forward."),
    .table = {&test_clock_resource.schema, "test_clocks", NULL},
    .number = RESOURCE_test_clock,
    .path = "/v1/test_helpers/test_clocks",
    .noun = "billingclock",
    .path_param = "test_clock",
    .events = "test_helpers.test_clock",
    .id_prefix = "clock_",
    .id_form = ID_LONG,
    .operations = CREATE | RETRIEVE | DELETE | FILTER,
    .routes = routes,
    .route_count = ARRAY_LENGTH(routes),
    .prepare = prepare,
    .check = check,
    .saved = saved,
    .deleted = deleted,
};
