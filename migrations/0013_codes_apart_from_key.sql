-- Promotion codes are wide rows found by their text: as a table that is not clustered, a search passes
-- row numbers instead of rows, of which a page holds ten times as many.

ALTER TABLE promotion_codes RENAME TO promotion_codes_before;
CREATE TABLE promotion_codes (
    tenant BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    id TEXT NOT NULL,
    created BIGINT NOT NULL,
    deleted_at BIGINT,
    enabled BIGINT NOT NULL, -- not switched off; whether it is active is computed
    code TEXT NOT NULL,
    code_key TEXT NOT NULL, -- the code in lower case
    customer TEXT,
    customer_account TEXT,
    expires_at BIGINT,
    max_redemptions BIGINT,
    metadata TEXT,
    promotion_coupon TEXT NOT NULL,
    promotion_coupon_seq BIGINT NOT NULL,
    promotion_type TEXT NOT NULL,
    restrictions_currency_options TEXT,
    restrictions_first_time_transaction BIGINT NOT NULL,
    restrictions_minimum_amount BIGINT,
    restrictions_minimum_amount_currency TEXT,
    restrictions_max_redemptions_per_customer BIGINT,
    rules_max_amount_off_total BIGINT,
    rules_max_amount_off_total_currency TEXT,
    rules_release_policy TEXT,
    rules_release_window BIGINT,
    rules_starts_at BIGINT,
    batch TEXT,
    batch_seq BIGINT,
    PRIMARY KEY (tenant, seq)
);
INSERT INTO promotion_codes SELECT * FROM promotion_codes_before ORDER BY tenant, seq;
DROP TABLE promotion_codes_before;

CREATE UNIQUE INDEX promotion_codes_id ON promotion_codes (tenant, id);
-- One enabled code of a text for each customer; disabled ones are told apart by their seq.
CREATE UNIQUE INDEX promotion_codes_code ON promotion_codes
    (tenant, code_key, COALESCE(customer, customer_account, ''),
     (CASE WHEN enabled = 1 THEN 0 ELSE seq END));
CREATE INDEX promotion_codes_coupon ON promotion_codes (tenant, promotion_coupon_seq, seq);
CREATE INDEX promotion_codes_customer ON promotion_codes (tenant, customer, seq)
    WHERE customer IS NOT NULL;
CREATE INDEX promotion_codes_batch ON promotion_codes (tenant, batch_seq, seq)
    WHERE batch_seq IS NOT NULL;
