#pragma once
/* Dates of the proleptic Gregorian calendar, in UTC. */
#include <stdint.h>

#define SECONDS_PER_DAY 86400

struct date {
    int64_t year;
    int64_t month; /* 1 to 12 */
    int64_t day;
};

/* Rounds towards negative infinity. */
int64_t floor_divide(int64_t a, int64_t b);

/* Days since 1970-01-01. */
int64_t date_to_days(struct date date);
struct date date_from_days(int64_t days);
