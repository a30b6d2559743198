#pragma once
/* Invoice items: what is to be on an invoice, now or with the next one. */
#include "resources/invoice.h"
#include "resources/price.h"

struct invoice_item_parent_details {
    struct str subscription;
    struct str subscription_item;
};

struct invoice_item_parent {
    struct invoice_item_parent_details subscription_details;
    struct choice type;
};

struct pricing_input {
    struct ref price;
};

struct invoice_item {
    struct object object;
    struct opt_int amount;
    struct str currency;
    struct ref customer;
    struct timestamp date;
    struct str description;
    struct opt_bool discountable;
    struct list discount_entries;
    struct refs discounts;
    struct ref invoice;
    struct opt_int net_amount;
    struct invoice_item_parent parent;
    bool pending; /* a filter */
    struct period period;
    struct plan *plan;
    struct ref price; /* a parameter before basil */
    struct price_data *price_data;
    struct pricing pricing;
    struct pricing_input pricing_input;
    bool proration;
    int64_t quantity;
    struct str quantity_decimal;
    struct ref subscription; /* a parameter */
    struct ref test_clock;
    struct opt_int unit_amount;
    struct str unit_amount_decimal;
};

extern const struct resource invoice_item_resource;

/* Puts what waits for the subscription (null: for no particular one) on a draft. */
bool invoice_items_take(struct request *request, struct invoice *invoice,
                        struct str subscription) MUST_CHECK;

/* Removes the items of a draft that is deleted, with the events. */
bool invoice_items_remove(struct request *request, struct str invoice) MUST_CHECK;

/* Completes a new item whose customer, and price if there is one, were found, and checks it. */
bool invoice_item_check(struct request *request, struct invoice_item *item) MUST_CHECK;

/* A part of a period, to be put on the next invoice. */
struct proration {
    const struct price *price;
    int64_t quantity;
    int64_t amount;
    struct str description;
    int64_t start, end;
    struct str subscription;
    struct str subscription_item;
};

bool invoice_item_prorate(struct request *request, const struct customer *customer,
                          struct str currency, const struct proration *proration) MUST_CHECK;
