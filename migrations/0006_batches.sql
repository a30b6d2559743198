-- Codes by the million.

CREATE TABLE promotion_code_batches (
    tenant BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    id TEXT NOT NULL,
    created BIGINT NOT NULL,
    deleted_at BIGINT,
    active BIGINT NOT NULL,
    alphabet TEXT NOT NULL,
    check_character BIGINT NOT NULL,
    count BIGINT NOT NULL,
    draws BIGINT NOT NULL, -- how many codes were drawn, those that existed already included
    expires_at BIGINT,
    failure_message TEXT,
    generated BIGINT NOT NULL,
    max_redemptions BIGINT,
    metadata TEXT,
    pattern TEXT NOT NULL,
    promotion_coupon TEXT NOT NULL,
    promotion_coupon_seq BIGINT NOT NULL,
    promotion_type TEXT NOT NULL,
    restrictions TEXT, -- JSON
    status TEXT NOT NULL,
    PRIMARY KEY (tenant, seq)
) CLUSTERED;
CREATE UNIQUE INDEX promotion_code_batches_id ON promotion_code_batches (tenant, id);

ALTER TABLE promotion_codes ADD COLUMN batch TEXT;
ALTER TABLE promotion_codes ADD COLUMN batch_seq BIGINT;
CREATE INDEX promotion_codes_batch ON promotion_codes (tenant, batch_seq, seq)
    WHERE batch_seq IS NOT NULL;
