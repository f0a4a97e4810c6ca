-- Keys of sources. Intake listens on mesh and reads them again.

-- name: source_known
-- $1 source → its adapter
SELECT adapter FROM city.source WHERE code = $1::text;

-- name: source_expire
-- $1 source, $2 kind, $3 seconds. What is good now goes on until then.
UPDATE intake.credential SET expires_at = clock_timestamp() + $3::text::double precision * interval '1 second'
WHERE source = $1::text AND kind = $2::text AND revoked_at IS NULL
  AND (expires_at IS NULL OR expires_at > clock_timestamp() + $3::text::double precision * interval '1 second')
RETURNING credential;

-- name: source_add
-- $1 credential, $2 source, $3 kind, $4 digest or sealed secret in hexadecimal
INSERT INTO intake.credential (credential, source, kind, digest, sealed)
VALUES ($1::text, $2::text, $3::text, CASE WHEN $3::text = 'key' THEN decode($4::text, 'hex') END,
        CASE WHEN $3::text <> 'key' THEN decode($4::text, 'hex') END) RETURNING credential;

-- name: source_revoke
-- $1 source, $2 credential ("curve": its CURVE key, which is that of the client of its name); NULL: all of them
WITH ended AS (
  UPDATE intake.credential SET revoked_at = clock_timestamp()
  WHERE source = $1::text AND revoked_at IS NULL AND ($2::text IS NULL OR credential = $2::text) RETURNING credential),
closed AS (
  UPDATE mesh.access SET revoked_at = now()
  WHERE name = $1::text AND kind = 'client' AND revoked_at IS NULL AND ($2::text IS NULL OR $2::text = 'curve')
    AND EXISTS (SELECT FROM city.source WHERE code = $1::text) RETURNING 'curve'::text)
SELECT credential FROM ended UNION ALL SELECT * FROM closed;

-- name: source_list
-- $1 source; NULL: all
SELECT source, credential, kind, added_at,
       CASE WHEN revoked_at IS NOT NULL THEN 'revoked' WHEN expires_at <= clock_timestamp() THEN 'expired'
            WHEN expires_at IS NOT NULL THEN 'until ' || to_char(expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            ELSE 'good' END,
       coalesce(used_on::text, '')
FROM intake.credential WHERE $1::text IS NULL OR source = $1::text
UNION ALL
SELECT name, 'curve', 'curve', added_at, CASE WHEN revoked_at IS NOT NULL THEN 'revoked' ELSE 'good' END, ''
FROM mesh.access a WHERE kind = 'client' AND ($1::text IS NULL OR name = $1::text)
  AND EXISTS (SELECT FROM city.source s WHERE s.code = a.name)
ORDER BY 1, 4, 2;

-- name: source_notify
SELECT pg_notify('mesh', '')::text;
