#pragma once
/* Subscriptions: what is bought again every period. */
#include "resources/invoice.h"
#include "resources/price.h"

enum subscription_status {
    SUBSCRIPTION_ACTIVE = 1,
    SUBSCRIPTION_CANCELED,
    SUBSCRIPTION_INCOMPLETE,
    SUBSCRIPTION_INCOMPLETE_EXPIRED,
    SUBSCRIPTION_PAST_DUE,
    SUBSCRIPTION_PAUSED,
    SUBSCRIPTION_TRIALING,
    SUBSCRIPTION_UNPAID
};

enum proration_behavior {
    PRORATION_ALWAYS_INVOICE = 1,
    PRORATION_CREATE,
    PRORATION_NONE
};

enum payment_behavior {
    PAYMENT_ALLOW_INCOMPLETE = 1,
    PAYMENT_DEFAULT_INCOMPLETE,
    PAYMENT_ERROR_IF_INCOMPLETE,
    PAYMENT_PENDING_IF_INCOMPLETE
};

struct cancellation_details {
    struct str comment;
    struct choice feedback;
    struct choice reason;
};

struct payment_settings {
    struct strings payment_method_types;
    struct choice save_default_payment_method;
};

struct billing_mode {
    struct choice type;
};

/* An element of items[]. */
struct item_input {
    struct opt_bool clear_usage;
    bool deleted;
    struct list discount_entries;
    bool discounts_given;
    struct str id;
    struct metadata metadata;
    bool metadata_is_whole; /* not only what changes */
    struct ref plan;
    struct ref price;
    struct price_data *price_data;
    struct opt_int quantity;
};

/* An element of add_invoice_items[]. */
struct added_item {
    struct opt_bool discountable;
    struct list discount_entries;
    struct metadata metadata;
    struct ref price;
    struct price_data *price_data;
    struct opt_int quantity;
};

struct subscription_item {
    struct object object;
    struct timestamp current_period_end;
    struct timestamp current_period_start;
    struct list discount_entries;
    struct refs discounts;
    bool off_session;
    struct choice payment_behavior;
    struct plan *plan;
    struct ref plan_input;
    struct ref price;
    struct price_data *price_data;
    struct choice proration_behavior;
    struct opt_time proration_date;
    struct opt_int quantity;
    struct ref subscription;
};

struct subscription {
    struct object object;
    struct list added_items; /* of struct added_item, a parameter */
    struct automatic_tax_setting automatic_tax;
    struct opt_time backdate_start_date;
    struct timestamp billing_cycle_anchor;
    struct choice anchor_input; /* of an update */
    struct billing_mode billing_mode;
    struct opt_time cancel_at;
    bool cancel_at_period_end;
    struct opt_time canceled_at;
    struct cancellation_details cancellation_details;
    struct choice collection_method;
    struct ref coupon; /* a parameter before basil */
    bool coupon_given; /* it or promotion_code, even if empty */
    struct str currency;
    struct timestamp current_period_end;
    struct timestamp current_period_start;
    struct ref customer;
    struct opt_int days_until_due;
    struct ref default_payment_method;
    struct str description;
    struct ref discount; /* the first, as older versions show it */
    struct list discount_entries;
    struct refs discounts;
    bool discounts_given; /* even if empty */
    struct opt_time ended_at;
    struct list item_inputs; /* of struct item_input */
    struct embedded items;   /* of struct subscription_item */
    struct ref latest_invoice;
    bool off_clock; /* a filter: without a test clock */
    bool off_session;
    struct choice payment_behavior;
    struct payment_settings payment_settings; /* a parameter */
    struct plan *plan;
    struct ref plan_input;
    struct ref price_filter;
    struct choice proration_behavior;
    struct opt_time proration_date;
    struct ref promotion_code; /* a parameter before basil */
    struct opt_int quantity;
    struct opt_int quantity_input;
    struct timestamp start_date;
    struct choice status;
    struct str status_filter;
    bool suppresses_discounts; /* those of the customer */
    struct ref test_clock;
    struct opt_time trial_end;
    struct str trial_end_input; /* a time, or now */
    bool trial_from_plan;
    struct opt_int trial_period_days;
    struct opt_time trial_start;
    bool unended; /* a filter: not canceled */
};

extern const struct resource subscription_resource;
extern const struct resource subscription_item_resource;
extern const struct schema automatic_tax_setting_schema;
extern const struct schema item_input_schema;
extern const struct schema added_item_schema;
extern const struct schema cancellation_details_schema;
extern const struct schema cancellation_schema;
extern const char *const proration_behaviors[];
extern const char *const payment_behaviors[];

/* ---- items (subscription_item.c) ---- */

/* The items of a subscription, with everything that is shown of them. */
void subscription_load_items(struct request *request, struct subscription *subscription);

/* The price of an item. NULL: the database has failed. */
const struct price *subscription_item_price(struct request *request,
                                            const struct subscription_item *item);

/* ---- changing (subscription_create.c, subscription_update.c) ---- */

handler_fn subscription_route_create, subscription_route_update, subscription_route_cancel,
    subscription_route_delete_discount;

/* Makes a subscription of what the parameters say, with its first invoice. */
bool subscription_create(struct request *request, struct subscription *subscription) MUST_CHECK;

/* Changes it as the parameters say. */
bool subscription_update(struct request *request, struct subscription *subscription,
                         const struct subscription *before) MUST_CHECK;

/* Ends it now. */
bool subscription_cancel(struct request *request, struct subscription *subscription,
                         const char *reason) MUST_CHECK;

/* Ends those of a customer, who is deleted. */
bool subscriptions_cancel(struct request *request, struct str customer) MUST_CHECK;

struct subscription *subscription_copy(struct request *request,
                                       const struct subscription *subscription);

/* ---- billing (subscription_bill.c) ---- */

/* Adds lines for a period of every item; `trial`: they cost nothing. */
bool subscription_add_lines(struct request *request, const struct subscription *subscription,
                            struct invoice *invoice, int64_t start, int64_t end,
                            bool trial) MUST_CHECK;

/* Adds lines for a time in the past or until an anchor, period by period; a part of one costs that
 * part. */
bool subscription_add_time(struct request *request, const struct subscription *subscription,
                           struct invoice *invoice, int64_t from, int64_t until) MUST_CHECK;

/* An amount for a part of a period, rounded half up. */
int64_t subscription_part_of(int64_t amount, int64_t part, int64_t whole);

/* An invoice for it that is not stored yet. */
struct invoice *subscription_draft(struct request *request, const struct subscription *subscription,
                                   const struct customer *customer, enum billing_reason reason);

/* The period that follows, with the draft of its invoice, stored. */
bool subscription_renew(struct request *request, struct subscription *subscription,
                        struct invoice **invoice) MUST_CHECK;

/* Invoices what waits for the subscription now, finalizes and collects. */
bool subscription_invoice_now(struct request *request, struct subscription *subscription,
                              enum billing_reason reason, bool with_period) MUST_CHECK;

/* The discounts that its invoices have: its own, or else the customer's. */
void subscription_give_discounts(struct request *request, const struct subscription *subscription,
                                 const struct customer *customer, struct invoice *invoice);

/* Makes an invoice one of the subscription. */
void subscription_mark_invoice(struct request *request, const struct subscription *subscription,
                               struct invoice *invoice);

/* What follows for the subscription of an invoice. */
bool subscription_invoice_paid(struct request *request, const struct invoice *invoice) MUST_CHECK;
bool subscription_invoice_failed(struct request *request, const struct invoice *invoice) MUST_CHECK;

/* Sets the timer for what happens to it next. */
void subscription_wind(struct request *request, const struct subscription *subscription);

/* Takes the discounts away that invoices have used up, or that have ended. */
void subscription_drop_used(struct request *request, struct subscription *subscription);

/* Takes a discount that ends away from the subscription or item that has it. */
bool subscription_drop_discount(struct request *request, struct discount *discount) MUST_CHECK;

/* Credits and debits for the rest of the period when items change (subscription_prorate.c). */
bool subscription_prorate(struct request *request, const struct subscription *subscription,
                          const struct subscription *before, int64_t time) MUST_CHECK;

/* ---- words (wording.c) ---- */

/* "1 × Product (at $25.00 / month)" */
struct str wording_of_price(struct request *request, const struct price *price, int64_t quantity,
                            struct str currency);
/* "Free trial for 1 × Product" */
struct str wording_of_trial(struct request *request, const struct price *price, int64_t quantity);
/* "Unused time on Product after 10 Nov 2025" */
struct str wording_of_proration(struct request *request, const char *what,
                                const struct price *price, int64_t quantity, int64_t time);
/* "$25.00" */
struct str wording_of_money(struct request *request, int64_t amount, struct str currency);
/* "15 Apr 2026" */
struct str wording_of_date(struct request *request, int64_t time);
