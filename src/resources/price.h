#pragma once
/* Prices: what one of a product costs, once or per period; and the plans that older clients see in
 * recurring ones. */
#include "resources/product.h"
#include "resources/resource.h"

enum interval {
    INTERVAL_DAY = 1,
    INTERVAL_MONTH,
    INTERVAL_WEEK,
    INTERVAL_YEAR
};
enum price_type {
    PRICE_ONE_TIME = 1,
    PRICE_RECURRING
};

struct recurring {
    struct choice interval; /* 0: the price is no recurring one */
    int64_t interval_count;
    struct str meter;
    struct opt_int trial_period_days;
    struct choice usage_type;
};

struct price_currency_option {
    struct str currency;
    struct choice tax_behavior;
    struct opt_int unit_amount;
    struct str unit_amount_decimal;
};

struct product_data {
    struct opt_bool active;
    struct str id;
    struct metadata metadata;
    struct str name;
    struct str statement_descriptor;
    struct str tax_code;
    struct tax_details *tax_details;
    struct str unit_label;
};

struct price {
    struct object object;
    bool active;
    struct choice billing_scheme;
    struct str currency;
    struct dictionary currency_options; /* of struct price_currency_option */
    struct str lookup_key;
    struct strings lookup_keys;
    struct str nickname;
    struct ref product;
    struct product_data *product_data;
    struct recurring recurring;
    struct choice tax_behavior;
    bool transfer_lookup_key;
    struct choice type;
    struct opt_int unit_amount;
    struct str unit_amount_decimal;
};

/* The same under its older name. */
struct plan {
    struct object object;
    bool active;
    struct opt_int amount;
    struct str amount_decimal;
    struct choice billing_scheme;
    struct str currency;
    struct choice interval;
    int64_t interval_count;
    struct str nickname;
    struct ref product;
    struct opt_int trial_period_days;
    struct choice usage_type;
};

/* The price that a product is created with. */
struct default_price_data {
    struct str currency;
    struct dictionary currency_options;
    struct metadata metadata;
    struct recurring recurring;
    struct choice tax_behavior;
    struct opt_int unit_amount;
    struct str unit_amount_decimal;
};

/* A price that is made where it is used. */
struct price_data {
    struct str currency;
    struct ref product;
    struct product_data *product_data;
    struct recurring recurring;
    struct choice tax_behavior;
    struct opt_int unit_amount;
    struct str unit_amount_decimal;
};

extern const struct resource price_resource;
extern const struct resource plan_resource;
extern const struct schema recurring_schema;
extern const struct schema product_data_schema;
extern const char *const tax_behaviors[];
extern const struct schema default_price_data_schema;

/* Of one-time and of recurring prices of a product, and of prices that bring a product too. */
extern const struct schema price_data_schema;
extern const struct schema recurring_price_data_schema;
extern const struct schema product_price_data_schema;
/* Fills in what follows from the rest of a price. */
void price_complete(struct request *request, struct price *price);

/* Stores the price of a new product; mistakes are those of the parameter default_price_data. */
bool price_create_default(struct request *request, const struct default_price_data *data,
                          const struct product *product, struct ref *ref) MUST_CHECK;

/* Stores a price that came as the part `param` of something else. */
bool price_create_part(struct request *request, struct price *price, struct str param) MUST_CHECK;

/* Stores a price that cannot be bought otherwise; mistakes are those of the parameter `param`. */
bool price_create_inline(struct request *request, const struct price_data *data, struct str param,
                         struct price **price) MUST_CHECK;

/* The price of an amount that was named without one, of a product that was not either. */
bool price_of_amount(struct request *request, struct str currency, int64_t amount,
                     struct price **price) MUST_CHECK;

/* The plan of a recurring price. */
struct plan *price_plan(struct request *request, const struct price *price);

/* What `quantity` of it cost in the currency, in minor units. False: it has no amount in that
 * currency. */
bool price_amount(const struct price *price, struct str currency, int64_t quantity,
                  int64_t *amount) MUST_CHECK;

/* Its unit amount in the currency as a decimal string; null: none. */
struct str price_unit_decimal(const struct price *price, struct str currency);

/* The end of the period of a recurring price that begins at `start`, counted from `anchor`. */
int64_t price_period_end(const struct price *price, int64_t anchor, int64_t start);
