-- Who may use the public endpoints. Every service listens on mesh and reads the list again.

-- name: keys_unit
-- $1 unit
SELECT FROM city.unit WHERE code = $1::text;

-- name: keys_add
-- $1 name, $2 kind, $3 public key, $4 unit. A revoked name may be given a new key; no row: the name is in use.
INSERT INTO mesh.access AS a (name, kind, curve_key, unit) VALUES ($1::text, $2::text, $3::text, $4::text)
ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, curve_key = excluded.curve_key, unit = excluded.unit,
    added_at = now(), revoked_at = NULL
WHERE a.revoked_at IS NOT NULL
RETURNING name;

-- name: keys_revoke
-- $1 name
UPDATE mesh.access SET revoked_at = now() WHERE name = $1::text AND revoked_at IS NULL RETURNING name;

-- name: keys_list
SELECT name, kind, unit, curve_key, added_at, revoked_at FROM mesh.access ORDER BY revoked_at IS NOT NULL, kind, name;

-- name: keys_notify
SELECT pg_notify('mesh', '')::text;
