#pragma once
/* The API's error object, filled where the cause is known. */
#include "base/str.h"

struct schema;

enum error_type {
    ERROR_NONE,
    ERROR_API,
    ERROR_CARD,
    ERROR_IDEMPOTENCY,
    ERROR_INVALID_REQUEST,
};

/* An object that an error shows under the name of its schema. */
struct error_object {
    const struct schema *schema; /* NULL: none */
    const void *object;
};

struct error {
    enum error_type type;
    int status;
    struct str code;         /* null: none */
    struct str decline_code; /* of a card_error; null: none */
    struct str param;        /* bracket path; null: none */
    struct str message;
    struct str reason; /* of a refusal, for machines; null: none */
    struct error_object objects[2];
    bool keeps; /* what the call did stays: a payment that was declined is on record */
};

struct arena;
struct request;

/* Error codes in use. Codes that the public documentation lists have a documentation address. */
#define ERROR_CODES(X)                                  \
    X(account_invalid, true)                            \
    X(amount_too_large, true)                           \
    X(card_declined, true)                              \
    X(coupon_applies_to_nothing, false)                 \
    X(coupon_expired, true)                             \
    X(email_invalid, true)                              \
    X(expired_card, true)                               \
    X(incorrect_cvc, true)                              \
    X(incorrect_number, true)                           \
    X(invalid_expiry_month, true)                       \
    X(invalid_expiry_year, true)                        \
    X(invoice_no_customer_line_items, true)             \
    X(invoice_not_editable, true)                       \
    X(invoice_upcoming_none, true)                      \
    X(parameter_invalid_empty, true)                    \
    X(parameter_invalid_integer, true)                  \
    X(parameter_missing, true)                          \
    X(parameter_unknown, true)                          \
    X(payment_intent_unexpected_state, true)            \
    X(processing_error, true)                           \
    X(promotion_code_batch_unexpected_state, false)     \
    X(promotion_code_customer_mismatch, false)          \
    X(promotion_code_customer_missing_first_time, true) \
    X(promotion_code_customer_not_first_time, true)     \
    X(property_expansion_max_depth, false)              \
    X(rate_limit, true)                                 \
    X(redemption_not_releasable, false)                 \
    X(redemption_unexpected_state, false)               \
    X(resource_already_exists, true)                    \
    X(resource_missing, true)                           \
    X(setup_intent_unexpected_state, true)              \
    X(url_invalid, true)

#define CODE_DECLARE(name, documented) CODE_##name,
enum error_code {
    CODE_NONE,
    ERROR_CODES(CODE_DECLARE) CODE_COUNT
};
#undef CODE_DECLARE

/* The code's name on the wire; NULL for CODE_NONE. */
const char *error_code_name(enum error_code code);

/* Where the code is documented; null: nowhere. */
struct str error_code_documentation(struct arena *arena, struct str name);

const char *error_type_name(enum error_type type);

/* All return false, so that `return fail(…);` is one line. The first failure of a request stands.
 */

/* 400 invalid_request_error. `param` may be null. */
bool fail(struct request *request, enum error_code code, struct str param, const char *format,
          ...) MUST_CHECK PRINTF_LIKE(4, 5);

/* 404 invalid_request_error: the object in the path does not exist. */
bool fail_missing(struct request *request, struct str param, const char *noun,
                  struct str id) MUST_CHECK;

/* Any status and type. */
bool fail_with(struct request *request, int status, enum error_type type, enum error_code code,
               const char *format, ...) MUST_CHECK PRINTF_LIKE(5, 6);
