/* The schedule of retries. */
#include "lib/unit.h"

#include "base/limits.h"
#include "events/retry.h"

TEST(test_retries_come_soon_then_rarely_then_no_more)
{
    static const int64_t delays[] = {60, 300, 1800, 7200, 18000, 36000, 43200, 43200, 43200, 43200};
    for (size_t i = 0; i < ARRAY_LENGTH(delays); i++)
        assert_int_equal(retry_delay((int64_t)i + 1), delays[i]);
    assert_int_equal(retry_delay(ARRAY_LENGTH(delays) + 1), 0);
}

TEST(test_the_last_retry_is_within_the_limit_and_the_next_would_not_be)
{
    int64_t age = 0, attempts = 1;
    for (int64_t delay; (delay = retry_delay(attempts)) > 0; attempts++)
        age += delay;
    assert_true(age <= DELIVERY_RETRY_SECONDS_MAX);
    assert_true(age + 43200 > DELIVERY_RETRY_SECONDS_MAX);
    assert_int_equal(retry_delay(INT64_MAX), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_retries_come_soon_then_rarely_then_no_more),
        cmocka_unit_test(test_the_last_retry_is_within_the_limit_and_the_next_would_not_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
