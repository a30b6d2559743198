#pragma once
/* All resources, one line each. */
#include "resources/resource.h"

struct arena;

#define RESOURCES(X)             \
    X(account)                   \
    X(applicable_promotion_code) \
    X(charge)                    \
    X(checkout_item)             \
    X(checkout_session)          \
    X(coupon)                    \
    X(customer)                  \
    X(discount)                  \
    X(event)                     \
    X(invoice)                   \
    X(invoice_item)              \
    X(invoice_payment)           \
    X(line_item)                 \
    X(payment_intent)            \
    X(payment_method)            \
    X(plan)                      \
    X(portal_configuration)      \
    X(portal_session)            \
    X(price)                     \
    X(product)                   \
    X(promotion_code)            \
    X(promotion_code_batch)      \
    X(promotion_code_import)     \
    X(redemption)                \
    X(redemption_attempt)        \
    X(redemption_preview)        \
    X(setup_intent)              \
    X(subscription)              \
    X(subscription_item)         \
    X(test_clock)                \
    X(webhook_endpoint)

#define RESOURCE_DECLARE(name) extern const struct resource name##_resource;
RESOURCES(RESOURCE_DECLARE)
#undef RESOURCE_DECLARE

#define RESOURCE_NUMBER(name) RESOURCE_##name,
enum {
    RESOURCES(RESOURCE_NUMBER) RESOURCE_COUNT
};
#undef RESOURCE_NUMBER

extern const struct resource *const resources[RESOURCE_COUNT];

/* The statements of all resources, made once at start. */
struct catalog {
    struct table_statements of[RESOURCE_COUNT];
};

void catalog_build(struct arena *arena, struct catalog *catalog);

const struct table_statements *catalog_of(const struct request *request,
                                          const struct resource *resource);

/* The resource whose objects say `"object": name`; NULL: none. */
const struct resource *resource_named(struct str name);
