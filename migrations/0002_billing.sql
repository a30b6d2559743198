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
