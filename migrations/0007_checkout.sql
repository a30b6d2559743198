-- What is bought on hosted pages.

-- The page knows nothing but the id, which cannot be guessed: it is looked for among all tenants.
CREATE TABLE checkout_sessions (
    tenant BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    id TEXT NOT NULL,
    created BIGINT NOT NULL,
    deleted_at BIGINT,
    adaptive_pricing_enabled BIGINT NOT NULL,
    after_expiration TEXT,
    allow_promotion_codes BIGINT,
    amount_subtotal BIGINT NOT NULL,
    amount_total BIGINT NOT NULL,
    automatic_tax_enabled BIGINT NOT NULL,
    billing_address_collection TEXT,
    cancel_url TEXT,
    client_reference_id TEXT,
    currency TEXT NOT NULL,
    customer TEXT,
    customer_creation TEXT,
    customer_details_email TEXT,
    customer_details_name TEXT,
    customer_details_phone TEXT,
    customer_details_tax_exempt TEXT,
    customer_email TEXT,
    expires_at BIGINT NOT NULL,
    invoice TEXT,
    invoice_creation_enabled BIGINT,
    invoice_creation_invoice_data_description TEXT,
    invoice_creation_invoice_data_footer TEXT,
    invoice_creation_invoice_data_metadata TEXT,
    locale TEXT,
    metadata TEXT,
    mode TEXT NOT NULL,
    payment_intent TEXT,
    payment_intent_data TEXT,
    payment_method_collection TEXT NOT NULL,
    payment_method_types TEXT,
    payment_status TEXT NOT NULL,
    phone_number_collection_enabled BIGINT NOT NULL,
    status TEXT NOT NULL,
    submit_type TEXT,
    subscription TEXT,
    subscription_data TEXT,
    success_url TEXT NOT NULL,
    total_details_amount_discount BIGINT NOT NULL,
    items TEXT NOT NULL,
    coupon TEXT,
    coupon_seq BIGINT,
    promotion_code TEXT,
    promotion_code_seq BIGINT,
    discount TEXT,
    discount_seq BIGINT,
    refused_codes BIGINT NOT NULL,
    refused_at BIGINT,
    PRIMARY KEY (tenant, seq)
) CLUSTERED;
CREATE UNIQUE INDEX checkout_sessions_id ON checkout_sessions (id);
CREATE INDEX checkout_sessions_customer ON checkout_sessions (tenant, customer, seq)
    WHERE customer IS NOT NULL;
CREATE INDEX checkout_sessions_payment_intent ON checkout_sessions (tenant, payment_intent)
    WHERE payment_intent IS NOT NULL;

-- What customers may do with their subscriptions, and the links that let them in.
CREATE TABLE portal_configurations (
    tenant BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    id TEXT NOT NULL,
    created BIGINT NOT NULL,
    deleted_at BIGINT,
    active BIGINT NOT NULL,
    business_profile_headline TEXT,
    business_profile_privacy_policy_url TEXT,
    business_profile_terms_of_service_url TEXT,
    default_return_url TEXT,
    features TEXT NOT NULL,
    is_default BIGINT NOT NULL,
    login_page_enabled BIGINT NOT NULL,
    metadata TEXT,
    name TEXT,
    updated BIGINT NOT NULL,
    PRIMARY KEY (tenant, seq)
) CLUSTERED;
CREATE UNIQUE INDEX portal_configurations_id ON portal_configurations (tenant, id);
CREATE UNIQUE INDEX portal_configurations_default ON portal_configurations (tenant)
    WHERE is_default = 1;

-- The page knows nothing but the token, of which only a hash is kept.
CREATE TABLE portal_sessions (
    tenant BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    id TEXT NOT NULL,
    created BIGINT NOT NULL,
    deleted_at BIGINT,
    configuration TEXT NOT NULL,
    customer TEXT NOT NULL,
    flow TEXT,
    locale TEXT,
    return_url TEXT,
    token_hash TEXT NOT NULL,
    used_at BIGINT,
    refused_codes BIGINT NOT NULL,
    refused_at BIGINT,
    PRIMARY KEY (tenant, seq)
) CLUSTERED;
CREATE UNIQUE INDEX portal_sessions_id ON portal_sessions (tenant, id);
CREATE UNIQUE INDEX portal_sessions_token ON portal_sessions (token_hash);
