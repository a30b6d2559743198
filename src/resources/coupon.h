#pragma once
/* Coupons: what is taken off, for how long, how often. */
#include "base/decimal.h"
#include "money/discount.h"
#include "redemption/eligibility.h"
#include "resources/resource.h"
#include "resources/rules.h"

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

struct coupon_restrictions {
    struct opt_int max_redemptions_per_customer;
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
    struct opt_time redeem_by;               /* the last instant */
    struct coupon_restrictions restrictions; /* beyond Stripe's */
    struct redemption_rules rules;
    int64_t times_redeemed;
    int64_t amount_off_total; /* counted where max_amount_off_total is set */
    struct standing standing;
    bool valid;
};

extern const struct resource coupon_resource;

/* Whether it can have been made elsewhere: as for a new one, but its time may be over. */
bool coupon_check_brought(struct request *request, struct coupon *coupon) MUST_CHECK;

/* Whether nobody can redeem it any more; one that has not started yet is not over. */
bool coupon_is_over(const struct coupon *coupon);

/* Checks that it takes something off in the currency of a limit on money, its own or a code's. */
bool coupon_check_budget(struct request *request, const struct coupon *coupon,
                         const struct redemption_rules *rules) MUST_CHECK;

/* What the coupon takes off in that currency. False: nothing, its amount is in others. */
bool coupon_terms(const struct coupon *coupon, struct str currency,
                  struct discount_terms *terms) MUST_CHECK;

/* Whether the coupon applies to a product (null: one that nothing can name). */
bool coupon_applies_to(const struct coupon *coupon, struct str product);
