#pragma once
/* Amounts, dates and discounts as people read them. */
#include "base/str.h"

struct arena;
struct coupon;
struct discount;
struct recurring;

/* "€49.99", "12,000 HUF" */
struct str words_amount(struct arena *arena, int64_t amount, struct str currency);

/* "15 April 2026", in UTC */
struct str words_date(struct arena *arena, int64_t seconds);

/* "25% off", "€5.00 off"; null: nothing in that currency. */
struct str words_coupon(struct arena *arena, const struct coupon *coupon, struct str currency);

/* "25% off for 3 months, until 15 April 2026" */
struct str words_discount(struct arena *arena, const struct coupon *coupon,
                          const struct discount *discount, struct str currency);

/* "25% off for 3 months", as a new discount will be. */
struct str words_offer(struct arena *arena, const struct coupon *coupon, struct str currency);

/* "per month", "every 3 months" */
struct str words_period(struct arena *arena, const struct recurring *recurring);
