/* Calendar arithmetic in UTC. */
#include "money/calendar.h"

#include "base/date.h"

static int64_t days_in_month(int64_t year, int64_t month)
{
    static const int64_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int leap = month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + leap;
}

int64_t calendar_add_months(int64_t time, int64_t months)
{
    int64_t days = floor_divide(time, SECONDS_PER_DAY);
    struct date date = date_from_days(days);
    int64_t month = date.year * 12 + date.month - 1 + months;
    int64_t year = floor_divide(month, 12);
    struct date later = {year, month - year * 12 + 1, date.day};
    int64_t last = days_in_month(later.year, later.month);
    if (later.day > last)
        later.day = last;
    return date_to_days(later) * SECONDS_PER_DAY + (time - days * SECONDS_PER_DAY);
}
