#pragma once
/* When a delivery that failed is tried again. */
#include <stdint.h>

/* Seconds from the failure of try number `attempts` (the first is 1) to the next try; 0: there is
 * none. */
int64_t retry_delay(int64_t attempts);
