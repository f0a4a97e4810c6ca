-- name: intake_file_keep
-- $1 SHA-256, $2 type, $3 bytes, $4 width, $5 height, $6 lat, $7 long, $8 taken, unix ms. What it tells may come with a later
-- copy, until it is published: then anybody can send one that tells what he likes.
INSERT INTO file AS f (sha256, type, bytes, width, height, lat, long, taken_at)
VALUES (decode($1::text, 'hex'), $2::text, $3::bigint, $4::integer, $5::integer, $6::double precision, $7::double precision,
        to_timestamp($8::bigint / 1000.0))
ON CONFLICT (sha256) DO UPDATE SET stored_at = clock_timestamp(),
  lat = CASE WHEN f.lat IS NULL AND f.published_at IS NULL THEN excluded.lat ELSE f.lat END,
  long = CASE WHEN f.lat IS NULL AND f.published_at IS NULL THEN excluded.long ELSE f.long END,
  taken_at = CASE WHEN f.taken_at IS NULL AND f.published_at IS NULL THEN excluded.taken_at ELSE f.taken_at END;

-- name: intake_files_told
-- $1 SHA-256 of each, separated by blanks
SELECT encode(sha256, 'hex'), type, bytes, width, height FROM file
WHERE sha256 = ANY (ARRAY(SELECT decode(h, 'hex') FROM regexp_split_to_table($1::text, ' ') h));

-- name: intake_file_published
-- $1 SHA-256
SELECT type FROM file WHERE sha256 = decode($1::text, 'hex') AND published_at IS NOT NULL;

-- name: intake_files_stored
-- $1 SHA-256 of each as text, with doubles
SELECT encode(sha256, 'hex') FROM file
WHERE sha256 = ANY (ARRAY(SELECT DISTINCT decode(h, 'hex') FROM unnest($1::text[]) h)) ORDER BY sha256;

-- name: intake_files_use
-- $1 SHA-256 of each as text, $2 cases, $3 shards
INSERT INTO file_use (sha256, case_id, shard)
SELECT DISTINCT decode(h, 'hex'), c, s FROM unnest($1::text[], $2::bigint[], $3::smallint[]) AS given (h, c, s)
ON CONFLICT DO NOTHING;

-- name: intake_file_use
-- $1 case, $2 SHA-256 of each, separated by blanks: files that came later
INSERT INTO file_use (sha256, case_id, shard)
SELECT f.sha256, $1::bigint, ($1::bigint & 127)::smallint FROM file f
WHERE f.sha256 = ANY (ARRAY(SELECT decode(h, 'hex') FROM regexp_split_to_table($2::text, ' ') h))
ON CONFLICT DO NOTHING RETURNING encode(sha256, 'hex');

-- name: intake_receipt_file
-- $1 case, $2 SHA-256: a file that the case's reporter adds; of a merged case also for the one that it is part of
INSERT INTO file_use (sha256, case_id, shard)
SELECT f.sha256, c.case_id, (c.case_id & 127)::smallint
FROM file f, (SELECT $1::bigint AS case_id UNION SELECT case_id FROM intake.receipt_cases($1::bigint)) c
WHERE f.sha256 = decode($2::text, 'hex')
ON CONFLICT DO NOTHING;

-- name: intake_files_forget
-- $1 seconds, $2 limit: files that no report names so long after they came
DELETE FROM file WHERE sha256 IN (
  SELECT f.sha256 FROM file f
  WHERE f.stored_at < clock_timestamp() - make_interval(secs => $1::integer)
    AND NOT EXISTS (SELECT FROM file_use u WHERE u.sha256 = f.sha256)
  ORDER BY f.stored_at LIMIT $2::integer FOR UPDATE SKIP LOCKED)
RETURNING encode(sha256, 'hex');
