-- name: intake_blocks
-- Those that hold now, at most 4096, the newest first.
SELECT block, kind, subject, reason, to_char(ends_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"')
FROM block WHERE lifted_at IS NULL AND ends_at > clock_timestamp() ORDER BY block DESC LIMIT 4096;

-- name: intake_appeal
-- $1 block, $2 text. One row: the appeal; NULL when three wait for an answer already. No row: there is no such block, or no longer.
WITH held AS (
  SELECT b.block, (SELECT count(*) FROM appeal a WHERE a.block = b.block AND a.answered_at IS NULL) AS waiting
  FROM block b WHERE b.block = $1::text::bigint AND b.lifted_at IS NULL AND b.ends_at > clock_timestamp()),
added AS (INSERT INTO appeal (block, text) SELECT block, $2::text FROM held WHERE waiting < 3 RETURNING appeal)
SELECT (SELECT appeal FROM added)::text FROM held;

-- name: intake_block
-- $1 block: how it stands, and the newest answer to an appeal
SELECT b.kind, b.reason, to_char(b.ends_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
  b.lifted_at IS NULL AND b.ends_at > clock_timestamp(),
  (SELECT count(*) FROM appeal a WHERE a.block = b.block AND a.answered_at IS NULL),
  (SELECT answer FROM appeal a WHERE a.block = b.block AND a.answered_at IS NOT NULL ORDER BY answered_at DESC LIMIT 1)
FROM block b WHERE b.block = $1::text::bigint;
