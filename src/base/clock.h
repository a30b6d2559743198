#pragma once
/* Where time comes from. Read once per request, into request->now. */
#include <stdint.h>

struct clock {
    int64_t (*seconds)(void *context);      /* unix seconds */
    int64_t (*microseconds)(void *context); /* monotonic, for durations only */
    void *context;
};

/* The machine's clocks. */
extern const struct clock system_clock;
