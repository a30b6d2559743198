-- Redemptions as the API shows them, what the rules beyond Stripe's count, and refused attempts.

-- The entry that this one takes back; its uses are below zero then.
ALTER TABLE redemptions ADD COLUMN releases BIGINT;
CREATE UNIQUE INDEX redemptions_releases ON redemptions (tenant, releases)
    WHERE releases IS NOT NULL;

ALTER TABLE coupon_uses ADD COLUMN amount_off_total BIGINT NOT NULL DEFAULT 0;
ALTER TABLE coupon_uses ADD COLUMN max_amount_off_total BIGINT
    CHECK (max_amount_off_total IS NULL OR amount_off_total <= max_amount_off_total);
ALTER TABLE promotion_code_uses ADD COLUMN amount_off_total BIGINT NOT NULL DEFAULT 0;
ALTER TABLE promotion_code_uses ADD COLUMN max_amount_off_total BIGINT
    CHECK (max_amount_off_total IS NULL OR amount_off_total <= max_amount_off_total);

ALTER TABLE coupons ADD COLUMN restrictions_max_redemptions_per_customer BIGINT;
ALTER TABLE coupons ADD COLUMN rules_max_amount_off_total BIGINT;
ALTER TABLE coupons ADD COLUMN rules_max_amount_off_total_currency TEXT;
ALTER TABLE coupons ADD COLUMN rules_release_policy TEXT;
ALTER TABLE coupons ADD COLUMN rules_release_window BIGINT;
ALTER TABLE coupons ADD COLUMN rules_starts_at BIGINT;
ALTER TABLE promotion_codes ADD COLUMN restrictions_max_redemptions_per_customer BIGINT;
ALTER TABLE promotion_codes ADD COLUMN rules_max_amount_off_total BIGINT;
ALTER TABLE promotion_codes ADD COLUMN rules_max_amount_off_total_currency TEXT;
ALTER TABLE promotion_codes ADD COLUMN rules_release_policy TEXT;
ALTER TABLE promotion_codes ADD COLUMN rules_release_window BIGINT;
ALTER TABLE promotion_codes ADD COLUMN rules_starts_at BIGINT;

-- What is known of a use beside its ledger entry, which has the same seq, and what became of it.
CREATE TABLE redemption_records (
    tenant BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    id TEXT NOT NULL,
    created BIGINT NOT NULL,
    deleted_at BIGINT,
    amount BIGINT,
    amount_discount BIGINT,
    client_reference_id TEXT,
    coupon TEXT NOT NULL,
    coupon_seq BIGINT NOT NULL,
    currency TEXT,
    customer TEXT,
    customer_email TEXT,
    discount TEXT,
    discount_seq BIGINT,
    email_key TEXT, -- the address as it is compared
    hold_expires_at BIGINT,
    line_items TEXT,
    metadata TEXT,
    promotion_code TEXT,
    promotion_code_seq BIGINT,
    reference_key TEXT, -- the client's reference while no other use may have it
    source TEXT NOT NULL,
    status TEXT NOT NULL,
    status_transitions_canceled_at BIGINT,
    status_transitions_expired_at BIGINT,
    status_transitions_redeemed_at BIGINT,
    PRIMARY KEY (tenant, seq)
) CLUSTERED;
CREATE UNIQUE INDEX redemption_records_id ON redemption_records (tenant, id);
CREATE INDEX redemption_records_coupon ON redemption_records (tenant, coupon_seq, seq);
CREATE INDEX redemption_records_promotion_code ON redemption_records
    (tenant, promotion_code_seq, seq) WHERE promotion_code_seq IS NOT NULL;
CREATE INDEX redemption_records_customer ON redemption_records (tenant, customer, seq)
    WHERE customer IS NOT NULL;
CREATE INDEX redemption_records_reference ON redemption_records (tenant, client_reference_id, seq)
    WHERE client_reference_id IS NOT NULL;
CREATE UNIQUE INDEX redemption_records_reference_key ON redemption_records
    (tenant, coupon_seq, COALESCE(promotion_code_seq, 0), reference_key)
    WHERE reference_key IS NOT NULL;

-- Uses by one customer of a coupon or code that limits them; the other of the two is 0. who: the id
-- of a customer, or an e-mail address.
CREATE TABLE customer_uses (
    tenant BIGINT NOT NULL,
    coupon BIGINT NOT NULL,
    promotion_code BIGINT NOT NULL,
    who TEXT NOT NULL,
    times_redeemed BIGINT NOT NULL CHECK (times_redeemed >= 0),
    PRIMARY KEY (tenant, coupon, promotion_code, who)
) CLUSTERED;

CREATE TABLE redemption_attempts (
    tenant BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    id TEXT NOT NULL,
    created BIGINT NOT NULL,
    deleted_at BIGINT,
    amount BIGINT,
    client_reference_id TEXT,
    code TEXT,
    coupon TEXT,
    coupon_seq BIGINT,
    currency TEXT,
    customer TEXT,
    customer_email TEXT,
    operation TEXT NOT NULL,
    promotion_code TEXT,
    promotion_code_seq BIGINT,
    reason TEXT NOT NULL,
    reasons TEXT,
    text_key TEXT, -- the code in lower case
    PRIMARY KEY (tenant, seq)
) CLUSTERED;
CREATE UNIQUE INDEX redemption_attempts_id ON redemption_attempts (tenant, id);
CREATE INDEX redemption_attempts_text ON redemption_attempts (tenant, text_key, seq)
    WHERE text_key IS NOT NULL;
CREATE INDEX redemption_attempts_customer ON redemption_attempts (tenant, customer, seq)
    WHERE customer IS NOT NULL;
