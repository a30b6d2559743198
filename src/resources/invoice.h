#pragma once
/* Invoices: what is to be paid, line by line, with its discounts. */
#include "resources/customer.h"
#include "resources/discounts.h"
#include "resources/payment.h"
#include "resources/resource.h"

struct payment_intent;
struct plan;
struct price;

struct period {
    struct timestamp end;
    struct timestamp start;
};

struct discount_amount {
    int64_t amount;
    struct ref discount;
};

struct price_details {
    struct ref price;
    struct str product;
};

struct pricing {
    struct price_details price_details;
    struct choice type;
    struct str unit_amount_decimal;
};

struct invoice_item_details {
    struct str invoice_item;
    bool proration;
    struct str subscription;
};

struct subscription_item_details {
    struct str invoice_item;
    bool proration;
    struct str subscription;
    struct str subscription_item;
};

enum line_parent_type {
    LINE_OF_INVOICE_ITEM = 1,
    LINE_OF_SUBSCRIPTION_ITEM
};

struct line_parent {
    struct invoice_item_details invoice_item_details;
    struct subscription_item_details subscription_item_details;
    struct choice type;
};

struct line_item {
    struct object object;
    int64_t amount; /* before discounts; never changed by them */
    struct str currency;
    struct str description;
    struct list discount_amounts; /* of struct discount_amount */
    bool discountable;
    struct refs discounts; /* of the line itself */
    struct str invoice;
    struct line_parent parent;
    struct period period;
    struct plan *plan;
    struct pricing pricing;
    bool proration;
    struct opt_int quantity;
    struct str quantity_decimal;
    struct str subscription;
};

enum invoice_status {
    INVOICE_DRAFT = 1,
    INVOICE_OPEN,
    INVOICE_PAID,
    INVOICE_UNCOLLECTIBLE,
    INVOICE_VOID
};

enum billing_reason {
    REASON_AUTOMATIC_PENDING = 1,
    REASON_MANUAL,
    REASON_QUOTE_ACCEPT,
    REASON_SUBSCRIPTION,
    REASON_SUBSCRIPTION_CREATE,
    REASON_SUBSCRIPTION_CYCLE,
    REASON_SUBSCRIPTION_THRESHOLD,
    REASON_SUBSCRIPTION_UPDATE,
    REASON_UPCOMING
};

enum collection_method {
    CHARGE_AUTOMATICALLY = 1,
    SEND_INVOICE
};

enum pending_items {
    PENDING_EXCLUDE = 1,
    PENDING_INCLUDE
};

extern const char *const collection_methods[];

struct invoice_subscription_details {
    struct metadata metadata;
    struct ref subscription;
};

struct invoice_parent {
    struct invoice_subscription_details subscription_details;
    struct choice type;
};

struct status_transitions {
    struct opt_time finalized_at;
    struct opt_time marked_uncollectible_at;
    struct opt_time paid_at;
    struct opt_time voided_at;
};

struct automatic_tax_setting {
    bool enabled;
};

struct invoice {
    struct object object;
    struct list all_lines; /* of struct line_item */
    int64_t amount_due;
    int64_t amount_paid;
    int64_t amount_remaining;
    int64_t attempt_count;
    bool attempted;
    bool auto_advance;
    struct automatic_tax_setting automatic_tax;
    struct opt_time automatically_finalizes_at;
    struct choice billing_reason;
    struct ref charge;
    struct choice collection_method;
    struct str currency;
    struct list custom_fields; /* of struct custom_field */
    struct ref customer;
    struct address *customer_address;
    struct str customer_email;
    struct str customer_name;
    struct str customer_phone;
    struct shipping *customer_shipping;
    struct choice customer_tax_exempt;
    struct opt_int days_until_due;
    struct ref default_payment_method;
    struct str description;
    struct ref discount; /* the first, as older versions show it */
    struct list discount_entries;
    struct refs discounts;
    struct opt_time due_date;
    struct opt_time effective_at;
    struct opt_int ending_balance;
    struct str footer;
    struct str hosted_invoice_url;
    struct str invoice_pdf;
    bool is_new; /* it was stored by this request */
    struct embedded lines;
    struct opt_time next_payment_attempt;
    struct str number;
    bool paid;
    bool paid_out_of_band;
    struct invoice_parent parent;
    struct ref payment_intent;
    struct embedded payments;
    struct choice pending_invoice_items_behavior;
    struct timestamp period_end;
    struct timestamp period_start;
    int64_t starting_balance;
    struct str statement_descriptor;
    struct choice status;
    struct status_transitions status_transitions;
    struct ref subscription; /* a parameter */
    int64_t subtotal;
    struct ref test_clock;
    int64_t total;
    struct list total_discount_amounts; /* of struct discount_amount */
    struct opt_time webhooks_delivered_at;
};

extern const struct resource invoice_resource;
extern const struct resource line_item_resource;
extern const struct schema period_schema;
extern const struct schema pricing_schema;
extern const struct schema discount_amount_schema;
extern const struct schema pretax_credit_schema;

/* ---- lines ---- */

/* What one line is made of. */
struct line_source {
    const struct price *price;
    struct str unit_amount_decimal; /* null: the price's, or, of a proration, none */
    struct metadata metadata;
    int64_t quantity;
    int64_t amount; /* minor units */
    struct str description;
    int64_t start, end; /* of its period */
    struct refs discounts;
    bool not_discountable;
    bool proration;
    struct str invoice_item;      /* id; null: of a subscription item */
    struct str subscription;      /* id; null: none */
    struct str subscription_item; /* id */
};

/* Adds a line at the end. False: the invoice is full, or the line too much. */
bool invoice_add_line(struct request *request, struct invoice *invoice,
                      const struct line_source *source) MUST_CHECK;

/* The same for an invoice item that may have a line already: that one is changed. */
bool invoice_put_line(struct request *request, struct invoice *invoice,
                      const struct line_source *source) MUST_CHECK;

/* Takes the line of an invoice item away, if there is one. */
void invoice_drop_line(struct invoice *invoice, struct str invoice_item);

/* Works out every amount from the lines and discounts. */
void invoice_compute(struct request *request, struct invoice *invoice);

/* ---- drafts ---- */

/* Hooks of the resource: what an invoice is before its parameters are read, and their rules. */
void invoice_prepare(struct request *request, void *object);
bool invoice_check(struct request *request, void *object, const void *before,
                   unsigned operation) MUST_CHECK;

/* A draft for the customer, with an id, not stored yet. */
struct invoice *invoice_draft(struct request *request, const struct customer *customer,
                              struct str currency, enum billing_reason reason);

/* The discounts that the customer gives it. */
void invoice_inherit(struct request *request, struct invoice *invoice,
                     const struct customer *customer);

/* A copy to compare with; its lines can change without changing those of the other. */
struct invoice *invoice_copy(struct request *request, const struct invoice *invoice);

/* Stores a draft, with the event. */
bool invoice_store(struct request *request, struct invoice *invoice) MUST_CHECK;

/* Writes the invoice back, with the event when something changed. `before`: NULL: it was stored by
 * this request. */
bool invoice_change(struct request *request, struct invoice *invoice,
                    const struct invoice *before) MUST_CHECK;

/* What older versions show, worked out from the newest shape. */
void line_item_older(struct request *request, struct line_item *line);
