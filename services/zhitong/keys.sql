-- Who may use the public endpoints. Every service listens on mesh and reads the list again.

-- name: keys_unit
-- $1 unit
SELECT FROM city.unit WHERE code = $1::text;

-- name: keys_add
-- $1 name, $2 kind, $3 public key, $4 unit; NULL, of a department: that of the key before. No row: the name has a key that is good.
INSERT INTO mesh.access (name, kind, curve_key, unit, added_at)
SELECT $1::text, $2::text, $3::text,
       coalesce($4::text, (SELECT unit FROM mesh.access WHERE name = $1::text AND kind = $2::text AND $2::text = 'department'
                           ORDER BY added_at DESC LIMIT 1)), clock_timestamp()
WHERE NOT EXISTS (SELECT FROM mesh.access WHERE name = $1::text AND revoked_at IS NULL AND expires_at IS NULL)
ON CONFLICT DO NOTHING
RETURNING name;

-- name: keys_expire
-- $1 name, $2 kind, $3 seconds. What is good now goes on until then.
UPDATE mesh.access SET expires_at = clock_timestamp() + $3::text::double precision * interval '1 second'
WHERE name = $1::text AND kind = $2::text AND revoked_at IS NULL
  AND (expires_at IS NULL OR expires_at > clock_timestamp() + $3::text::double precision * interval '1 second')
RETURNING name;

-- name: keys_revoke
-- $1 name, $2 kind; NULL: any
UPDATE mesh.access SET revoked_at = clock_timestamp()
WHERE name = $1::text AND ($2::text IS NULL OR kind = $2::text) AND revoked_at IS NULL
  AND (expires_at IS NULL OR expires_at > clock_timestamp())
RETURNING name;

-- name: keys_list
SELECT name, kind, unit, curve_key, added_at,
       CASE WHEN revoked_at IS NOT NULL THEN 'revoked ' WHEN expires_at <= clock_timestamp() THEN 'expired '
            WHEN expires_at IS NOT NULL THEN 'until ' ELSE 'good' END, coalesce(revoked_at, expires_at)
FROM mesh.access ORDER BY revoked_at IS NOT NULL OR expires_at <= clock_timestamp(), kind, name, added_at;

-- name: keys_notify
SELECT pg_notify('mesh', '')::text;
