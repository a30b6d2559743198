-- A counter is made by the first use of its coupon or code.

DELETE FROM coupon_uses WHERE last_redemption IS NULL;
DELETE FROM promotion_code_uses WHERE last_redemption IS NULL;
