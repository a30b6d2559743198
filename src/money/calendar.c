/* Calendar arithmetic in UTC on the proleptic Gregorian calendar. */
#include "money/calendar.h"

#define SECONDS_PER_DAY 86400
#define DAYS_PER_ERA 146097  /* 400 years */
#define DAYS_TO_EPOCH 719468 /* from 0000-03-01 to 1970-01-01 */

struct date {
    int64_t year;
    int64_t month; /* 1 to 12 */
    int64_t day;
};

static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b != 0 && (a % b < 0) != (b < 0));
}

/* Years are counted from March here, so that a leap day is a year's last. */
static int64_t days_from_date(struct date date)
{
    int64_t year = date.month <= 2 ? date.year - 1 : date.year;
    int64_t era = floor_divide(year, 400);
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * ((date.month + 9) % 12) + 2) / 5 + date.day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_PER_ERA + day_of_era - DAYS_TO_EPOCH;
}

static struct date date_from_days(int64_t days)
{
    days += DAYS_TO_EPOCH;
    int64_t era = floor_divide(days, DAYS_PER_ERA);
    int64_t day_of_era = days - era * DAYS_PER_ERA;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153; /* 0: March */
    return (struct date){
        .year = year_of_era + era * 400 + (month >= 10),
        .month = month < 10 ? month + 3 : month - 9,
        .day = day_of_year - (153 * month + 2) / 5 + 1,
    };
}

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
    return days_from_date(later) * SECONDS_PER_DAY + (time - days * SECONDS_PER_DAY);
}
