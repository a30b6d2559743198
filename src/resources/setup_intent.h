#pragma once
/* SetupIntents: a payment method on its way to be saved, or saved. */
#include "resources/payment.h"

struct setup_intent {
    struct object object;
    struct automatic_payment_methods *automatic_payment_methods;
    struct choice cancellation_reason;
    struct str client_secret;
    bool confirm;
    struct ref customer;
    struct str description;
    struct payment_error *last_setup_error;
    struct ref payment_method;
    struct strings payment_method_types;
    struct str return_url;
    struct choice status;
    struct choice usage;
};

extern const struct resource setup_intent_resource;
