#pragma once
/* Coupons: what is taken off, for how long, how often. */
#include "base/decimal.h"
#include "money/discount.h"
#include "resources/resource.h"

enum coupon_duration {
    DURATION_FOREVER = 1,
    DURATION_ONCE,
    DURATION_REPEATING
};

struct coupon_currency_option {
    struct str currency;
    int64_t amount_off;
};

struct coupon_applies_to {
    struct strings products;
};

struct coupon {
    struct object object;
    struct opt_int amount_off;            /* minor units */
    struct coupon_applies_to *applies_to; /* NULL: everything */
    struct str currency;                  /* of amount_off */
    struct dictionary currency_options;   /* of struct coupon_currency_option */
    struct choice duration;
    struct opt_int duration_in_months;
    struct opt_int max_redemptions;
    struct str name;
    struct opt_percent percent_off;
    struct opt_time redeem_by; /* the last instant */
    int64_t times_redeemed;
    bool valid;
};

extern const struct resource coupon_resource;

/* What the coupon takes off in that currency. False: nothing, its amount is in others. */
bool coupon_terms(const struct coupon *coupon, struct str currency,
                  struct discount_terms *terms) MUST_CHECK;

/* Whether the coupon applies to a product (null: one that nothing can name). */
bool coupon_applies_to(const struct coupon *coupon, struct str product);
