-- How long a unit's stream can be read.
ALTER TABLE city.unit ADD COLUMN stream_days integer CHECK (stream_days BETWEEN 1 AND 3660); -- NULL: as long as notification keeps it
