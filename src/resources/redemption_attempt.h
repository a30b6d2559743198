#pragma once
/* Redemptions and previews that a rule refused, on whatever surface, kept for a while. A call that
 * is refused is undone; so it only notes the attempt, and who ends the call keeps it. */
#include "resources/redemption.h"

enum attempt_operation {
    ATTEMPT_PREVIEW = 1,
    ATTEMPT_REDEMPTION,
};

/* Beside those of redemptions (enum redemption_source). */
enum {
    SOURCE_PORTAL = SOURCE_SUBSCRIPTION_ITEM + 1
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
    struct choice source;
    struct str text_key; /* the code in lower case */
    bool suspects;       /* it used up a budget of guesses */
};

extern const struct resource redemption_attempt_resource;

/* Notes what is refused now, in place of what was noted before. `known`: what there is to say of it
 * beside the coupon and the code (NULL: none, or unknown). */
void attempt_note(struct request *request, const struct redemption_attempt *known,
                  const struct coupon *coupon, const struct promotion_code *code,
                  unsigned refusals);

/* The same of a purchase on another surface than the calls for just that. */
void attempt_note_purchase(struct request *request, const struct purchase *purchase,
                           const struct coupon *coupon, const struct promotion_code *code,
                           unsigned refusals);

/* What was noted, if anything, would not have been redeemed anyway. */
void attempt_is_preview(struct request *request);

/* Keeps what was noted, if anything, in real time; with an event when somebody seems to be guessing
 * codes. To be called once a request has been answered, and undone if need be. */
void attempt_keep(struct request *request);
