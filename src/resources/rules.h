#pragma once
/* Rules that several objects share. */
#include "schema/field.h"

struct request;

/* Rules of redemption beyond Stripe's, the same for coupons and for promotion codes. */
struct redemption_rules {
    struct opt_int max_amount_off_total; /* minor units */
    struct str max_amount_off_total_currency;
    struct choice release_policy;
    struct opt_int release_window; /* seconds */
    struct opt_time starts_at;
};

enum release_policy {
    RELEASE_ANYTIME = 1,
    RELEASE_HELD_ONLY,
    RELEASE_NONE,
};

extern const char *const release_policies[];

/* Checks the rules of a coupon or code that ends at `end` and has the currency, or none. `before`:
 * what they were, NULL: it is new. */
bool check_redemption_rules(struct request *request, struct redemption_rules *rules,
                            const struct redemption_rules *before, const struct opt_time *end,
                            struct str currency) MUST_CHECK;

/* Whether a time is in the future and no further than SCHEDULE_YEARS_MAX; unset is fine. `name`: of
 * the parameter. */
bool check_schedule(struct request *request, const char *name,
                    const struct opt_time *time) MUST_CHECK;

/* Whether the keys of a dictionary, of elements `of`, are currencies in lower case. */
bool check_currency_keys(struct request *request, const char *name, const struct schema *of,
                         const struct dictionary *dictionary) MUST_CHECK;
