-- The first schema. One file serves SQLite and PostgreSQL: CLUSTERED becomes WITHOUT ROWID on SQLite
-- (the rows live in the primary key's tree) and nothing on PostgreSQL.
--
-- tenant: account and mode; it comes first in every key and index. seq: grows with creation time, so
-- that new rows are appended. Percentages are hundredths of a percent; booleans 0 or 1; times unix
-- seconds; hashes and lists JSON. A row with deleted_at is a tombstone.

-- Values of seq below this one may be in use.
CREATE TABLE row_numbers (
    reserved BIGINT NOT NULL
);
INSERT INTO row_numbers (reserved) VALUES (0);

CREATE TABLE accounts (
    number BIGINT NOT NULL PRIMARY KEY, -- tenant = 2 * number + livemode
    id TEXT NOT NULL UNIQUE,
    name TEXT,
    parent TEXT, -- the account whose keys may act for this one
    created BIGINT NOT NULL
);

CREATE TABLE api_keys (
    id TEXT NOT NULL PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE, -- of the key, keyed with the pepper; the key itself is not kept
    account BIGINT NOT NULL,
    livemode BIGINT NOT NULL,
    name TEXT,
    hint TEXT NOT NULL, -- what may be shown of the key
    created BIGINT NOT NULL,
    revoked_at BIGINT
);

CREATE TABLE coupons (
    tenant BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    id TEXT NOT NULL,
    created BIGINT NOT NULL,
    deleted_at BIGINT,
    amount_off BIGINT,
    applies_to TEXT,
    currency TEXT,
    currency_options TEXT,
    duration TEXT NOT NULL,
    duration_in_months BIGINT,
    max_redemptions BIGINT,
    metadata TEXT,
    name TEXT,
    percent_off BIGINT,
    redeem_by BIGINT,
    PRIMARY KEY (tenant, seq)
) CLUSTERED;
CREATE UNIQUE INDEX coupons_id ON coupons (tenant, id) WHERE deleted_at IS NULL;
CREATE INDEX coupons_past_id ON coupons (tenant, id) WHERE deleted_at IS NOT NULL;

-- What a redemption changes, apart from the wide rows. The cap is enforced by a conditional UPDATE;
-- the check is the second lock on the same door.
CREATE TABLE coupon_uses (
    tenant BIGINT NOT NULL,
    coupon BIGINT NOT NULL,
    times_redeemed BIGINT NOT NULL,
    max_redemptions BIGINT,
    last_redemption BIGINT,
    previous_redemption BIGINT, -- the one before the last
    PRIMARY KEY (tenant, coupon),
    CHECK (times_redeemed >= 0 AND (max_redemptions IS NULL OR times_redeemed <= max_redemptions))
) CLUSTERED;

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
    PRIMARY KEY (tenant, seq)
) CLUSTERED;
CREATE UNIQUE INDEX promotion_codes_id ON promotion_codes (tenant, id);
-- One enabled code of a text for each customer; disabled ones are told apart by their seq.
CREATE UNIQUE INDEX promotion_codes_code ON promotion_codes
    (tenant, code_key, COALESCE(customer, customer_account, ''),
     (CASE WHEN enabled = 1 THEN 0 ELSE seq END));
CREATE INDEX promotion_codes_coupon ON promotion_codes (tenant, promotion_coupon_seq, seq);
CREATE INDEX promotion_codes_customer ON promotion_codes (tenant, customer, seq)
    WHERE customer IS NOT NULL;

CREATE TABLE promotion_code_uses (
    tenant BIGINT NOT NULL,
    promotion_code BIGINT NOT NULL,
    times_redeemed BIGINT NOT NULL,
    max_redemptions BIGINT,
    last_redemption BIGINT,
    previous_redemption BIGINT, -- the one before the last
    PRIMARY KEY (tenant, promotion_code),
    CHECK (times_redeemed >= 0 AND (max_redemptions IS NULL OR times_redeemed <= max_redemptions))
) CLUSTERED;

-- The ledger: every use of a coupon or code, appended. An entry knows which use of its coupon and code
-- it was (the ordinal) and points at the one before, so that a history needs no index.
CREATE TABLE redemptions (
    tenant BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    created BIGINT NOT NULL,
    uses BIGINT NOT NULL, -- 1; more only for uses brought in from elsewhere
    coupon BIGINT NOT NULL,
    coupon_ordinal BIGINT NOT NULL,
    coupon_previous BIGINT,
    promotion_code BIGINT,
    promotion_code_ordinal BIGINT,
    promotion_code_previous BIGINT,
    customer TEXT,
    discount BIGINT,
    PRIMARY KEY (tenant, seq)
) CLUSTERED;

CREATE TABLE discounts (
    tenant BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    id TEXT NOT NULL,
    created BIGINT NOT NULL,
    deleted_at BIGINT,
    checkout_session TEXT,
    customer TEXT,
    customer_account TEXT,
    ends BIGINT,
    invoice TEXT,
    invoice_item TEXT,
    promotion_code TEXT,
    promotion_code_seq BIGINT,
    source_coupon TEXT NOT NULL,
    source_coupon_seq BIGINT NOT NULL,
    source_type TEXT NOT NULL,
    starts BIGINT NOT NULL,
    subscription TEXT,
    subscription_item TEXT,
    PRIMARY KEY (tenant, seq)
) CLUSTERED;

CREATE UNIQUE INDEX discounts_id ON discounts (tenant, id);

CREATE TABLE customers (
    tenant BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    id TEXT NOT NULL,
    created BIGINT NOT NULL,
    deleted_at BIGINT,
    address TEXT,
    balance BIGINT NOT NULL,
    business_name TEXT,
    currency TEXT,
    description TEXT,
    discount TEXT,
    discount_seq BIGINT,
    email TEXT,
    individual_name TEXT,
    invoice_prefix TEXT,
    invoice_settings_custom_fields TEXT,
    invoice_settings_default_payment_method TEXT,
    invoice_settings_footer TEXT,
    invoice_settings_rendering_options TEXT,
    metadata TEXT,
    name TEXT,
    next_invoice_sequence BIGINT NOT NULL,
    phone TEXT,
    preferred_locales TEXT,
    shipping TEXT,
    tax_exempt TEXT NOT NULL,
    PRIMARY KEY (tenant, seq)
) CLUSTERED;
CREATE UNIQUE INDEX customers_id ON customers (tenant, id);
CREATE INDEX customers_email ON customers (tenant, email, seq) WHERE email IS NOT NULL;

CREATE TABLE products (
    tenant BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    id TEXT NOT NULL,
    created BIGINT NOT NULL,
    deleted_at BIGINT,
    active BIGINT NOT NULL,
    description TEXT,
    images TEXT,
    marketing_features TEXT,
    metadata TEXT,
    name TEXT NOT NULL,
    package_dimensions TEXT,
    shippable BIGINT,
    statement_descriptor TEXT,
    tax_code TEXT,
    tax_details TEXT,
    type TEXT NOT NULL,
    unit_label TEXT,
    updated BIGINT NOT NULL,
    url TEXT,
    PRIMARY KEY (tenant, seq)
) CLUSTERED;
CREATE UNIQUE INDEX products_id ON products (tenant, id) WHERE deleted_at IS NULL;
CREATE INDEX products_past_id ON products (tenant, id) WHERE deleted_at IS NOT NULL;

CREATE TABLE events (
    tenant BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    id TEXT NOT NULL,
    created BIGINT NOT NULL,
    deleted_at BIGINT,
    object_type TEXT NOT NULL,
    snapshot TEXT NOT NULL, -- the newest shape without what is empty, references as ids
    previous TEXT,        -- what it had instead before a change
    request_id TEXT,
    request_idempotency_key TEXT,
    type TEXT NOT NULL,
    PRIMARY KEY (tenant, seq)
) CLUSTERED;
CREATE UNIQUE INDEX events_id ON events (tenant, id);

-- Stored answers are appended; the look-up goes through narrow rows.
CREATE TABLE idempotency_answers (
    tenant BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    created BIGINT NOT NULL,
    slot BIGINT NOT NULL, -- the key of idempotency_keys that leads here
    idempotency_key TEXT NOT NULL,
    path TEXT NOT NULL,
    fingerprint TEXT NOT NULL, -- of method, path and parameters
    request_id TEXT NOT NULL,
    status BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (tenant, seq)
) CLUSTERED;

CREATE TABLE idempotency_keys (
    tenant BIGINT NOT NULL,
    slot BIGINT NOT NULL, -- keyed hash of the key, or the next free number after it
    answer BIGINT NOT NULL,
    PRIMARY KEY (tenant, slot)
) CLUSTERED;
