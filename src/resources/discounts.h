#pragma once
/* The discounts[] parameter: which coupons, codes and discounts an object is to have. */
#include "resources/discount.h"

struct discount_entry {
    struct ref coupon;
    struct ref discount;
    struct ref promotion_code;
};

extern const struct schema discount_entry_schema;

/* A call that sets the discounts of an object. */
struct discounts_change {
    const struct list *entries; /* of struct discount_entry */
    struct str param;           /* their name: discounts, items[0][discounts] */
    bool legacy;                /* they came as the parameters coupon or promotion_code */
    const struct refs *had;
    const struct discount *on; /* the owner, as for discount_redeem() */
    const struct purchase *purchase;
};

/* Redeems what is new, keeps what is named again and ends what the object had of its own and loses;
 * *now are the references after that, in the order of the entries. */
bool discounts_set(struct request *request, const struct discounts_change *change,
                   struct refs *now) MUST_CHECK;

/* Ends those discounts that belong to the owner itself, not only to where it inherits from. */
void discounts_end(struct request *request, const struct refs *discounts,
                   const struct discount *on);

/* The references without that discount. */
struct refs discounts_without(struct request *request, const struct refs *discounts, int64_t row);

/* Those of the references that are in force at that time; with their objects. */
struct refs discounts_at(struct request *request, const struct refs *discounts, int64_t time);
