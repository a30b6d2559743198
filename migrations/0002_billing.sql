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

CREATE TABLE invoices (
    tenant BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    id TEXT NOT NULL,
    created BIGINT NOT NULL,
    deleted_at BIGINT,
    all_lines TEXT,
    amount_due BIGINT NOT NULL,
    amount_paid BIGINT,
    amount_remaining BIGINT NOT NULL,
    attempt_count BIGINT NOT NULL,
    attempted BIGINT NOT NULL,
    auto_advance BIGINT NOT NULL,
    automatically_finalizes_at BIGINT,
    billing_reason TEXT NOT NULL,
    charge TEXT,
    collection_method TEXT NOT NULL,
    currency TEXT NOT NULL,
    custom_fields TEXT,
    customer TEXT NOT NULL,
    customer_address TEXT,
    customer_email TEXT,
    customer_name TEXT,
    customer_phone TEXT,
    customer_shipping TEXT,
    customer_tax_exempt TEXT,
    days_until_due BIGINT,
    default_payment_method TEXT,
    description TEXT,
    discounts TEXT,
    due_date BIGINT,
    effective_at BIGINT,
    ending_balance BIGINT,
    footer TEXT,
    hosted_invoice_url TEXT,
    invoice_pdf TEXT,
    metadata TEXT,
    next_payment_attempt BIGINT,
    number TEXT,
    paid_out_of_band BIGINT NOT NULL,
    parent_subscription_details_metadata TEXT,
    parent_subscription_details_subscription TEXT,
    parent_type TEXT,
    payment_intent TEXT,
    period_end BIGINT NOT NULL,
    period_start BIGINT NOT NULL,
    starting_balance BIGINT NOT NULL,
    statement_descriptor TEXT,
    status TEXT NOT NULL,
    status_transitions_finalized_at BIGINT,
    status_transitions_marked_uncollectible_at BIGINT,
    status_transitions_paid_at BIGINT,
    status_transitions_voided_at BIGINT,
    subtotal BIGINT NOT NULL,
    test_clock TEXT,
    test_clock_seq BIGINT,
    total BIGINT NOT NULL,
    total_discount_amounts TEXT,
    webhooks_delivered_at BIGINT,
    PRIMARY KEY (tenant, seq)
) CLUSTERED;
CREATE UNIQUE INDEX invoices_id ON invoices (tenant, id);
-- For the page of an invoice, which knows no tenant.
CREATE INDEX invoices_page ON invoices (id) WHERE number IS NOT NULL;
CREATE INDEX invoices_customer ON invoices (tenant, customer, seq);
CREATE INDEX invoices_subscription
    ON invoices (tenant, parent_subscription_details_subscription, seq)
    WHERE parent_subscription_details_subscription IS NOT NULL;

CREATE TABLE invoice_items (
    tenant BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    id TEXT NOT NULL,
    created BIGINT NOT NULL,
    deleted_at BIGINT,
    amount BIGINT NOT NULL,
    currency TEXT NOT NULL,
    customer TEXT NOT NULL,
    date BIGINT NOT NULL,
    description TEXT,
    discountable BIGINT NOT NULL,
    discounts TEXT,
    invoice TEXT,
    metadata TEXT,
    net_amount BIGINT,
    parent_subscription_details_subscription TEXT,
    parent_subscription_details_subscription_item TEXT,
    parent_type TEXT,
    period_end BIGINT NOT NULL,
    period_start BIGINT NOT NULL,
    pricing_price_details_price TEXT,
    pricing_price_details_product TEXT,
    pricing_type TEXT,
    pricing_unit_amount_decimal TEXT,
    proration BIGINT NOT NULL,
    quantity BIGINT NOT NULL,
    test_clock TEXT,
    test_clock_seq BIGINT,
    PRIMARY KEY (tenant, seq)
) CLUSTERED;
CREATE UNIQUE INDEX invoice_items_id ON invoice_items (tenant, id);
CREATE INDEX invoice_items_customer ON invoice_items (tenant, customer, seq);
CREATE INDEX invoice_items_invoice ON invoice_items (tenant, invoice, seq)
    WHERE invoice IS NOT NULL;

CREATE TABLE invoice_payments (
    tenant BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    id TEXT NOT NULL,
    created BIGINT NOT NULL,
    deleted_at BIGINT,
    amount_paid BIGINT,
    amount_requested BIGINT NOT NULL,
    currency TEXT NOT NULL,
    invoice TEXT NOT NULL,
    payment_payment_intent TEXT NOT NULL,
    payment_type TEXT NOT NULL,
    status TEXT NOT NULL,
    status_transitions_canceled_at BIGINT,
    status_transitions_paid_at BIGINT,
    PRIMARY KEY (tenant, seq)
) CLUSTERED;
CREATE UNIQUE INDEX invoice_payments_id ON invoice_payments (tenant, id);
CREATE INDEX invoice_payments_invoice ON invoice_payments (tenant, invoice, seq);
CREATE INDEX invoice_payments_payment
    ON invoice_payments (tenant, payment_payment_intent, seq);

CREATE TABLE subscriptions (
    tenant BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    id TEXT NOT NULL,
    created BIGINT NOT NULL,
    deleted_at BIGINT,
    billing_cycle_anchor BIGINT NOT NULL,
    billing_mode_type TEXT NOT NULL,
    cancel_at BIGINT,
    cancel_at_period_end BIGINT NOT NULL,
    canceled_at BIGINT,
    cancellation_details_comment TEXT,
    cancellation_details_feedback TEXT,
    cancellation_details_reason TEXT,
    collection_method TEXT NOT NULL,
    currency TEXT NOT NULL,
    current_period_end BIGINT NOT NULL,
    current_period_start BIGINT NOT NULL,
    customer TEXT NOT NULL,
    days_until_due BIGINT,
    default_payment_method TEXT,
    description TEXT,
    discounts TEXT,
    ended_at BIGINT,
    latest_invoice TEXT,
    metadata TEXT,
    start_date BIGINT NOT NULL,
    status TEXT NOT NULL,
    suppresses_discounts BIGINT NOT NULL,
    test_clock TEXT,
    test_clock_seq BIGINT,
    trial_end BIGINT,
    trial_start BIGINT,
    PRIMARY KEY (tenant, seq)
) CLUSTERED;
CREATE UNIQUE INDEX subscriptions_id ON subscriptions (tenant, id);
CREATE INDEX subscriptions_customer ON subscriptions (tenant, customer, seq);
CREATE INDEX subscriptions_test_clock ON subscriptions (tenant, test_clock_seq, seq)
    WHERE test_clock_seq IS NOT NULL;

CREATE TABLE subscription_items (
    tenant BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    id TEXT NOT NULL,
    created BIGINT NOT NULL,
    deleted_at BIGINT,
    discounts TEXT,
    metadata TEXT,
    price TEXT NOT NULL,
    quantity BIGINT NOT NULL,
    subscription TEXT NOT NULL,
    PRIMARY KEY (tenant, seq)
) CLUSTERED;
CREATE UNIQUE INDEX subscription_items_id ON subscription_items (tenant, id);
CREATE INDEX subscription_items_subscription
    ON subscription_items (tenant, subscription, seq);
CREATE INDEX subscription_items_price ON subscription_items (tenant, price, subscription);
