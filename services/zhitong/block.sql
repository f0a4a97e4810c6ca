-- name: block_source
-- $1 source
SELECT 1 FROM city.source WHERE code = $1::text;

-- name: block_add
-- $1 kind, $2 subject, $3 reason, $4 days, $5 by, $6 number of the key that the subject was made with; 0: none
INSERT INTO block (kind, subject, reason, ends_at, added_by, key)
VALUES ($1::text, $2::text, $3::text, clock_timestamp() + make_interval(days => $4::text::integer), $5::text,
        nullif($6::bigint, 0))
RETURNING block, ends_at;

-- name: block_remove
-- $1 block, $2 by, $3 what those who appealed read
WITH lifted AS (
  UPDATE block SET lifted_at = clock_timestamp(), lifted_by = $2::text
  WHERE block = $1::text::bigint AND lifted_at IS NULL AND ends_at > clock_timestamp() RETURNING block),
answered AS (
  UPDATE appeal SET answer = $3::text, answered_by = $2::text, answered_at = clock_timestamp() FROM lifted
  WHERE appeal.block = lifted.block AND answered_at IS NULL)
SELECT block FROM lifted;

-- name: block_keep
-- $1 block, $2 by, $3 what those who appealed read
WITH answered AS (
  UPDATE appeal SET answer = $3::text, answered_by = $2::text, answered_at = clock_timestamp()
  WHERE block = $1::text::bigint AND answered_at IS NULL RETURNING block)
SELECT block FROM answered;

-- name: block_list
-- $1 yes: also those that have ended
SELECT block, kind, CASE kind WHEN 'source' THEN subject ELSE left(subject, 12) END, reason, added_by, added_at, ends_at,
  lifted_by, lifted_at, lifted_at IS NULL AND ends_at > clock_timestamp(),
  (SELECT count(*) FROM appeal a WHERE a.block = b.block AND a.answered_at IS NULL)
FROM block b WHERE $1::text = 'yes' OR (lifted_at IS NULL AND ends_at > clock_timestamp()) ORDER BY block;

-- name: block_appeals
-- Those that wait for an answer.
SELECT a.appeal, a.block, b.kind, b.reason, a.at, a.text FROM appeal a JOIN block b USING (block)
WHERE a.answered_at IS NULL ORDER BY a.appeal;
