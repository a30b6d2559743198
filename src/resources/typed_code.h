#pragma once
/* Codes that buyers type on hosted pages. What keeps one from being used is found out with the same
 * work, and said in the same words, whether it exists or not. */
#include "redemption/eligibility.h"

struct coupon;
struct promotion_code;
struct request;

/* What was typed. Where there is no such code, both are stand-ins for it. */
struct typed_code {
    const struct coupon *coupon;
    const struct promotion_code *code;
    bool exists;
};

/* `customer`: null: a guest. */
struct typed_code typed_code_find(struct request *request, struct str text, struct str customer);

/* Whether the code cannot be used for the purchase, which is then noted as an attempt. `refusals`:
 * what the rules say. */
bool typed_code_is_refused(struct request *request, const struct typed_code *typed,
                           const struct purchase *purchase, unsigned refusals);
