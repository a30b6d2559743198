#pragma once
/* Discounts: a coupon at work on an owner. They are shown inside their owners and in events, and
 * cannot be retrieved by id. */
#include "redemption/eligibility.h"
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

/* The coupon, or the code if there is one, as the rules of redemption see it. `currency`: of the
 * purchase, null when it is not known yet. */
struct offer discount_offer(const struct coupon *coupon, const struct promotion_code *code,
                            struct str currency);

/* Redeems the coupon, or the code if there is one, and returns the new discount in *discount. `on`
 * has its owner: the customer, and what else it belongs to; and, when not now, its start; and, when
 * it is known already, its id. False:
 * refused, with `param` blamed, and noted as an attempt. */
bool discount_redeem(struct request *request, const struct purchase *purchase,
                     const struct discount *on, const struct coupon *coupon,
                     const struct promotion_code *code, struct str param,
                     struct discount **discount) MUST_CHECK;

/* Ends a discount: it stays as a tombstone, its use stays counted. */
void discount_end(struct request *request, struct discount *discount);

/* Ends a discount and takes it from the customer, subscription or item that has it, with the
 * events. Invoices and their items keep theirs. */
bool discount_release(struct request *request, struct discount *discount) MUST_CHECK;
