#pragma once
/* Discounts: a coupon at work on an owner. They are shown inside their owners and in events, and
 * cannot be retrieved by id. */
#include "resources/resource.h"

struct customer;
struct coupon;
struct promotion_code;

struct discount_source {
    struct ref coupon;
    struct choice type;
};

struct discount {
    struct object object;
    struct str checkout_session;
    struct ref customer;
    struct str customer_account;
    struct opt_time ends; /* of a repeating coupon */
    struct str invoice;
    struct str invoice_item;
    struct ref promotion_code;
    struct discount_source source;
    struct timestamp starts;
    struct str subscription;
    struct str subscription_item;
};

extern const struct resource discount_resource;

/* Redeems the coupon, or the code if there is one, for the customer and returns the new discount in
 * *discount. False: refused, with `param` blamed. */
bool discount_redeem(struct request *request, struct str customer, const struct coupon *coupon,
                     const struct promotion_code *code, struct str param,
                     struct discount **discount) MUST_CHECK;

/* Ends a discount: it stays as a tombstone, its use stays counted. */
void discount_end(struct request *request, struct discount *discount);
