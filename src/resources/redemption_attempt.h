#pragma once
/* Refused redemptions and previews, kept for a while. */
#include "resources/resource.h"

struct appraisal;
struct redemption;

enum attempt_operation {
    ATTEMPT_PREVIEW = 1,
    ATTEMPT_REDEMPTION,
};

struct redemption_attempt {
    struct object object;
    struct opt_int amount;
    struct str client_reference_id;
    struct str code;
    struct ref coupon;
    struct str currency;
    struct ref customer;
    struct str customer_email;
    struct choice operation;
    struct ref promotion_code;
    struct str reason;
    struct strings reasons;
    struct str text_key; /* the code in lower case */
};

extern const struct resource redemption_attempt_resource;

/* Keeps what was refused, and forgets a few attempts that are past their retention. */
void attempt_record(struct request *request, enum attempt_operation operation,
                    const struct redemption *purchase, const struct appraisal *appraisal);

/* Records the event that somebody seems to be guessing codes. */
void attempt_report_guessing(struct request *request, const struct redemption *purchase);
