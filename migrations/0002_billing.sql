-- What discounts take effect on.

CREATE TABLE prices (
    tenant BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    id TEXT NOT NULL,
    created BIGINT NOT NULL,
    deleted_at BIGINT,
    active BIGINT NOT NULL,
    billing_scheme TEXT NOT NULL,
    currency TEXT NOT NULL,
    currency_options TEXT,
    lookup_key TEXT,
    metadata TEXT,
    nickname TEXT,
    product TEXT NOT NULL,
    product_seq BIGINT NOT NULL,
    recurring_interval TEXT,
    recurring_interval_count BIGINT NOT NULL,
    recurring_meter TEXT,
    recurring_trial_period_days BIGINT,
    recurring_usage_type TEXT,
    tax_behavior TEXT NOT NULL,
    type TEXT NOT NULL,
    unit_amount BIGINT,
    unit_amount_decimal TEXT,
    PRIMARY KEY (tenant, seq)
) CLUSTERED;
CREATE UNIQUE INDEX prices_id ON prices (tenant, id);
CREATE UNIQUE INDEX prices_lookup_key ON prices (tenant, lookup_key) WHERE lookup_key IS NOT NULL;
CREATE INDEX prices_product ON prices (tenant, product_seq, seq);

ALTER TABLE customers ADD COLUMN test_clock TEXT;
ALTER TABLE customers ADD COLUMN test_clock_seq BIGINT;
CREATE INDEX customers_test_clock ON customers (tenant, test_clock_seq, seq)
    WHERE test_clock_seq IS NOT NULL;

CREATE TABLE test_clocks (
    tenant BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    id TEXT NOT NULL,
    created BIGINT NOT NULL,
    deleted_at BIGINT,
    deletes_after BIGINT NOT NULL,
    frozen_time BIGINT NOT NULL,
    name TEXT,
    status TEXT NOT NULL,
    status_details_advancing_target_frozen_time BIGINT,
    PRIMARY KEY (tenant, seq)
) CLUSTERED;
CREATE UNIQUE INDEX test_clocks_id ON test_clocks (tenant, id);

-- What is due when. clock: the seq of a test clock, which no other tenant has; 0: real time, for
-- which one scheduler serves all tenants, so that the tenant is not the first column.
CREATE TABLE timers (
    tenant BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    object BIGINT NOT NULL,
    clock BIGINT NOT NULL,
    due BIGINT NOT NULL,
    PRIMARY KEY (tenant, kind, object)
) CLUSTERED;
CREATE INDEX timers_due ON timers (clock, due, kind, object);
