-- Attempts on every surface: before, there were those of the calls for redemptions alone. The timer
-- of a tenant (kind 7) removes those that are older than 30 days.
ALTER TABLE redemption_attempts ADD COLUMN source TEXT NOT NULL DEFAULT 'api';
INSERT INTO timers (tenant, kind, object, clock, due)
    SELECT tenant, 7, 0, 0, MIN(created) + 2592000 FROM redemption_attempts GROUP BY tenant;
