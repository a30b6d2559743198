#pragma once
/* Things that are due at a time: renewals, expiries, background work. Each runs on the writer, in
 * the order in which they are due, either in real time or by a test clock. */
#include "base/str.h"

struct request;

/* What can be due; of those that are due at the same instant the first named comes first. X(name):
 * name_due() is called. TIMER_CLOCK is a test clock: under way it runs the timers that go by it,
 * and in the end it is deleted. */
#define TIMERS(X)           \
    X(discount)             \
    X(subscription)         \
    X(invoice)              \
    X(promotion_code_batch) \
    X(redemption)           \
    X(checkout_session)     \
    X(redemption_attempt)

enum timer_kind {
    TIMER_CLOCK,
#define TIMER_NUMBER(name) TIMER_##name,
    TIMERS(TIMER_NUMBER) TIMER_COUNT
#undef TIMER_NUMBER
};

/* Something was due: does what follows from it, and sets the timer again or clears it.
 * request->now is the time at which it was due. False: it cannot be done. */
typedef bool timer_fn(struct request *request, int64_t row);

#define TIMER_DECLARE(name) timer_fn name##_due;
TIMERS(TIMER_DECLARE)
#undef TIMER_DECLARE
timer_fn test_clock_due;

/* Sets the one timer of this kind that the object has, by the clock that the request goes by.
 * `due`: unix seconds. */
void timer_set(struct request *request, enum timer_kind kind, int64_t row, int64_t due);

/* The same, unless it has been set. */
void timer_set_once(struct request *request, enum timer_kind kind, int64_t row, int64_t due);

void timer_clear(struct request *request, enum timer_kind kind, int64_t row);

/* A timer that is due. */
struct timer {
    int64_t tenant;
    int64_t kind;
    int64_t row;
    int64_t clock;
    int64_t due;
};

/* The first timers by that clock with due <= until, at most `count` of them. Returns how many. */
size_t timers_due(struct request *request, int64_t clock, int64_t until, struct timer *timers,
                  size_t count);

/* Runs one timer for its tenant. One that fails is undone and put off. */
void timer_run(struct request *request, const struct timer *timer);

/* Runs what is due in real time, but not for long. To be called in a writing transaction. */
void timers_turn(struct request *request, int64_t now);

/* When the next timer in real time is due; 0: none is set. */
int64_t timers_next(struct request *request);

/* Makes the timers of one kind that go by a test clock due now, in real time. */
void timers_hasten(struct request *request, int64_t clock, enum timer_kind kind);

/* Removes all timers by a test clock. */
void timers_drop(struct request *request, int64_t clock);
