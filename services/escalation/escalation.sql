-- name: escalation_arm
-- $1 cases, $2 due, $3 versions, $4 shards, $5 tiers. A deadline that fired stays fired until it gets another instant.
INSERT INTO deadline AS d (case_id, due_at, version, shard, tier)
SELECT * FROM unnest($1::bigint[], $2::timestamptz[], $3::integer[], $4::smallint[], $5::smallint[])
ON CONFLICT (shard, case_id) DO UPDATE
  SET fired_at = CASE WHEN excluded.due_at = d.due_at AND excluded.tier = d.tier THEN d.fired_at END,
      due_at = excluded.due_at, version = excluded.version, tier = excluded.tier;

-- name: escalation_disarm
-- $1 shards, $2 cases
DELETE FROM deadline d USING unnest($1::smallint[], $2::bigint[]) AS n (shard, case_id)
WHERE d.shard = n.shard AND d.case_id = n.case_id;

-- name: escalation_due
-- $1 shards, $2 now, $3 how many at most. From every shard its earliest ones.
SELECT d.case_id, d.due_at, d.version, d.tier
FROM unnest($1::smallint[]) AS s (shard) CROSS JOIN LATERAL (
  SELECT case_id, due_at, version, tier FROM deadline
  WHERE deadline.shard = s.shard AND fired_at IS NULL AND due_at <= $2::timestamptz
  ORDER BY due_at LIMIT $3::integer) d
ORDER BY d.due_at, d.case_id LIMIT $3::integer;

-- name: escalation_next
-- $1 shards, $2 now
SELECT min(d.due_at)
FROM unnest($1::smallint[]) AS s (shard) CROSS JOIN LATERAL (
  SELECT due_at FROM deadline
  WHERE deadline.shard = s.shard AND fired_at IS NULL AND due_at > $2::timestamptz ORDER BY due_at LIMIT 1) d;

-- name: escalation_fire
-- $1 shards, $2 cases, $3 now
UPDATE deadline d SET fired_at = $3::timestamptz FROM unnest($1::smallint[], $2::bigint[]) AS n (shard, case_id)
WHERE d.shard = n.shard AND d.case_id = n.case_id;
