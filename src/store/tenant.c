/* Emptying a tenant, table by table. */
#include "store/tenant.h"

#include "store/db.h"

STATEMENT(empty_coupons, "DELETE FROM coupons WHERE tenant = $1");
STATEMENT(empty_coupon_uses, "DELETE FROM coupon_uses WHERE tenant = $1");
STATEMENT(empty_promotion_codes, "DELETE FROM promotion_codes WHERE tenant = $1");
STATEMENT(empty_promotion_code_uses, "DELETE FROM promotion_code_uses WHERE tenant = $1");
STATEMENT(empty_redemptions, "DELETE FROM redemptions WHERE tenant = $1");
STATEMENT(empty_redemption_records, "DELETE FROM redemption_records WHERE tenant = $1");
STATEMENT(empty_redemption_attempts, "DELETE FROM redemption_attempts WHERE tenant = $1");
STATEMENT(empty_customer_uses, "DELETE FROM customer_uses WHERE tenant = $1");
STATEMENT(empty_discounts, "DELETE FROM discounts WHERE tenant = $1");
STATEMENT(empty_customers, "DELETE FROM customers WHERE tenant = $1");
STATEMENT(empty_products, "DELETE FROM products WHERE tenant = $1");
STATEMENT(empty_prices, "DELETE FROM prices WHERE tenant = $1");
STATEMENT(empty_test_clocks, "DELETE FROM test_clocks WHERE tenant = $1");
STATEMENT(empty_timers, "DELETE FROM timers WHERE tenant = $1");
STATEMENT(empty_events, "DELETE FROM events WHERE tenant = $1");
STATEMENT(empty_answers, "DELETE FROM idempotency_answers WHERE tenant = $1");
STATEMENT(empty_keys, "DELETE FROM idempotency_keys WHERE tenant = $1");

void tenant_empty(struct db *db, int64_t tenant)
{
    const struct statement *const statements[] = {
        &empty_coupons,
        &empty_coupon_uses,
        &empty_promotion_codes,
        &empty_promotion_code_uses,
        &empty_redemptions,
        &empty_discounts,
        &empty_customers,
        &empty_products,
        &empty_prices,
        &empty_test_clocks,
        &empty_timers,
        &empty_events,
        &empty_answers,
        &empty_keys,
        &empty_redemption_records,
        &empty_redemption_attempts,
        &empty_customer_uses,
    };
    for (size_t i = 0; i < ARRAY_LENGTH(statements); i++) {
        struct query query = db_query(db, statements[i]);
        db_bind_int(&query, tenant);
        db_run(&query);
    }
}
