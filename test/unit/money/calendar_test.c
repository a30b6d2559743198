/* Months in UTC, also against a second implementation that walks day by day. */
#include "lib/unit.h"

#include "money/calendar.h"

#include <time.h>

#define DAY 86400

static int64_t at(int year, int month, int day, int second_of_day)
{
    struct tm parts = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};
    return timegm(&parts) + second_of_day;
}

TEST(test_a_month_later_is_the_same_day_and_time)
{
    assert_int_equal(calendar_add_months(at(2026, 1, 15, 3661), 1), at(2026, 2, 15, 3661));
    assert_int_equal(calendar_add_months(at(2026, 12, 31, 0), 1), at(2027, 1, 31, 0));
    assert_int_equal(calendar_add_months(at(2026, 6, 1, DAY - 1), 7), at(2027, 1, 1, DAY - 1));
    assert_int_equal(calendar_add_months(at(2026, 6, 1, 5), 0), at(2026, 6, 1, 5));
}

TEST(test_a_day_that_the_month_lacks_becomes_its_last)
{
    assert_int_equal(calendar_add_months(at(2026, 1, 31, 9), 1), at(2026, 2, 28, 9));
    assert_int_equal(calendar_add_months(at(2028, 1, 31, 9), 1), at(2028, 2, 29, 9));
    assert_int_equal(calendar_add_months(at(2026, 3, 31, 9), 1), at(2026, 4, 30, 9));
    assert_int_equal(calendar_add_months(at(2026, 1, 31, 9), 2), at(2026, 3, 31, 9));
}

TEST(test_leap_years_are_those_of_the_gregorian_calendar)
{
    assert_int_equal(calendar_add_months(at(2000, 1, 30, 0), 1), at(2000, 2, 29, 0));
    assert_int_equal(calendar_add_months(at(2100, 1, 30, 0), 1), at(2100, 2, 28, 0));
    assert_int_equal(calendar_add_months(at(2400, 1, 30, 0), 1), at(2400, 2, 29, 0));
    assert_int_equal(calendar_add_months(at(2024, 2, 29, 0), 12), at(2025, 2, 28, 0));
    assert_int_equal(calendar_add_months(at(2024, 2, 29, 0), 48), at(2028, 2, 29, 0));
}

TEST(test_every_count_of_months_from_the_31st_ends_on_the_last_day_there_is)
{
    static const int starts[] = {2023, 2024, 2026, 2028, 2096, 2100};
    for (size_t i = 0; i < ARRAY_LENGTH(starts); i++)
        for (int months = 1; months <= 1200; months++) {
            int year = starts[i] + months / 12, month = months % 12 + 1;
            int64_t expected = at(year, month + 1, 0, 61); /* the day before the next month */
            if (calendar_add_months(at(starts[i], 1, 31, 61), months) != expected)
                BREAKS("31 January %d + %d months", starts[i], months);
        }
}

TEST(test_a_month_end_comes_back_when_counted_from_the_first_one)
{
    static const int last[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    for (int months = 0; months < 12; months++)
        assert_int_equal(calendar_add_months(at(2026, 1, 31, 0), months),
                         at(2026, months + 1, last[months], 0));
    /* Counted on from the month before, it stays where it was clamped to. */
    assert_int_equal(calendar_add_months(calendar_add_months(at(2026, 1, 31, 0), 1), 1),
                     at(2026, 3, 28, 0));
}

TEST(test_the_29th_of_february_is_the_28th_in_common_years)
{
    static const int common[] = {2025, 2026, 2027, 2029, 2100}, leap[] = {2028, 2032, 2096, 2104};
    for (size_t i = 0; i < ARRAY_LENGTH(common); i++)
        assert_int_equal(calendar_add_months(at(2024, 2, 29, 5), 12 * (common[i] - 2024)),
                         at(common[i], 2, 28, 5));
    for (size_t i = 0; i < ARRAY_LENGTH(leap); i++)
        assert_int_equal(calendar_add_months(at(2024, 2, 29, 5), 12 * (leap[i] - 2024)),
                         at(leap[i], 2, 29, 5));
}

TEST(test_months_and_times_may_be_negative)
{
    assert_int_equal(calendar_add_months(at(2026, 3, 31, 7), -1), at(2026, 2, 28, 7));
    assert_int_equal(calendar_add_months(at(2026, 1, 1, 0), -1), at(2025, 12, 1, 0));
    assert_int_equal(calendar_add_months(-1, 1), at(1970, 1, 31, DAY - 1));
    assert_int_equal(calendar_add_months(at(1969, 12, 31, 5), 2), at(1970, 2, 28, 5));
    assert_int_equal(calendar_add_months(at(1600, 2, 29, 5), -12), at(1599, 2, 28, 5));
}

/* A calendar that knows nothing but how long months are, and counts. */
struct walker {
    int64_t year;
    int64_t month; /* from 0 */
    int64_t day;
    int64_t days; /* since 1970-01-01 */
};

static int64_t month_length(int64_t year, int64_t month)
{
    if (month == 1)
        return year % 400 == 0 || (year % 4 == 0 && year % 100 != 0) ? 29 : 28;
    return month == 3 || month == 5 || month == 8 || month == 10 ? 30 : 31;
}

static void walk_one_day(struct walker *walker)
{
    walker->days++;
    if (++walker->day <= month_length(walker->year, walker->month))
        return;
    walker->day = 1;
    if (++walker->month == 12) {
        walker->month = 0;
        walker->year++;
    }
}

static int64_t expected_days(struct walker from, int64_t months)
{
    int64_t left = months, day = from.day;
    from.days -= from.day - 1;
    from.day = 1;
    for (; left > 0; left--) {
        from.days += month_length(from.year, from.month);
        if (++from.month == 12) {
            from.month = 0;
            from.year++;
        }
    }
    int64_t last = month_length(from.year, from.month);
    return from.days + (day < last ? day : last) - 1;
}

TEST(test_every_day_of_two_centuries_agrees_with_counting)
{
    struct walker walker = {.year = 1970, .day = 1};
    struct chance chance = {4};
    while (walker.year < 2170) {
        int64_t second = (int64_t)chance_below(&chance, DAY);
        for (int i = 0; i < 4; i++) {
            int64_t months = i == 0 ? 1 : (int64_t)chance_below(&chance, 120);
            int64_t actual = calendar_add_months(walker.days * DAY + second, months);
            if (actual != expected_days(walker, months) * DAY + second)
                BREAKS("%lld-%lld-%lld + %lld months", (long long)walker.year,
                       (long long)walker.month + 1, (long long)walker.day, (long long)months);
        }
        walk_one_day(&walker);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_month_later_is_the_same_day_and_time),
        cmocka_unit_test(test_a_day_that_the_month_lacks_becomes_its_last),
        cmocka_unit_test(test_leap_years_are_those_of_the_gregorian_calendar),
        cmocka_unit_test(test_every_count_of_months_from_the_31st_ends_on_the_last_day_there_is),
        cmocka_unit_test(test_a_month_end_comes_back_when_counted_from_the_first_one),
        cmocka_unit_test(test_the_29th_of_february_is_the_28th_in_common_years),
        cmocka_unit_test(test_months_and_times_may_be_negative),
        cmocka_unit_test(test_every_day_of_two_centuries_agrees_with_counting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
