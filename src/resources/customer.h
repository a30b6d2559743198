#pragma once
/* Customers: who redeems. */
#include "resources/resource.h"

struct discount;

struct address {
    struct str city;
    struct str country;
    struct str line1;
    struct str line2;
    struct str postal_code;
    struct str state;
};

struct shipping {
    struct address *address;
    struct str name;
    struct str phone;
};

struct custom_field {
    struct str name;
    struct str value;
};

struct rendering_options {
    struct str amount_tax_display;
    struct str template;
};

struct customer_invoice_settings {
    struct list custom_fields; /* of struct custom_field */
    struct ref default_payment_method;
    struct str footer;
    struct rendering_options *rendering_options;
};

/* Parameters of parts of the API that coupond does not have: checked, and refused where they name
 * something that cannot exist. */
struct cash_balance_settings {
    struct choice reconciliation_mode;
};

struct cash_balance {
    struct cash_balance_settings settings;
};

struct customer_tax {
    struct str ip_address;
    struct choice validate_location;
};

struct tax_id_data {
    struct str type;
    struct str value;
};

struct customer {
    struct object object;
    struct address *address;
    int64_t balance;
    struct str business_name;
    struct cash_balance cash_balance;
    struct ref coupon; /* before basil: to redeem */
    struct str currency;
    struct ref default_source;
    struct str description;
    struct ref discount;
    struct str email;
    struct str individual_name;
    struct str invoice_prefix;
    struct customer_invoice_settings invoice_settings;
    struct str name;
    int64_t next_invoice_sequence;
    struct ref payment_method; /* to save */
    struct str phone;
    struct strings preferred_locales;
    struct ref promotion_code; /* before basil: to redeem */
    struct shipping *shipping;
    struct str source; /* token of a card to save */
    struct customer_tax tax;
    struct choice tax_exempt;
    struct list tax_id_data; /* of struct tax_id_data */
    struct ref test_clock;
    bool off_clock; /* a filter: customers without a test clock */
    bool validate;
};

extern const struct schema address_schema;
extern const struct resource customer_resource;
extern const struct schema custom_field_schema;
extern const struct schema shipping_schema;
extern const char *const tax_exempts[];

/* Takes a discount that ends away from the customer who has it. */
bool customer_drop_discount(struct request *request, struct discount *discount) MUST_CHECK;

/* From the first time that the customer is billed, that is the customer's currency. */
bool customer_bill_in(struct request *request, const struct ref *customer,
                      struct str currency) MUST_CHECK;
