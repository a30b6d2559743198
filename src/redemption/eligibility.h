#pragma once
/* Who may redeem what, where: the rules in one place, used by every surface. They are pure: what
 * they need to know is in the offer and the purchase. */
#include "schema/field.h"

struct arena;
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
    SURFACE_REDEMPTION, /* redeemed by a call for just that: what is bought is said, if at all */
};

/* What is bought, and by whom. */
struct purchase {
    enum surface surface;
    struct str customer;       /* null: a guest */
    bool customer_is_new;      /* nothing was ever paid, or tried to be paid */
    struct str email;          /* of a guest; null: not known */
    struct str email_key;      /* as addresses are compared, where uses of each are limited */
    struct str currency;       /* null: not known yet */
    struct opt_int amount;     /* before discounts, minor units; unset: not known yet */
    struct opt_int amount_off; /* what would be taken off; unset: not known yet */
    int64_t coupon_uses;       /* by this customer so far, where that is limited */
    int64_t code_uses;
    struct str client_reference_id;
    bool reference_is_taken; /* another use has the reference that only one may have */
};

/* Why a coupon or code cannot be redeemed by anybody now. */
struct standing {
    bool deleted;
    bool not_started;
    bool expired;
    bool used_up;
    bool spent; /* its money is given away */
};

/* How much may still be taken off altogether. */
struct budget {
    struct str currency; /* null: as much as there is */
    int64_t left;
};

/* What is to be redeemed, as far as rules look at it. */
struct offer {
    struct str coupon; /* id */
    struct str code;   /* as it was typed; null: it was not */
    struct standing coupon_standing;
    struct opt_int coupon_per_customer;
    struct budget coupon_budget;
    bool repeating;
    bool currency_fits; /* it takes something off in the purchase's currency */
    bool products_fit;  /* and off something that is bought */
    struct str coupon_currency;

    bool has_code;
    bool code_enabled; /* not switched off by hand */
    struct standing code_standing;
    struct opt_int code_per_customer;
    struct budget code_budget;
    struct str code_customer; /* the only one who may; null: anyone */
    struct str code_account;  /* the only account that may, which no customer here is */
    bool first_time;
    bool has_minimum;
    struct opt_int minimum; /* in the purchase's currency; unset: none is set for it */
};

enum refusal {
    REFUSAL_UNKNOWN,        /* no code has the text: what finds codes says so, not the rules */
    REFUSAL_RATE_LIMITED,   /* too many were tried, so none is looked up: the same */
    REFUSAL_INACTIVE,       /* the code was switched off */
    REFUSAL_COUPON_DELETED, /* nobody can redeem it now … */
    REFUSAL_COUPON_EXPIRED,
    REFUSAL_COUPON_USED_UP,
    REFUSAL_COUPON_SPENT,
    REFUSAL_COUPON_NOT_STARTED,
    REFUSAL_CODE_EXPIRED,
    REFUSAL_CODE_USED_UP,
    REFUSAL_CODE_SPENT,
    REFUSAL_CODE_NOT_STARTED,
    REFUSAL_OTHER_CUSTOMER, /* the code is somebody else's */
    REFUSAL_NO_CUSTOMER,    /* a first purchase, but nobody knows whose */
    REFUSAL_NOT_FIRST,
    REFUSAL_NOBODY,          /* so many uses for each customer, but nobody knows who it is */
    REFUSAL_CUSTOMER_LIMIT,  /* the customer has had them */
    REFUSAL_ONE_TIME,        /* `repeating`, on something that does not repeat */
    REFUSAL_MINIMUM_UNKNOWN, /* a minimum amount, where there is no purchase to compare with */
    REFUSAL_BUDGET_UNKNOWN,  /* limited money, where nobody knows how much it will be */
    REFUSAL_CURRENCY,
    REFUSAL_BUDGET_CURRENCY,
    REFUSAL_MINIMUM,
    REFUSAL_BUDGET,  /* more than is left of the money */
    REFUSAL_NOTHING, /* it applies to nothing that is bought */
    REFUSAL_REFERENCE,
    REFUSAL_COUNT,
};

/* The bit of one refusal in a set of them. */
#define REFUSAL_BIT(refusal) (1u << (refusal))

/* The refusal's name on the wire. */
const char *refusal_reason(enum refusal refusal);

/* All rules that refuse the offer, a REFUSAL_BIT() each. */
unsigned eligibility(const struct offer *offer, const struct purchase *purchase);

/* Those of the limits per customer and on money alone, which a coupon and its code both may have.
 */
unsigned coupon_limit_refusals(const struct offer *offer, const struct purchase *purchase);
unsigned code_limit_refusals(const struct offer *offer, const struct purchase *purchase);

/* The first refusal of one or more: the one that is reported where only one can be. */
enum refusal refusal_first(unsigned refusals);

/* What people read about a refusal. */
struct str refusal_message(struct arena *arena, enum refusal refusal, const struct offer *offer,
                           const struct purchase *purchase);

/* Turns the first of the refusals into the request's error; `param` named the offer. Returns false.
 */
bool fail_refused(struct request *request, unsigned refusals, const struct offer *offer,
                  const struct purchase *purchase, struct str param) MUST_CHECK;
