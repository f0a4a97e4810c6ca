-- Personal data of reporters, for the operator.

-- name: privacy_keys
-- $1 the newest key: rows sealed with it, with others, and emptied ones
SELECT count(*) FILTER (WHERE key = $1::bigint), count(*) FILTER (WHERE key <> $1::bigint), count(*) FILTER (WHERE key IS NULL)
FROM intake.reporter;

-- name: privacy_used
-- which keys are needed
SELECT key FROM intake.reporter WHERE key IS NOT NULL
UNION SELECT (get_byte(sealed, 0)::bigint << 24) + (get_byte(sealed, 1) << 16) + (get_byte(sealed, 2) << 8) + get_byte(sealed, 3)
FROM intake.credential WHERE sealed IS NOT NULL AND revoked_at IS NULL
UNION SELECT key FROM notification.endpoint WHERE sealed IS NOT NULL
UNION SELECT key FROM intake.block WHERE key IS NOT NULL AND lifted_at IS NULL AND ends_at > clock_timestamp();

-- name: privacy_credentials
-- what sources sign with
SELECT credential, sealed FROM intake.credential WHERE sealed IS NOT NULL AND revoked_at IS NULL ORDER BY credential FOR UPDATE;

-- name: privacy_credentials_put
-- $1 credentials, $2 sealed. Those who use the services notice nothing: the secret is the same.
UPDATE intake.credential c SET sealed = n.sealed FROM unnest($1::text[], $2::bytea[]) AS n (credential, sealed)
WHERE c.credential = n.credential;

-- name: privacy_endpoints
-- where endpoints are told, and with which secrets
SELECT name, sealed FROM notification.endpoint WHERE sealed IS NOT NULL ORDER BY name FOR UPDATE;

-- name: privacy_endpoints_put
-- $1 names, $2 sealed. Notification keeps what it has opened: address and secrets are the same.
UPDATE notification.endpoint e SET sealed = n.sealed, key = (get_byte(n.sealed, 0)::bigint << 24) + (get_byte(n.sealed, 1) << 16) +
  (get_byte(n.sealed, 2) << 8) + get_byte(n.sealed, 3)
FROM unnest($1::text[], $2::bytea[]) AS n (name, sealed) WHERE e.name = n.name;

-- name: privacy_rekey_take
-- $1 the newest key, $2 after this reporter, $3 most rows
SELECT reporter, sealed FROM intake.reporter
WHERE key <> $1::bigint AND reporter > $2::bigint AND erased_at IS NULL ORDER BY reporter LIMIT $3::integer FOR UPDATE;

-- name: privacy_rekey_join
-- $1 reporters, $2 their new index. Two rows of one person (one sealed before, one after a key came) become one: the reports go to
-- the row that has the index already.
WITH twin AS (
  SELECT n.reporter, p.reporter AS stays FROM unnest($1::bigint[], $2::uuid[]) AS n (reporter, person)
    JOIN intake.reporter p ON p.person = n.person AND p.reporter <> n.reporter)
UPDATE intake.report r SET reporter = t.stays FROM twin t WHERE r.reporter = t.reporter;

-- name: privacy_rekey_empty
-- $1 reporters, $2 their new index: the row that gave its reports away
SELECT intake.empty_reporter(n.reporter) FROM unnest($1::bigint[], $2::uuid[]) AS n (reporter, person)
  JOIN intake.reporter p ON p.person = n.person AND p.reporter <> n.reporter;

-- name: privacy_rekey_put
-- $1 reporters, $2 to $5 indexes of all, phone, email, account (zero: none), $6 sealed, $7 the newest key. Of two of one person the
-- second waits for the next round.
UPDATE intake.reporter p
SET person = n.person, phone = nullif(n.phone, z.none), email = nullif(n.email, z.none), account = nullif(n.account, z.none),
    sealed = n.sealed, key = $7::bigint
FROM (SELECT '00000000-0000-0000-0000-000000000000'::uuid AS none) z,
     (SELECT DISTINCT ON (u.person) u.* FROM unnest($1::bigint[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::bytea[])
        AS u (reporter, person, phone, email, account, sealed) ORDER BY u.person, u.reporter) n
WHERE p.reporter = n.reporter AND p.erased_at IS NULL;

-- name: privacy_erase
-- $1 most rows
SELECT intake.erase_due($1::integer);

-- name: privacy_forget
-- $1 phone or email, $2 its indexes
SELECT intake.empty_reporter(p.reporter), p.reporter FROM intake.reporter p
WHERE CASE $1::text WHEN 'phone' THEN p.phone WHEN 'email' THEN p.email END = ANY ($2::uuid[]);

-- name: privacy_looks
-- $1 case, 0: all; $2 most, the newest
SELECT l.at, l.login, l.case_id, l.of_case, l.reporter, l.reason FROM intake.look l
WHERE $1::bigint = 0 OR l.case_id = $1::bigint OR l.of_case = $1::bigint ORDER BY l.look DESC LIMIT $2::integer;
