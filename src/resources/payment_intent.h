#pragma once
/* PaymentIntents: a payment on its way, or made. */
#include "resources/payment.h"

struct payment_intent {
    struct object object;
    int64_t amount;
    int64_t amount_received;
    struct automatic_payment_methods *automatic_payment_methods;
    struct opt_time canceled_at;
    struct choice cancellation_reason;
    struct str client_secret;
    bool confirm;
    struct str currency;
    struct ref customer;
    struct str description;
    struct str invoice; /* that it pays */
    struct payment_error *last_payment_error;
    struct ref latest_charge;
    bool off_session;
    struct ref payment_method;
    struct strings payment_method_types;
    struct str receipt_email;
    struct str return_url;
    struct choice setup_future_usage;
    struct choice status;
};

extern const struct resource payment_intent_resource;

/* Charges the method of a stored intent and records how that went. False: it was declined. */
bool payment_intent_pay(struct request *request, struct payment_intent *intent) MUST_CHECK;
