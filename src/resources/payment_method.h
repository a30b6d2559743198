#pragma once
/* Payment methods: test cards, which belong to customers or have not been saved yet. A well-known
 * id such as pm_card_visa stands for a method that is not stored (its row is 0) until it is used,
 * which gives it an id of its own. */
#include "resources/customer.h"
#include "resources/resource.h"

struct test_card;

struct billing_details {
    struct address address;
    struct str email;
    struct str name;
    struct str phone;
    struct str tax_id;
};

struct card_checks {
    struct str address_line1_check;
    struct str address_postal_code_check;
    struct str cvc_check;
};

struct card_networks {
    struct strings available;
};

struct card {
    struct str brand;
    struct card_checks checks;
    struct str country;
    struct str cvc;
    struct str display_brand;
    int64_t exp_month;
    int64_t exp_year;
    struct str fingerprint;
    struct str funding;
    struct str last4;
    struct card_networks networks;
    struct str number;
    struct str token;
};

struct payment_method {
    struct object object;
    struct choice allow_redisplay;
    struct billing_details billing_details;
    struct card *card;
    struct ref customer;
    bool detached; /* it cannot be used again */
    struct str test_card;
    struct str type;
};

extern const struct resource payment_method_resource;

/* The card behind it. */
const struct test_card *payment_method_card(const struct payment_method *method);

/* Stores a well-known method that the reference was resolved to, under an id of its own. */
void payment_method_keep(struct request *request, struct ref *ref);

/* Saves the method that the reference was resolved to for the customer; a well-known one is stored.
 * False: 400 because it is somebody else's or was detached, 402 because the card is refused. */
bool payment_method_attach(struct request *request, struct ref *ref,
                           struct str customer) MUST_CHECK;

/* Whether the method, as found for a parameter, is the customer's; else 400. */
bool payment_method_belongs(struct request *request, const struct ref *ref, struct str customer,
                            struct str param) MUST_CHECK;

/* A card made of a token such as tok_visa, with the id that sources have; it is not stored. 400:
 * there is no such token. */
bool payment_method_of_token(struct request *request, struct str token, struct str param,
                             struct payment_method **method) MUST_CHECK;

/* Takes it from its customer for good. */
void payment_method_detach(struct request *request, struct payment_method *method);

/* Takes all methods from a customer. */
void payment_methods_detach(struct request *request, struct str customer);
