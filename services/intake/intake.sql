-- name: intake_find
-- $1 digests
SELECT digest, case_id FROM report WHERE digest = ANY($1::uuid[]);

-- name: intake_save
-- $1 cases, $2 times, $3 digests, $4 shards, $5 bodies, $6 parents, $7 places, $8 reporters; of the last three 0 is none
INSERT INTO report (case_id, received_at, digest, shard, body, parent, place, reporter)
SELECT n.case_id, n.received_at, n.digest, n.shard, n.body, nullif(n.parent, 0), nullif(n.place, 0), nullif(n.reporter, 0)
FROM unnest($1::bigint[], $2::timestamptz[], $3::uuid[], $4::smallint[], $5::bytea[], $6::bigint[], $7::bigint[],
            $8::bigint[]) AS n (case_id, received_at, digest, shard, body, parent, place, reporter);

-- name: intake_report
-- $1 case
SELECT body FROM report WHERE shard = ($1::text::bigint % 128)::smallint AND case_id = $1::text::bigint;

-- name: intake_credentials
-- Those that are good now; instants in unix seconds, days since 1970.
SELECT credential, source, kind, digest, sealed, extract(epoch FROM expires_at)::bigint, (used_on - DATE '1970-01-01')::bigint
FROM credential
WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > clock_timestamp())
ORDER BY added_at DESC, credential LIMIT 10000;

-- name: intake_credential_used
-- $1 credential
UPDATE credential SET used_on = (clock_timestamp() AT TIME ZONE 'UTC')::date WHERE credential = $1::text;

-- name: intake_cases_of
-- $1 digests, as the text of an array: the cases of reports that were handed in with these keys
SELECT case_id, body FROM report WHERE digest = ANY($1::text::uuid[]);
