#pragma once
/* Promotion codes: what customers type for a coupon. */
#include "redemption/eligibility.h"
#include "resources/resource.h"
#include "resources/rules.h"

struct coupon;

enum promotion_type {
    PROMOTION_COUPON = 1
};

struct promotion {
    struct ref coupon;
    struct choice type;
};

struct restriction_currency_option {
    struct str currency;
    int64_t minimum_amount;
};

struct restrictions {
    struct dictionary currency_options; /* of struct restriction_currency_option */
    bool first_time_transaction;
    struct opt_int max_redemptions_per_customer; /* beyond Stripe's */
    struct opt_int minimum_amount;               /* minor units */
    struct str minimum_amount_currency;
};

/* What of its coupon decides whether the code is active. */
struct coupon_state {
    struct opt_time redeem_by;
    struct opt_int max_redemptions;
    int64_t times_redeemed;
    struct opt_time deleted_at;
    struct opt_time starts_at;
    struct opt_int max_amount_off_total;
    int64_t amount_off_total;
};

struct promotion_code {
    struct object object;
    bool active;  /* as shown: now redeemable */
    bool enabled; /* as stored: not switched off */
    struct str code;
    struct str code_key; /* the code in lower case: what is unique and looked up */
    struct ref customer;
    struct str customer_account;
    struct opt_time expires_at; /* the first instant at which it is too late */
    struct opt_int max_redemptions;
    struct promotion promotion;
    struct restrictions restrictions;
    struct redemption_rules rules; /* beyond Stripe's */
    int64_t times_redeemed;
    int64_t amount_off_total; /* counted where max_amount_off_total is set */
    struct standing standing; /* of the code itself */
    bool over;                /* can never be redeemed again, unless a use is given back */
    struct ref batch;
    struct coupon_state coupon_state;
};

extern const struct resource promotion_code_resource;
extern const struct schema promotion_schema, restrictions_schema;

/* Whether a new code can have what it has but for its text; fills in what follows from the coupon.
 */
bool promotion_code_check_terms(struct request *request, struct promotion_code *code) MUST_CHECK;

/* Whether the text of a code that is to be active is free; code_key is set. */
bool promotion_code_check_free(struct request *request,
                               const struct promotion_code *code) MUST_CHECK;

/* Whether the code of the coupon can have been made elsewhere: as for a new one, but its time may
 * be over. Fills in what follows. */
bool promotion_code_check_brought(struct request *request, struct promotion_code *code,
                                  const struct coupon *coupon) MUST_CHECK;

/* Stores a new code with which nothing is wrong, one of many: there is no event. Its text is
 * free. */
void promotion_code_store(struct request *request, struct promotion_code *code);

/* Whether another active code that the same customer could mean has the text in code_key. Those
 * that are enabled but expired or used up make room: they are switched off for good. */
bool promotion_code_is_taken(struct request *request, const struct promotion_code *code);

/* The code that somebody means who types the text: their own, or the open one; rather one that is
 * enabled. When there is none of both, somebody else's. `customer`: null: not known; `evenly`: with
 * as many look-ups whatever there is. NULL: nobody has it. */
struct promotion_code *promotion_code_meant(struct request *request, struct str text,
                                            struct str customer, bool evenly);
