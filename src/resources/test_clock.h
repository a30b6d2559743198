#pragma once
/* Test clocks: time that can be wound forward, for the customers that live by it. */
#include "resources/resource.h"

struct timer;

enum test_clock_status {
    CLOCK_ADVANCING = 1,
    CLOCK_INTERNAL_FAILURE,
    CLOCK_READY
};

struct test_clock_advancing {
    struct opt_time target_frozen_time;
};

struct test_clock_status_details {
    struct test_clock_advancing advancing;
};

struct test_clock {
    struct object object;
    struct timestamp deletes_after;
    struct timestamp frozen_time;
    struct str name;
    struct choice status;
    struct test_clock_status_details status_details;
};

extern const struct resource test_clock_resource;

/* From here on the request's time is that of the clock; a null reference changes nothing. */
void test_clock_enter(struct request *request, const struct ref *clock);

/* Runs some of the timers that a clock under way has to pass; when none is left, the clock is
 * ready. One that stands still is deleted. `now`: real time. */
void test_clock_turn(struct request *request, const struct timer *timer, int64_t now);
