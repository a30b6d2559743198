#pragma once
/* Checkout Sessions: something to be bought on a hosted page. Nothing is counted, charged or made
 * before the session is completed. */
#include "resources/payment.h"
#include "resources/resource.h"

struct customer;
struct test_card;

enum checkout_mode {
    MODE_PAYMENT = 1,
    MODE_SETUP,
    MODE_SUBSCRIPTION
};

enum checkout_status {
    CHECKOUT_COMPLETE = 1,
    CHECKOUT_EXPIRED,
    CHECKOUT_OPEN
};

enum checkout_payment_status {
    CHECKOUT_FREE = 1, /* no_payment_required */
    CHECKOUT_PAID,
    CHECKOUT_UNPAID
};

enum checkout_when {
    WHEN_ALWAYS = 1,
    WHEN_REQUIRED
};

/* What a discount takes off, of a line or of everything. */
struct checkout_discount {
    int64_t amount;
    struct ref discount;
};

struct adjustable_quantity {
    bool enabled;
    struct opt_int maximum;
    struct opt_int minimum;
};

/* A line of a session. */
struct checkout_item {
    struct object object;
    struct adjustable_quantity *adjustable_quantity;
    int64_t amount_discount;
    int64_t amount_subtotal;
    int64_t amount_total;
    struct str currency;
    struct str description;
    struct list discounts; /* of struct checkout_discount */
    struct ref price;
    int64_t quantity;
};

struct checkout_product_data {
    struct str description;
    struct strings images;
    struct metadata metadata;
    struct str name;
    struct str tax_code;
    struct str unit_label;
};

struct checkout_recurring {
    struct choice interval;
    int64_t interval_count;
};

struct checkout_price_data {
    struct str currency;
    struct str product;
    struct checkout_product_data *product_data;
    struct checkout_recurring *recurring;
    struct choice tax_behavior;
    struct opt_int unit_amount;
    struct str unit_amount_decimal;
};

/* A line as it is asked for. */
struct checkout_line {
    struct adjustable_quantity *adjustable_quantity;
    struct metadata metadata;
    struct str price;
    struct checkout_price_data *price_data;
    struct opt_int quantity;
};

/* A discount as it is asked for, and as it is shown. */
struct checkout_offer {
    struct ref coupon;
    struct ref promotion_code;
};

struct checkout_enabled {
    bool enabled;
};

struct checkout_recovery {
    bool allow_promotion_codes;
    bool enabled;
};

struct checkout_after_expiration {
    struct checkout_recovery *recovery;
};

struct checkout_customer_details {
    struct str email;
    struct str name;
    struct str phone;
    struct str tax_exempt;
};

struct checkout_customer_update {
    struct choice address;
    struct choice name;
    struct choice shipping;
};

struct checkout_invoice_data {
    struct str description;
    struct str footer;
    struct metadata metadata;
};

struct checkout_invoice_creation {
    struct opt_bool enabled;
    struct checkout_invoice_data invoice_data;
};

struct checkout_payment_intent_data {
    struct str description;
    struct metadata metadata;
    struct str receipt_email;
    struct choice setup_future_usage;
};

struct checkout_end_behavior {
    struct choice missing_payment_method;
};

struct checkout_trial_settings {
    struct checkout_end_behavior end_behavior;
};

struct checkout_subscription_data {
    struct str coupon; /* before 2022-08-01 */
    struct str description;
    struct metadata metadata;
    struct opt_time trial_end;
    struct opt_int trial_period_days;
    struct checkout_trial_settings *trial_settings;
};

struct checkout_breakdown {
    struct list discounts; /* of struct checkout_discount */
};

struct checkout_total_details {
    int64_t amount_discount;
    struct checkout_breakdown *breakdown;
};

struct checkout_session {
    struct object object;
    struct checkout_enabled adaptive_pricing;
    struct checkout_after_expiration *after_expiration;
    struct opt_bool allow_promotion_codes;
    struct strings payment_method_types; /* those that are asked for */
    int64_t amount_subtotal;
    int64_t amount_total;
    struct checkout_enabled automatic_tax;
    struct choice billing_address_collection;
    struct str cancel_url;
    struct str client_reference_id;
    struct str currency;
    struct ref customer;
    struct choice customer_creation;
    struct checkout_customer_details customer_details;
    struct str customer_email;
    struct checkout_customer_update customer_update;
    struct list discounts; /* of struct checkout_offer: shown */
    struct list offers;    /* of struct checkout_offer: asked for */
    struct timestamp expires_at;
    struct ref invoice;
    struct checkout_invoice_creation invoice_creation;
    struct embedded line_items; /* of struct checkout_item: shown */
    struct list lines;          /* of struct checkout_line: asked for */
    struct choice locale;
    struct choice mode;
    struct ref payment_intent;
    struct checkout_payment_intent_data *payment_intent_data;
    struct choice payment_method_collection;
    struct choice payment_status;
    struct checkout_enabled phone_number_collection;
    struct choice status;
    struct choice submit_type;
    struct ref subscription;
    struct checkout_subscription_data *subscription_data;
    struct str success_url;
    struct checkout_total_details total_details;
    struct choice ui_mode;
    struct str url;

    struct list items; /* of struct checkout_item */
    struct ref coupon; /* of the discount, when no code was used */
    struct ref promotion_code;
    struct ref discount;        /* its id is known as soon as there is one to come */
    int64_t refused_codes;      /* that were typed … */
    struct opt_time refused_at; /* … since then */
};

extern const struct resource checkout_session_resource;
extern const struct resource checkout_item_resource;

extern const struct schema checkout_line_schema;
extern const struct schema checkout_discount_schema;
extern const struct schema checkout_offer_schema;

/* The n-th line. */
struct checkout_item *checkout_item_at(const struct checkout_session *session, size_t n);

/* The price of a line; NULL: the database has failed. */
const struct price *checkout_item_price(struct request *request, struct checkout_item *item);

/* Turns what was asked for into lines; prices that come with their data are stored. */
bool checkout_items_make(struct request *request, struct checkout_session *session) MUST_CHECK;

/* Gives the session the discount that was asked for, or none, and works out what is to be paid. */
bool checkout_offer_take(struct request *request, struct checkout_session *session) MUST_CHECK;

/* A code that a buyer has typed. False: it cannot be used, whatever the reason. */
bool checkout_code_apply(struct request *request, struct checkout_session *session,
                         struct str code) MUST_CHECK;

/* Takes the discount away. */
void checkout_discount_remove(struct request *request, struct checkout_session *session);

/* The discount as it is, or as it will be; NULL: there is none. */
const struct discount *checkout_discount_find(struct request *request,
                                              const struct checkout_session *session);

/* Whether the purchase begins with a trial. */
bool checkout_has_trial(const struct checkout_session *session);

/* Makes the subscription, with its first invoice, to be paid with the method (null: none). False:
 * request->error says why. */
bool checkout_subscribe(struct request *request, struct checkout_session *session,
                        const struct ref *method) MUST_CHECK;

/* Makes the invoice of what is bought, with its payment. False: request->error says why, if it is
 * known. */
bool checkout_invoice(struct request *request, struct checkout_session *session,
                      struct str method) MUST_CHECK;

/* Redeems the discount. False: it can no longer be used. */
bool checkout_redeem(struct request *request, struct checkout_session *session) MUST_CHECK;

void checkout_session_save(struct request *request, struct checkout_session *session);
void checkout_session_expire(struct request *request, struct checkout_session *session);

/* The session that a page belongs to, whoever's it is, with the request made to act for its
 * account and by its customer's clock; NULL: there is none. */
struct checkout_session *checkout_session_enter(struct request *request, struct str id);

/* Whether the buyer has to give a card. */
bool checkout_wants_card(const struct checkout_session *session);

enum checkout_outcome {
    CHECKOUT_DONE,
    CHECKOUT_DECLINED, /* the card */
    /* What was done has to be undone: */
    CHECKOUT_NO_LONGER,  /* the discount is not to be had any more */
    CHECKOUT_IMPOSSIBLE, /* request->error says why */
};

/* Buys. `card`: NULL when none is wanted. `email`: of a buyer who is not known yet. */
enum checkout_outcome checkout_session_complete(struct request *request,
                                                struct checkout_session *session,
                                                const struct test_card *card, struct str email,
                                                struct str name) MUST_CHECK;
