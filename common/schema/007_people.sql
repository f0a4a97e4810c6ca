-- How long personal data of a channel's reporters is kept.
ALTER TABLE city.channel ADD COLUMN keep_days integer CHECK (keep_days BETWEEN 1 AND 3660); -- NULL: 365
