-- Rules beyond Stripe's that all codes of a batch have.

ALTER TABLE promotion_code_batches ADD COLUMN rules_max_amount_off_total BIGINT;
ALTER TABLE promotion_code_batches ADD COLUMN rules_max_amount_off_total_currency TEXT;
ALTER TABLE promotion_code_batches ADD COLUMN rules_release_policy TEXT;
ALTER TABLE promotion_code_batches ADD COLUMN rules_release_window BIGINT;
ALTER TABLE promotion_code_batches ADD COLUMN rules_starts_at BIGINT;
