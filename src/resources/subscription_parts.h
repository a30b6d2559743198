#pragma once
/* What creating and changing a subscription share. */
#include "resources/subscription.h"

/* The price that an element of items[] names; NULL: it names none. */
bool subscription_find_price(struct request *request, const struct item_input *input, size_t index,
                             const struct price **price) MUST_CHECK;

/* The parameters plan and quantity of old stand for items[0]. */
void subscription_take_plan(struct request *request, struct subscription *subscription);

/* What discounts on the subscription are for. */
struct purchase subscription_purchase(struct request *request,
                                      const struct subscription *subscription,
                                      enum surface surface);

/* Changes the items in memory as items[] says, with their discounts. */
bool subscription_apply_items(struct request *request,
                              struct subscription *subscription) MUST_CHECK;

/* Writes the items; those of `before` (NULL: none) that are gone are deleted. */
void subscription_store_items(struct request *request, const struct subscription *subscription,
                              const struct subscription *before);

/* Sets the discounts that the call names, by discounts[], coupon or promotion_code. */
bool subscription_set_discounts(struct request *request, struct subscription *subscription,
                                enum surface surface) MUST_CHECK;

/* Puts add_invoice_items[] where the next invoice finds them. */
bool subscription_add_invoice_items(struct request *request,
                                    const struct subscription *subscription,
                                    const struct customer *customer) MUST_CHECK;

/* Rules across the parameters of the call, some of which it remembers. */
bool subscription_check_parameters(struct request *request,
                                   struct subscription *subscription) MUST_CHECK;

/* Rules across its settings. */
bool subscription_check_settings(struct request *request,
                                 struct subscription *subscription) MUST_CHECK;

/* When it ends, if it is to end with the period. `before`: NULL: it is new. */
void subscription_plan_end(const struct request *request, struct subscription *subscription,
                           const struct subscription *before);
