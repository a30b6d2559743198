#pragma once
/* What a coupon or code would do for a purchase, and every rule that stands in its way. Nothing is
 * redeemed. */
#include "money/discount.h"
#include "redemption/eligibility.h"
#include "resources/redemption.h"

struct customer;

struct appraisal {
    struct str param;                  /* of the call: what named the offer */
    const struct coupon *coupon;       /* NULL: the code is unknown */
    const struct promotion_code *code; /* NULL: the coupon itself is used */
    const struct customer *customer;   /* NULL: a guest, or nobody known */
    struct offer offer;
    struct purchase purchase;
    struct str address; /* for which they are counted; null: none */
    bool suspects;      /* the look-up used up a budget of guesses */
    unsigned refusals;  /* 0: it applies */
};

/* Checks the parameters of a purchase against each other: what a table cannot say. Later steps go
 * by the customer's clock. */
bool appraisal_check(struct request *request, struct redemption *purchase,
                     struct appraisal *appraisal) MUST_CHECK;

/* Finds the code or coupon that the purchase names, in *appraisal. Failed look-ups of codes are
 * counted; false: there were too many. */
bool appraisal_find(struct request *request, const struct redemption *purchase,
                    struct appraisal *appraisal) MUST_CHECK;

/* Works out the discount, into the purchase, and the refusals. */
void appraise(struct request *request, struct redemption *purchase, struct appraisal *appraisal);

/* Notes the refusals as an attempt, which is kept whatever becomes of the call. */
void appraisal_note(struct request *request, const struct redemption *purchase,
                    const struct appraisal *appraisal, unsigned refusals);
