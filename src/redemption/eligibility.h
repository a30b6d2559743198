#pragma once
/* Who may redeem what, where: the rules in one place, used by every surface. They are pure: what
 * they need to know is in the offer and the purchase. */
#include "schema/field.h"

struct request;

/* Where a coupon or code is to take effect. */
enum surface {
    SURFACE_CUSTOMER,
    SURFACE_SUBSCRIPTION,
    SURFACE_SUBSCRIPTION_UPDATE,
    SURFACE_SUBSCRIPTION_ITEM,
    SURFACE_INVOICE,              /* a one-off invoice */
    SURFACE_SUBSCRIPTION_INVOICE, /* the draft of a subscription's invoice */
    SURFACE_INVOICE_ITEM,
    SURFACE_CHECKOUT,
};

/* What is bought, and by whom. */
struct purchase {
    enum surface surface;
    struct str customer;   /* null: a guest */
    bool customer_is_new;  /* nothing was ever paid, or tried to be paid */
    struct str currency;   /* null: not known yet */
    struct opt_int amount; /* before discounts, minor units; unset: not known yet */
};

/* What is to be redeemed, as far as rules look at it. */
struct offer {
    struct str coupon; /* id */
    bool coupon_valid;
    bool repeating;
    bool currency_fits; /* it takes something off in the purchase's currency */
    bool products_fit;  /* and off something that is bought */
    struct str coupon_currency;

    bool has_code;
    bool code_enabled; /* not switched off by hand */
    bool code_active;
    struct str code_customer; /* the only one who may; null: anyone */
    struct str code_account;  /* the only account that may, which no customer here is */
    bool first_time;
    bool has_minimum;
    struct opt_int minimum; /* in the purchase's currency; unset: none is set for it */
};

enum refusal {
    REFUSAL_INACTIVE,       /* the code was switched off */
    REFUSAL_EXPIRED,        /* the coupon or code ran out, in time or in uses */
    REFUSAL_OTHER_CUSTOMER, /* the code is somebody else's */
    REFUSAL_NO_CUSTOMER,    /* a first purchase, but nobody knows whose */
    REFUSAL_NOT_FIRST,
    REFUSAL_ONE_TIME,        /* `repeating`, on something that does not repeat */
    REFUSAL_MINIMUM_UNKNOWN, /* a minimum amount, where there is no purchase to compare with */
    REFUSAL_CURRENCY,
    REFUSAL_MINIMUM,
    REFUSAL_NOTHING, /* it applies to nothing that is bought */
    REFUSAL_COUNT,
};

/* All rules that refuse the offer, a bit 1 << refusal each. */
unsigned eligibility(const struct offer *offer, const struct purchase *purchase);

/* Turns the first of the refusals into the request's error; `param` named the offer. Returns false.
 */
bool fail_refused(struct request *request, unsigned refusals, const struct offer *offer,
                  const struct purchase *purchase, struct str param) MUST_CHECK;
