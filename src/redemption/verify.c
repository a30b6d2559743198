/* Invariants as queries that find violations: each yields tenant and seq of what is wrong. */
#include "redemption/verify.h"

#include "base/text.h"
#include "redemption/code_shapes.h"
#include "store/db.h"

#define VIOLATIONS_SHOWN_MAX 10

STATEMENT(coupon_count,
          "SELECT u.tenant, u.coupon FROM coupon_uses AS u LEFT JOIN (SELECT tenant, coupon,"
          " SUM(uses) AS total FROM redemptions WHERE coupon <> 0 GROUP BY tenant, coupon) AS r"
          " ON r.tenant = u.tenant AND r.coupon = u.coupon"
          " WHERE u.times_redeemed <> COALESCE(r.total, 0)");
STATEMENT(code_count,
          "SELECT u.tenant, u.promotion_code FROM promotion_code_uses AS u LEFT JOIN (SELECT"
          " tenant, promotion_code, SUM(uses) AS total FROM redemptions WHERE promotion_code IS NOT"
          " NULL GROUP BY tenant, promotion_code) AS r"
          " ON r.tenant = u.tenant AND r.promotion_code = u.promotion_code"
          " WHERE u.times_redeemed <> COALESCE(r.total, 0)");
STATEMENT(coupon_ordinals,
          "SELECT tenant, seq FROM (SELECT tenant, seq, uses, coupon_ordinal AS noted,"
          " LAG(coupon_ordinal) OVER (PARTITION BY tenant, coupon ORDER BY seq) AS before"
          " FROM redemptions WHERE coupon <> 0) AS h WHERE noted <> COALESCE(before, 0) + uses");
STATEMENT(code_ordinals,
          "SELECT tenant, seq FROM (SELECT tenant, seq, uses, promotion_code_ordinal AS noted,"
          " LAG(promotion_code_ordinal) OVER (PARTITION BY tenant, promotion_code ORDER BY seq)"
          " AS before FROM redemptions WHERE promotion_code IS NOT NULL) AS h"
          " WHERE noted <> COALESCE(before, 0) + uses");
STATEMENT(coupon_cap, "SELECT o.tenant, o.seq FROM coupons AS o JOIN coupon_uses AS u"
                      " ON u.tenant = o.tenant AND u.coupon = o.seq"
                      " WHERE u.times_redeemed > o.max_redemptions"
                      " OR COALESCE(u.max_redemptions, -1) <> COALESCE(o.max_redemptions, -1)");
STATEMENT(code_cap, "SELECT o.tenant, o.seq FROM promotion_codes AS o JOIN promotion_code_uses AS u"
                    " ON u.tenant = o.tenant AND u.promotion_code = o.seq"
                    " WHERE u.times_redeemed > o.max_redemptions"
                    " OR COALESCE(u.max_redemptions, -1) <> COALESCE(o.max_redemptions, -1)");
STATEMENT(lost_counter,
          "SELECT r.tenant, r.seq FROM redemptions AS r LEFT JOIN coupon_uses AS u"
          " ON u.tenant = r.tenant AND u.coupon = r.coupon LEFT JOIN promotion_code_uses AS p"
          " ON p.tenant = r.tenant AND p.promotion_code = r.promotion_code"
          " WHERE (r.coupon <> 0 AND u.coupon IS NULL)"
          " OR (r.promotion_code IS NOT NULL AND p.promotion_code IS NULL)");
STATEMENT(coupon_last,
          "SELECT u.tenant, u.coupon FROM coupon_uses AS u LEFT JOIN (SELECT tenant, coupon,"
          " MAX(seq) AS newest FROM redemptions WHERE coupon <> 0 GROUP BY tenant, coupon) AS r"
          " ON r.tenant = u.tenant AND r.coupon = u.coupon"
          " WHERE COALESCE(u.last_redemption, 0) <> COALESCE(r.newest, 0)");
STATEMENT(code_last,
          "SELECT u.tenant, u.promotion_code FROM promotion_code_uses AS u LEFT JOIN (SELECT"
          " tenant, promotion_code, MAX(seq) AS newest FROM redemptions WHERE promotion_code IS NOT"
          " NULL GROUP BY tenant, promotion_code) AS r"
          " ON r.tenant = u.tenant AND r.promotion_code = u.promotion_code"
          " WHERE COALESCE(u.last_redemption, 0) <> COALESCE(r.newest, 0)");
STATEMENT(coupon_chain,
          "SELECT tenant, seq FROM (SELECT tenant, seq, coupon_previous AS noted, LAG(seq) OVER"
          " (PARTITION BY tenant, coupon ORDER BY seq) AS found FROM redemptions"
          " WHERE coupon <> 0) AS h WHERE COALESCE(noted, 0) <> COALESCE(found, 0)");
STATEMENT(code_chain,
          "SELECT tenant, seq FROM (SELECT tenant, seq, promotion_code_previous AS noted, LAG(seq)"
          " OVER (PARTITION BY tenant, promotion_code ORDER BY seq) AS found FROM redemptions"
          " WHERE promotion_code IS NOT NULL) AS h WHERE COALESCE(noted, 0) <> COALESCE(found, 0)");
STATEMENT(lost_redemption_discount,
          "SELECT r.tenant, r.seq FROM redemptions AS r LEFT JOIN discounts AS d"
          " ON d.tenant = r.tenant AND d.seq = r.discount WHERE r.discount IS NOT NULL"
          " AND (d.seq IS NULL OR d.source_coupon_seq <> r.coupon)");
STATEMENT(lost_ledger, "SELECT r.tenant, r.seq FROM redemptions AS r LEFT JOIN coupons AS c"
                       " ON c.tenant = r.tenant AND c.seq = r.coupon LEFT JOIN promotion_codes AS p"
                       " ON p.tenant = r.tenant AND p.seq = r.promotion_code"
                       " WHERE (r.coupon <> 0 AND c.seq IS NULL)"
                       " OR (r.promotion_code IS NOT NULL AND p.seq IS NULL)");
STATEMENT(lost_coupon, "SELECT o.tenant, o.seq FROM promotion_codes AS o LEFT JOIN coupons AS c"
                       " ON c.tenant = o.tenant AND c.seq = o.promotion_coupon_seq"
                       " WHERE c.seq IS NULL OR c.id <> o.promotion_coupon");
STATEMENT(lost_discount_coupon,
          "SELECT o.tenant, o.seq FROM discounts AS o LEFT JOIN coupons AS c"
          " ON c.tenant = o.tenant AND c.seq = o.source_coupon_seq WHERE c.seq IS NULL");
STATEMENT(lost_discount,
          "SELECT o.tenant, o.seq FROM customers AS o LEFT JOIN discounts AS d"
          " ON d.tenant = o.tenant AND d.seq = o.discount_seq WHERE o.discount_seq IS NOT NULL"
          " AND o.deleted_at IS NULL AND (d.seq IS NULL OR d.deleted_at IS NOT NULL"
          " OR d.customer <> o.id)");
STATEMENT(wrong_release,
          "SELECT r.tenant, r.seq FROM redemptions AS r LEFT JOIN redemptions AS e"
          " ON e.tenant = r.tenant AND e.seq = r.releases WHERE (r.uses < 0) <> (r.releases IS NOT"
          " NULL) OR (r.releases IS NOT NULL AND (e.seq IS NULL OR e.seq > r.seq"
          " OR e.uses NOT IN (0, -r.uses) OR e.coupon <> r.coupon"
          " OR COALESCE(e.promotion_code, 0) <> COALESCE(r.promotion_code, 0)))");
STATEMENT(lost_record, "SELECT o.tenant, o.seq FROM redemption_records AS o"
                       " LEFT JOIN redemptions AS r ON r.tenant = o.tenant AND r.seq = o.seq"
                       " WHERE r.seq IS NULL OR r.uses NOT IN (0, 1) OR r.coupon <> o.coupon_seq"
                       " OR COALESCE(r.promotion_code, 0) <> COALESCE(o.promotion_code_seq, 0)"
                       " OR COALESCE(r.customer, '') <> COALESCE(o.customer, '')"
                       " OR COALESCE(r.discount, 0) <> COALESCE(o.discount_seq, 0)");
/* What had ended when it was brought in was never counted here. */
STATEMENT(wrong_status,
          "SELECT o.tenant, o.seq FROM redemption_records AS o LEFT JOIN redemptions AS r"
          " ON r.tenant = o.tenant AND r.releases = o.seq AND r.uses < 0 LEFT JOIN redemptions AS e"
          " ON e.tenant = o.tenant AND e.seq = o.seq"
          " WHERE (o.status IN ('canceled', 'expired')) <> (r.seq IS NOT NULL)"
          " AND (r.seq IS NOT NULL OR COALESCE(e.uses, 0) <> 0)");
/* Entries that no redemption goes with are of uses brought in. Redemptions that took their place
 * among those have entries without uses. */
#define UNNAMED(counted)                                                                     \
    "(SELECT r.tenant, r." counted " AS counted, SUM(CASE WHEN o.seq IS NULL AND r.uses > 0" \
    " THEN r.uses WHEN r.uses = 0 AND (o.status IN ('held', 'redeemed')"                     \
    " OR e.seq IS NOT NULL) THEN -1 ELSE 0 END) AS total FROM redemptions AS r"              \
    " LEFT JOIN redemption_records AS o ON o.tenant = r.tenant AND o.seq = r.seq"            \
    " LEFT JOIN redemptions AS e ON e.tenant = r.tenant AND e.releases = r.seq"              \
    " WHERE COALESCE(r." counted ", 0) <> 0 GROUP BY r.tenant, r." counted ") AS t"
STATEMENT(coupon_unnamed, "SELECT u.tenant, u.coupon FROM coupon_uses AS u LEFT JOIN " UNNAMED(
                              "coupon") " ON t.tenant = u.tenant AND t.counted = u.coupon"
                                        " WHERE u.unnamed_uses <> COALESCE(t.total, 0)");
STATEMENT(code_unnamed,
          "SELECT u.tenant, u.promotion_code FROM promotion_code_uses AS u LEFT JOIN " UNNAMED(
              "promotion_code") " ON t.tenant = u.tenant AND t.counted = u.promotion_code"
                                " WHERE u.unnamed_uses <> COALESCE(t.total, 0)");
STATEMENT(kept_reference, "SELECT tenant, seq FROM redemption_records WHERE status IN"
                          " ('canceled', 'expired') AND reference_key IS NOT NULL");
#define HOLD_TIMER "5" /* the kind of timer that holds have */
STATEMENT(lost_hold, "SELECT o.tenant, o.seq FROM redemption_records AS o LEFT JOIN timers AS t"
                     " ON t.tenant = o.tenant AND t.kind = " HOLD_TIMER " AND t.object = o.seq"
                     " WHERE o.status = 'held'"
                     " AND (t.object IS NULL OR o.hold_expires_at IS NULL)");
STATEMENT(lone_timer, "SELECT t.tenant, t.object FROM timers AS t LEFT JOIN redemption_records AS o"
                      " ON o.tenant = t.tenant AND o.seq = t.object WHERE t.kind = " HOLD_TIMER
                      " AND (o.seq IS NULL OR o.status <> 'held')");
#define BY_CUSTOMER                                                            \
    "(SELECT tenant, seq, coupon_seq, promotion_code_seq, customer AS who"     \
    " FROM redemption_records"                                                 \
    " WHERE customer IS NOT NULL AND status IN ('held', 'redeemed')"           \
    " UNION ALL SELECT tenant, seq, coupon_seq, promotion_code_seq, email_key" \
    " FROM redemption_records WHERE email_key IS NOT NULL"                     \
    " AND status IN ('held', 'redeemed')) AS h"
STATEMENT(customer_count,
          "SELECT u.tenant, u.coupon + u.promotion_code FROM customer_uses AS u LEFT JOIN ("
          "SELECT tenant, coupon_seq AS coupon, 0 AS promotion_code, who, COUNT(*) AS total"
          " FROM " BY_CUSTOMER " GROUP BY tenant, coupon_seq, who UNION ALL"
          " SELECT tenant, 0, promotion_code_seq, who, COUNT(*) FROM " BY_CUSTOMER
          " WHERE promotion_code_seq IS NOT NULL GROUP BY tenant, promotion_code_seq, who) AS t"
          " ON t.tenant = u.tenant AND t.coupon = u.coupon"
          " AND t.promotion_code = u.promotion_code AND t.who = u.who"
          " WHERE u.times_redeemed <> COALESCE(t.total, 0)");
STATEMENT(lost_customer,
          "SELECT h.tenant, h.seq FROM " BY_CUSTOMER
          " JOIN coupons AS c ON c.tenant = h.tenant AND c.seq = h.coupon_seq"
          " LEFT JOIN promotion_codes AS p ON p.tenant = h.tenant AND p.seq = h.promotion_code_seq"
          " LEFT JOIN customer_uses AS cu ON cu.tenant = h.tenant AND cu.coupon = h.coupon_seq"
          " AND cu.promotion_code = 0 AND cu.who = h.who"
          " LEFT JOIN customer_uses AS pu ON pu.tenant = h.tenant AND pu.coupon = 0"
          " AND pu.promotion_code = h.promotion_code_seq AND pu.who = h.who"
          " WHERE (c.restrictions_max_redemptions_per_customer IS NOT NULL AND cu.who IS NULL)"
          " OR (p.restrictions_max_redemptions_per_customer IS NOT NULL AND pu.who IS NULL)");
STATEMENT(customer_cap,
          "SELECT u.tenant, u.coupon + u.promotion_code FROM customer_uses AS u"
          " LEFT JOIN coupons AS c ON c.tenant = u.tenant AND c.seq = u.coupon"
          " LEFT JOIN promotion_codes AS p ON p.tenant = u.tenant AND p.seq = u.promotion_code"
          " WHERE u.times_redeemed > COALESCE(c.restrictions_max_redemptions_per_customer,"
          " p.restrictions_max_redemptions_per_customer, 0)");
STATEMENT(coupon_amount,
          "SELECT o.tenant, o.seq FROM coupons AS o JOIN coupon_uses AS u ON u.tenant = o.tenant"
          " AND u.coupon = o.seq WHERE o.rules_max_amount_off_total IS NOT NULL"
          " AND (COALESCE(u.max_amount_off_total, -1) <> o.rules_max_amount_off_total"
          " OR u.amount_off_total > o.rules_max_amount_off_total OR u.amount_off_total <>"
          " (SELECT COALESCE(SUM(h.amount_discount), 0) FROM redemption_records AS h"
          " WHERE h.tenant = o.tenant AND h.coupon_seq = o.seq"
          " AND h.status IN ('held', 'redeemed')))");
STATEMENT(code_amount,
          "SELECT o.tenant, o.seq FROM promotion_codes AS o JOIN promotion_code_uses AS u"
          " ON u.tenant = o.tenant AND u.promotion_code = o.seq"
          " WHERE o.rules_max_amount_off_total IS NOT NULL"
          " AND (COALESCE(u.max_amount_off_total, -1) <> o.rules_max_amount_off_total"
          " OR u.amount_off_total > o.rules_max_amount_off_total OR u.amount_off_total <>"
          " (SELECT COALESCE(SUM(h.amount_discount), 0) FROM redemption_records AS h"
          " WHERE h.tenant = o.tenant AND h.promotion_code_seq = o.seq"
          " AND h.status IN ('held', 'redeemed')))");
STATEMENT(code_case, "SELECT tenant, seq FROM promotion_codes WHERE LOWER(code) <> code_key");
STATEMENT(code_twice, "SELECT a.tenant, a.seq FROM promotion_codes AS a JOIN promotion_codes AS b"
                      " ON b.tenant = a.tenant AND b.code_key = a.code_key AND b.seq > a.seq"
                      " WHERE a.enabled = 1 AND b.enabled = 1"
                      " AND (COALESCE(a.customer, a.customer_account, '') = ''"
                      " OR COALESCE(b.customer, b.customer_account, '') = ''"
                      " OR COALESCE(a.customer, a.customer_account) ="
                      " COALESCE(b.customer, b.customer_account))");
STATEMENT(lost_answer,
          "SELECT k.tenant, k.answer FROM idempotency_keys AS k LEFT JOIN idempotency_answers AS a"
          " ON a.tenant = k.tenant AND a.seq = k.answer WHERE a.seq IS NULL OR a.slot <> k.slot");

static const struct {
    const struct statement *statement;
    const char *meaning;
} checks[] = {
    {&coupon_count, "a coupon's times_redeemed differs from its ledger"},
    {&code_count, "a promotion code's times_redeemed differs from its ledger"},
    {&coupon_ordinals, "the ledger of a coupon has a gap or a use twice"},
    {&code_ordinals, "the ledger of a promotion code has a gap or a use twice"},
    {&coupon_cap, "a coupon was redeemed more often than max_redemptions, or counts up to another"},
    {&code_cap,
     "a promotion code was redeemed more often than max_redemptions, or counts up to another"},
    {&lost_counter, "a ledger entry is for a coupon or code that is not counted"},
    {&coupon_last, "a coupon's last redemption is not its newest ledger entry"},
    {&code_last, "a promotion code's last redemption is not its newest ledger entry"},
    {&coupon_chain, "a ledger entry does not lead to the one before of its coupon"},
    {&code_chain, "a ledger entry does not lead to the one before of its promotion code"},
    {&lost_redemption_discount, "a ledger entry is for a discount of another coupon, or of none"},
    {&lost_ledger, "a ledger entry is for a coupon or code that does not exist"},
    {&lost_coupon, "a promotion code is for a coupon that does not exist"},
    {&lost_discount_coupon, "a discount is from a coupon that does not exist"},
    {&lost_discount, "a customer's discount does not exist or belongs to someone else"},
    {&wrong_release, "a release takes back another use than the one it names"},
    {&lost_record, "a redemption differs from its ledger entry, or has none"},
    {&wrong_status, "a redemption's use is counted although it ended, or not although it did not"},
    {&coupon_unnamed, "a use of a coupon has no redemption"},
    {&code_unnamed, "a use of a promotion code has no redemption"},
    {&kept_reference, "a redemption that ended keeps its reference from others"},
    {&lost_hold, "a held redemption never expires"},
    {&lone_timer, "something expires that is not held"},
    {&customer_count, "a customer's uses differ from the redemptions"},
    {&lost_customer, "a redemption is not counted for its customer"},
    {&customer_cap, "a customer redeemed more often than max_redemptions_per_customer"},
    {&coupon_amount,
     "the amount taken off by a coupon differs from its redemptions or is too much"},
    {&code_amount, "the amount taken off by a code differs from its redemptions or is too much"},
    {&code_case, "a code's look-up form is not its lower case"},
    {&code_twice, "two codes of the same text are active for one customer"},
    {&lost_answer, "an idempotency key leads to no answer"},
};

bool verify_run(struct db *db, struct text *report)
{
    int64_t violations = code_shapes_verify(db, report);
    for (size_t i = 0; i < ARRAY_LENGTH(checks); i++) {
        int64_t found = 0;
        struct query query = db_query(db, checks[i].statement);
        while (db_row(&query)) {
            if (found++ < VIOLATIONS_SHOWN_MAX)
                text_addf(report, "%s (tenant %lld, seq %lld)\n", checks[i].meaning,
                          (long long)db_int(&query, 0), (long long)db_int(&query, 1));
        }
        if (found > VIOLATIONS_SHOWN_MAX)
            text_addf(report, "%s: %lld more\n", checks[i].meaning,
                      (long long)(found - VIOLATIONS_SHOWN_MAX));
        violations += found;
    }
    text_addf(report, "verify: %zu checks, %lld violations\n", ARRAY_LENGTH(checks) + 1,
              (long long)violations);
    return violations == 0 && db_failed(db) == DB_OK;
}
