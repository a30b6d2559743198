-- Who is told of events, and what they have not been told yet.

CREATE TABLE webhook_endpoints (
    tenant BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    id TEXT NOT NULL,
    created BIGINT NOT NULL,
    deleted_at BIGINT,
    api_version TEXT,
    description TEXT,
    enabled_events TEXT NOT NULL,
    metadata TEXT,
    signing_secret TEXT NOT NULL,
    status TEXT NOT NULL,
    url TEXT NOT NULL,
    PRIMARY KEY (tenant, seq)
) CLUSTERED;
CREATE UNIQUE INDEX webhook_endpoints_id ON webhook_endpoints (tenant, id);
CREATE INDEX webhook_endpoints_present ON webhook_endpoints (tenant, seq) WHERE deleted_at IS NULL;

-- The outbox: an event and an endpoint that has not acknowledged it. The row goes when it has.
CREATE TABLE webhook_deliveries (
    tenant BIGINT NOT NULL,
    event BIGINT NOT NULL,
    endpoint BIGINT NOT NULL,
    attempts BIGINT NOT NULL, -- that failed
    next_try BIGINT,          -- NULL: given up
    last_status BIGINT,       -- of HTTP; 0: there was no answer
    PRIMARY KEY (tenant, event, endpoint)
) CLUSTERED;
CREATE INDEX webhook_deliveries_waiting ON webhook_deliveries (tenant, endpoint, next_try)
    WHERE next_try IS NOT NULL;
