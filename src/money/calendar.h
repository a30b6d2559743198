#pragma once
/* Calendar arithmetic in UTC. */
#include <stdint.h>

/* The same day and time of day `months` later; a day that the month does not have becomes its last
 * one. `time`: unix seconds. */
int64_t calendar_add_months(int64_t time, int64_t months);
