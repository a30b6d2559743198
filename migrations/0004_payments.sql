-- What is paid with, and how payments went.

ALTER TABLE customers ADD COLUMN default_source TEXT;
ALTER TABLE products ADD COLUMN default_price TEXT;

CREATE TABLE payment_methods (
    tenant BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    id TEXT NOT NULL,
    created BIGINT NOT NULL,
    deleted_at BIGINT,
    allow_redisplay TEXT NOT NULL,
    billing_details_address_city TEXT,
    billing_details_address_country TEXT,
    billing_details_address_line1 TEXT,
    billing_details_address_line2 TEXT,
    billing_details_address_postal_code TEXT,
    billing_details_address_state TEXT,
    billing_details_email TEXT,
    billing_details_name TEXT,
    billing_details_phone TEXT,
    billing_details_tax_id TEXT,
    card TEXT,
    customer TEXT,
    detached BIGINT NOT NULL, -- taken from its customer, for good
    metadata TEXT,
    test_card TEXT, -- name of the card that decides how payments go
    type TEXT NOT NULL,
    PRIMARY KEY (tenant, seq)
) CLUSTERED;
CREATE UNIQUE INDEX payment_methods_id ON payment_methods (tenant, id);
CREATE INDEX payment_methods_customer ON payment_methods (tenant, customer, seq)
    WHERE customer IS NOT NULL;

CREATE TABLE charges (
    tenant BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    id TEXT NOT NULL,
    created BIGINT NOT NULL,
    deleted_at BIGINT,
    amount BIGINT NOT NULL,
    amount_captured BIGINT NOT NULL,
    currency TEXT NOT NULL,
    customer TEXT,
    description TEXT,
    failure_code TEXT,
    failure_message TEXT,
    invoice TEXT,
    paid BIGINT NOT NULL,
    payment_intent TEXT NOT NULL,
    payment_method TEXT,
    status TEXT NOT NULL,
    PRIMARY KEY (tenant, seq)
) CLUSTERED;
CREATE UNIQUE INDEX charges_id ON charges (tenant, id);
CREATE INDEX charges_customer ON charges (tenant, customer, seq) WHERE customer IS NOT NULL;
CREATE INDEX charges_payment_intent ON charges (tenant, payment_intent, seq);

CREATE TABLE payment_intents (
    tenant BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    id TEXT NOT NULL,
    created BIGINT NOT NULL,
    deleted_at BIGINT,
    amount BIGINT NOT NULL,
    amount_received BIGINT NOT NULL,
    automatic_payment_methods TEXT,
    canceled_at BIGINT,
    cancellation_reason TEXT,
    client_secret TEXT,
    currency TEXT NOT NULL,
    customer TEXT,
    description TEXT,
    invoice TEXT,
    last_payment_error TEXT,
    latest_charge TEXT,
    metadata TEXT,
    payment_method TEXT,
    receipt_email TEXT,
    setup_future_usage TEXT,
    status TEXT NOT NULL,
    PRIMARY KEY (tenant, seq)
) CLUSTERED;
CREATE UNIQUE INDEX payment_intents_id ON payment_intents (tenant, id);
CREATE INDEX payment_intents_customer ON payment_intents (tenant, customer, seq)
    WHERE customer IS NOT NULL;

CREATE TABLE setup_intents (
    tenant BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    id TEXT NOT NULL,
    created BIGINT NOT NULL,
    deleted_at BIGINT,
    automatic_payment_methods TEXT,
    cancellation_reason TEXT,
    client_secret TEXT,
    customer TEXT,
    description TEXT,
    last_setup_error TEXT,
    metadata TEXT,
    payment_method TEXT,
    status TEXT NOT NULL,
    usage TEXT NOT NULL,
    PRIMARY KEY (tenant, seq)
) CLUSTERED;
CREATE UNIQUE INDEX setup_intents_id ON setup_intents (tenant, id);
CREATE INDEX setup_intents_customer ON setup_intents (tenant, customer, seq)
    WHERE customer IS NOT NULL;
CREATE INDEX setup_intents_payment_method ON setup_intents (tenant, payment_method, seq)
    WHERE payment_method IS NOT NULL;
