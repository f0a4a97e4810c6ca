-- The city's clock, for records that are sent when their time has come.

-- name: import_clock
SELECT mesh.now(), coalesce((SELECT speed FROM mesh.clock), 1.0);

-- name: import_access
-- $1 public key
SELECT name FROM mesh.access WHERE curve_key = $1::text AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > clock_timestamp());
