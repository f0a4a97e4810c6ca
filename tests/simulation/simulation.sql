-- What the simulation asks with its own connection.

-- name: simulation_alone
-- Two simulations on one database would see each other's cases. The session of one that just ended may hold on for a moment.
SELECT pg_advisory_lock(1) FROM set_config('lock_timeout', '10s', false);

-- name: simulation_moves
-- $1 last seq seen of each shard, from shard 0
SELECT l.seq, l.case_id, l.type, l.body, l.shard
FROM unnest($1::bigint[]) WITH ORDINALITY AS k (seq, nth) JOIN routing.log l ON l.shard = k.nth - 1 AND l.seq > k.seq
ORDER BY l.shard, l.seq;

-- name: simulation_cases
SELECT case_id, version, tier, state, unit, due_at, next_at FROM routing.case_file ORDER BY case_id;

-- name: simulation_reports
-- $1 cases
SELECT count(DISTINCT case_id) FROM intake.report WHERE case_id = ANY($1::bigint[]);

-- name: simulation_cursors
-- How far every service is, shard by shard: none of these numbers may ever fall.
SELECT 'routing in 1', shard, in_seq_1 FROM routing.shard WHERE in_seq_1 > 0
UNION ALL SELECT 'routing in 2', shard, in_seq_2 FROM routing.shard WHERE in_seq_2 > 0
UNION ALL SELECT 'escalation in', shard, in_seq_1 FROM escalation.shard WHERE in_seq_1 > 0
UNION ALL SELECT 'notification in', shard, in_seq_1 FROM notification.shard WHERE in_seq_1 > 0
UNION ALL SELECT 'intake out', shard, out_seq FROM intake.shard WHERE out_seq > 0
UNION ALL SELECT 'routing out', shard, out_seq FROM routing.shard WHERE out_seq > 0
UNION ALL SELECT 'escalation out', shard, out_seq FROM escalation.shard WHERE out_seq > 0;

-- name: simulation_unfired
-- $1 now, unix ms. Deadlines that have passed and have not fired, and merged cases whose parent has ended.
SELECT (SELECT count(*) FROM escalation.deadline WHERE fired_at IS NULL AND due_at <= to_timestamp($1::bigint / 1000.0))
     + (SELECT count(*) FROM routing.case_file c JOIN routing.case_file p ON p.case_id = c.parent
        WHERE c.state = 'merged' AND (p.state IN ('closed', 'archived') OR (p.state = 'callback' AND p.parent IS NOT NULL)));

-- name: simulation_parked
SELECT string_agg(format('%s: %s: %s', s, field, reason), '; ')
FROM (SELECT 'routing' AS s, field, reason FROM routing.parked UNION ALL SELECT 'escalation', field, reason FROM escalation.parked
      UNION ALL SELECT 'notification', field, reason FROM notification.parked) p;

-- name: simulation_stream
-- $1 unit, $2 from
SELECT seq FROM notification.read_stream($1::text, $2::bigint, 1000000) ORDER BY seq;

-- name: simulation_head
-- $1 unit
SELECT coalesce((SELECT head FROM notification.stream WHERE unit = $1::text), 0);
