/* The machine's clocks behind the function table. */
#include "base/clock.h"

#include <time.h>

static int64_t system_seconds(void *context)
{
    (void)context;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec;
}

static int64_t system_microseconds(void *context)
{
    (void)context;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

const struct clock system_clock = {system_seconds, system_microseconds, 0};
