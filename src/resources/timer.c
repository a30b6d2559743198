/* Timers: one narrow row each, found by when they are due. */
#include "resources/timer.h"

#include "base/arena.h"
#include "base/log.h"
#include "base/request.h"
#include "resources/test_clock.h"
#include "store/db.h"

#include <stddef.h>

#define PUT_OFF_SECONDS 300
#define TURN_TIMERS_MAX 64 /* other writes wait for a turn */

STATEMENT(set, "INSERT INTO timers (tenant, kind, object, clock, due) VALUES ($1, $2, $3, $4, $5)"
               " ON CONFLICT (tenant, kind, object)"
               " DO UPDATE SET clock = excluded.clock, due = excluded.due");
STATEMENT(set_once, "INSERT INTO timers (tenant, kind, object, clock, due)"
                    " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (tenant, kind, object) DO NOTHING");
STATEMENT(clear, "DELETE FROM timers WHERE tenant = $1 AND kind = $2 AND object = $3");
STATEMENT(put_off, "UPDATE timers SET due = due + $1 WHERE tenant = $2 AND kind = $3"
                   " AND object = $4");
STATEMENT(find_due, "SELECT tenant, kind, object, due FROM timers WHERE clock = $1 AND due <= $2"
                    " ORDER BY due, kind, object LIMIT $3");
STATEMENT(find_next, "SELECT MIN(due) FROM timers WHERE clock = 0");
STATEMENT(hasten, "UPDATE timers SET clock = 0, due = $1 WHERE clock = $2 AND kind = $3");
STATEMENT(drop, "DELETE FROM timers WHERE clock = $1");

_Static_assert(TIMER_redemption == 5, "verification looks for timers of this kind");

#define TIMER_FUNCTION(name) [TIMER_##name] = name##_due,
static timer_fn *const functions[] = {[TIMER_CLOCK] = test_clock_due, TIMERS(TIMER_FUNCTION)};
#undef TIMER_FUNCTION

static void bind_and_set(struct request *request, const struct statement *statement,
                         enum timer_kind kind, int64_t row, int64_t due)
{
    struct query query = db_query(request->db, statement);
    db_bind_int(&query, request->tenant);
    db_bind_int(&query, kind);
    db_bind_int(&query, row);
    db_bind_int(&query, request->clock);
    db_bind_int(&query, due);
    db_do(&query);
    request->timer_set = true;
}

void timer_set(struct request *request, enum timer_kind kind, int64_t row, int64_t due)
{
    bind_and_set(request, &set, kind, row, due);
}

void timer_set_once(struct request *request, enum timer_kind kind, int64_t row, int64_t due)
{
    bind_and_set(request, &set_once, kind, row, due);
}

void timer_clear(struct request *request, enum timer_kind kind, int64_t row)
{
    struct query query = db_query(request->db, &clear);
    db_bind_int(&query, request->tenant);
    db_bind_int(&query, kind);
    db_bind_int(&query, row);
    db_do(&query);
}

size_t timers_due(struct request *request, int64_t clock, int64_t until, struct timer *timers,
                  size_t count)
{
    struct query query = db_query(request->db, &find_due);
    size_t found = 0;
    db_bind_int(&query, clock);
    db_bind_int(&query, until);
    db_bind_int(&query, (int64_t)count);
    while (db_row(&query))
        timers[found++] = (struct timer){db_int(&query, 0), db_int(&query, 1), db_int(&query, 2),
                                         clock, db_int(&query, 3)};
    db_end(&query);
    return found;
}

static void put_timer_off(struct request *request, const struct timer *timer)
{
    struct query query = db_query(request->db, &put_off);
    db_bind_int(&query, PUT_OFF_SECONDS);
    db_bind_int(&query, timer->tenant);
    db_bind_int(&query, timer->kind);
    db_bind_int(&query, timer->row);
    db_do(&query);
    log_message(LOG_ERROR, "timer", "timer %d of %lld was put off: %.*s", (int)timer->kind,
                (long long)timer->row, STR_FMT(request->error.message));
}

void timer_run(struct request *request, const struct timer *timer)
{
    request->tenant = timer->tenant;
    request->livemode = timer->tenant & 1;
    request->now = timer->due;
    request->clock = timer->clock;
    request->error = (struct error){0};
    const struct arena_mark mark = arena_mark(request->arena);
    db_savepoint(request->db);
    if (functions[timer->kind](request, timer->row)) {
        db_release(request->db);
    } else {
        db_rollback_to_savepoint(request->db);
        put_timer_off(request, timer);
    }
    arena_rewind(request->arena, mark);
}

void timers_turn(struct request *request, int64_t now)
{
    struct timer timers[TURN_TIMERS_MAX];
    request->started = now;
    size_t count = timers_due(request, 0, now, timers, TURN_TIMERS_MAX);
    for (size_t i = 0; i < count; i++) {
        if (timers[i].kind == TIMER_CLOCK)
            test_clock_turn(request, &timers[i], now);
        else
            timer_run(request, &timers[i]);
    }
}

int64_t timers_next(struct request *request)
{
    struct query query = db_query(request->db, &find_next);
    int64_t due = db_row(&query) ? db_int(&query, 0) : 0;
    db_end(&query);
    return due;
}

void timers_hasten(struct request *request, int64_t clock, enum timer_kind kind)
{
    struct query query = db_query(request->db, &hasten);
    db_bind_int(&query, request->now);
    db_bind_int(&query, clock);
    db_bind_int(&query, kind);
    db_do(&query);
    request->timer_set = true;
}

void timers_drop(struct request *request, int64_t clock)
{
    struct query query = db_query(request->db, &drop);
    db_bind_int(&query, clock);
    db_do(&query);
}
