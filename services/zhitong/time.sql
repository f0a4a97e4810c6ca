-- The city's clock. Every service reads it once a second; the notice makes them look at once.

-- name: time_show
SELECT mesh.now(), coalesce((SELECT speed FROM mesh.clock), 1), EXISTS (SELECT FROM mesh.clock);

-- name: time_drive
-- $1 the instant it shall be now (text), NULL: go on from the time that is shown; $2 speed
INSERT INTO mesh.clock (real_at, shown_at, speed)
SELECT at, coalesce($1::text::timestamptz, shown), $2::text::double precision
FROM (SELECT clock_timestamp() AS at, mesh.now() AS shown) n
ON CONFLICT (only_one) DO UPDATE SET real_at = excluded.real_at, shown_at = excluded.shown_at, speed = excluded.speed;

-- name: time_real
DELETE FROM mesh.clock;

-- name: time_notify
SELECT pg_notify('mesh', '')::text;
