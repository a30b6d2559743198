-- Uses brought in from elsewhere that no redemption stands for: what redemptions that are brought in
-- after their coupon or code take their place from.

ALTER TABLE coupon_uses ADD COLUMN unnamed_uses BIGINT NOT NULL DEFAULT 0
    CHECK (unnamed_uses >= 0);
ALTER TABLE promotion_code_uses ADD COLUMN unnamed_uses BIGINT NOT NULL DEFAULT 0
    CHECK (unnamed_uses >= 0);

UPDATE coupon_uses SET unnamed_uses = b.total FROM (
    SELECT r.tenant AS tenant, r.coupon AS coupon, SUM(r.uses) AS total FROM redemptions AS r
    LEFT JOIN redemption_records AS o ON o.tenant = r.tenant AND o.seq = r.seq
    WHERE o.seq IS NULL AND r.uses > 0 GROUP BY r.tenant, r.coupon
) AS b WHERE b.tenant = coupon_uses.tenant AND b.coupon = coupon_uses.coupon;
UPDATE promotion_code_uses SET unnamed_uses = b.total FROM (
    SELECT r.tenant AS tenant, r.promotion_code AS code, SUM(r.uses) AS total FROM redemptions AS r
    LEFT JOIN redemption_records AS o ON o.tenant = r.tenant AND o.seq = r.seq
    WHERE o.seq IS NULL AND r.uses > 0 AND r.promotion_code IS NOT NULL
    GROUP BY r.tenant, r.promotion_code
) AS b WHERE b.tenant = promotion_code_uses.tenant AND b.code = promotion_code_uses.promotion_code;

-- What is held, canceled or expired, which is little beside what is redeemed.
CREATE INDEX redemption_records_status ON redemption_records (tenant, status, seq)
    WHERE status <> 'redeemed';
