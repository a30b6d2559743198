/* Soon at first, for a receiver that is being restarted, then less and less often. */
#include "events/retry.h"

#include "base/limits.h"
#include "base/str.h"

#define MINUTE 60
#define HOUR 3600

int64_t retry_delay(int64_t attempts)
{
    static const int64_t delays[] = {MINUTE,   5 * MINUTE, 30 * MINUTE, 2 * HOUR,
                                     5 * HOUR, 10 * HOUR,  12 * HOUR};
    const int64_t last = ARRAY_LENGTH(delays) - 1;
    int64_t age = 0, delay = 0;
    for (int64_t i = 0; i < attempts && age <= DELIVERY_RETRY_SECONDS_MAX; i++) {
        delay = delays[i < last ? i : last];
        age += delay;
    }
    return age <= DELIVERY_RETRY_SECONDS_MAX ? delay : 0;
}
