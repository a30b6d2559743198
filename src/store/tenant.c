/* Emptying a tenant, table by table. */
#include "store/tenant.h"

#include "store/db.h"

#define TABLES(X)            \
    X(coupons)               \
    X(coupon_uses)           \
    X(promotion_codes)       \
    X(promotion_code_uses)   \
    X(redemptions)           \
    X(redemption_records)    \
    X(redemption_attempts)   \
    X(customer_uses)         \
    X(discounts)             \
    X(customers)             \
    X(products)              \
    X(prices)                \
    X(payment_methods)       \
    X(charges)               \
    X(payment_intents)       \
    X(setup_intents)         \
    X(invoices)              \
    X(invoice_items)         \
    X(invoice_payments)      \
    X(subscriptions)         \
    X(subscription_items)    \
    X(checkout_sessions)     \
    X(test_clocks)           \
    X(timers)                \
    X(events)                \
    X(idempotency_answers)   \
    X(idempotency_keys)      \
    X(webhook_endpoints)     \
    X(webhook_deliveries)    \
    X(portal_configurations) \
    X(portal_sessions)       \
    X(code_shapes)           \
    X(code_shape_exceptions) \
    X(promotion_code_batches)

#define TABLE_STATEMENT(table) STATEMENT(empty_##table, "DELETE FROM " #table " WHERE tenant = $1");
TABLES(TABLE_STATEMENT)
#undef TABLE_STATEMENT

void tenant_empty(struct db *db, int64_t tenant)
{
#define TABLE_ADDRESS(table) &empty_##table,
    const struct statement *const statements[] = {TABLES(TABLE_ADDRESS)};
#undef TABLE_ADDRESS
    for (size_t i = 0; i < ARRAY_LENGTH(statements); i++) {
        struct query query = db_query(db, statements[i]);
        db_bind_int(&query, tenant);
        db_run(&query);
    }
}
