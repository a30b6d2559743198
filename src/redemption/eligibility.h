#pragma once
/* Who may redeem what, where: the rules in one place, used by every surface. */
#include "base/str.h"

struct request;

/* What is to be redeemed. */
struct offer {
    struct str coupon; /* id */
    bool coupon_valid;
    bool has_code;
    bool code_enabled; /* not switched off by hand */
    bool code_active;
    struct str code_customer; /* the only one who may; null: anyone */
    struct str code_account;  /* the only account that may, which no customer here is */
    bool has_minimum_amount;
};

enum refusal {
    REFUSAL_NONE,
    REFUSAL_EXPIRED,  /* the coupon or code ran out, in time or in uses */
    REFUSAL_INACTIVE, /* the code was switched off */
    REFUSAL_OTHER_CUSTOMER,
    REFUSAL_AMOUNT_UNKNOWN, /* a minimum amount, where there is no purchase to compare with */
};

/* The first rule that refuses to put the offer on a customer. */
enum refusal eligibility_on_customer(const struct offer *offer, struct str customer);

/* Turns a refusal into the request's error; `param` named the offer. Returns false. */
bool fail_refused(struct request *request, enum refusal refusal, const struct offer *offer,
                  struct str param) MUST_CHECK;
