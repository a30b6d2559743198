#pragma once
/* Paying: charging a customer from within, and what PaymentIntents and SetupIntents share. */
#include "resources/resource.h"

struct payment_intent;
struct payment_method;

/* Why a card was refused. */
struct payment_error {
    struct str charge;
    struct str code;
    struct str decline_code;
    struct str doc_url;
    struct str message;
    struct ref payment_method;
};

struct automatic_payment_methods {
    struct choice allow_redirects;
    bool enabled;
};

extern const struct schema payment_error_schema;
extern const struct schema automatic_payment_methods_schema;

/* `charge`: null for a card that was not charged. */
struct payment_error *payment_error_of(struct request *request, const struct payment_method *method,
                                       struct str charge);

/* 402: the card was refused. What the call did stays, and the error shows the intent. */
bool fail_payment(struct request *request, const struct payment_error *error,
                  const struct resource *resource, const void *intent) MUST_CHECK;

/* Whether the method that a parameter of an intent named can be used for the customer (null:
 * none); a well-known one is stored. */
bool check_payment_method(struct request *request, struct ref *method,
                          struct str customer) MUST_CHECK;

/* Whether all of the kinds are known. */
bool check_payment_method_types(struct request *request, const struct strings *types) MUST_CHECK;

/* Brings the parameter to its whole form. */
void complete_automatic_payment_methods(struct automatic_payment_methods *methods);

/* Its id, _secret_ and random characters. */
struct str client_secret(struct request *request, struct str id);

struct charge {
    struct str customer;
    int64_t amount;
    struct str currency;
    struct str payment_method; /* null: the customer's own */
    struct str invoice;
    struct str description;
};

enum payment_outcome {
    PAYMENT_PAID,
    PAYMENT_DECLINED,
    PAYMENT_NO_METHOD, /* there is nothing to pay with, and no intent */
};

/* Charges a customer. The intent is stored with its events whether it was paid or declined; the
 * error of the request is left alone. */
enum payment_outcome payment_charge(struct request *request, const struct charge *charge,
                                    struct payment_intent **intent) MUST_CHECK;

/* 402 for an intent that was declined. */
bool fail_declined(struct request *request, const struct payment_intent *intent) MUST_CHECK;
