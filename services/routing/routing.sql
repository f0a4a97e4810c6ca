-- name: routing_cases
-- $1 shards, $2 cases
SELECT c.case_id, c.opened_at, c.due_at, c.next_at, c.policy, coalesce(c.parent, 0), c.version, c.tier, c.supervised, c.state,
       c.severity, c.unit, c.support, c.channel, c.item, c.area, c.plan, c.kept, c.opening, c.chain
FROM unnest($1::smallint[], $2::bigint[]) AS n (shard, case_id) JOIN case_file c USING (shard, case_id);

-- name: routing_commands
-- $1 shards, $2 cases, $3 keys: those that were carried out before
SELECT d.case_id, d.key, d.version, d.state
FROM unnest($1::smallint[], $2::bigint[], $3::text[]) AS n (shard, case_id, key)
JOIN command d USING (shard, case_id, key);

-- name: routing_open
-- $1 to $15 what may change: cases, due, next, parents, versions, shards, tiers, supervised, states, units, support, plans, kept,
-- chains, when they moved; $16 opened, $17 policies, $18 severities, $19 channels, $20 items, $21 areas, $22 openings
INSERT INTO case_file (case_id, due_at, next_at, parent, version, shard, tier, supervised, state, unit, support, plan, kept,
                       chain, moved_at, opened_at, policy, severity, channel, item, area, opening)
SELECT n.case_id, n.due_at, n.next_at, nullif(n.parent, 0), n.version, n.shard, n.tier, n.supervised = 1, n.state, n.unit,
       coalesce(n.support, ''), coalesce(n.plan, ''), n.kept, n.chain, n.moved_at, n.opened_at, n.policy, n.severity, n.channel, n.item,
       n.area, n.opening
FROM unnest($1::bigint[], $2::timestamptz[], $3::timestamptz[], $4::bigint[], $5::integer[], $6::smallint[], $7::smallint[],
            $8::smallint[], $9::text[], $10::text[], $11::text[], $12::text[], $13::bytea[], $14::bytea[], $15::timestamptz[],
            $16::timestamptz[], $17::bigint[], $18::text[], $19::text[], $20::text[], $21::text[], $22::bytea[])
  AS n (case_id, due_at, next_at, parent, version, shard, tier, supervised, state, unit, support, plan, kept, chain,
        moved_at, opened_at, policy, severity, channel, item, area, opening);

-- name: routing_move
-- $1 to $15 as above
UPDATE case_file c
SET due_at = n.due_at, next_at = n.next_at, parent = nullif(n.parent, 0), version = n.version, tier = n.tier,
    supervised = n.supervised = 1, state = n.state, unit = n.unit, support = coalesce(n.support, ''),
    plan = coalesce(n.plan, ''), kept = n.kept, chain = n.chain, moved_at = n.moved_at
FROM unnest($1::bigint[], $2::timestamptz[], $3::timestamptz[], $4::bigint[], $5::integer[], $6::smallint[], $7::smallint[],
            $8::smallint[], $9::text[], $10::text[], $11::text[], $12::text[], $13::bytea[], $14::bytea[], $15::timestamptz[])
  AS n (case_id, due_at, next_at, parent, version, shard, tier, supervised, state, unit, support, plan, kept, chain,
        moved_at)
WHERE c.shard = n.shard AND c.case_id = n.case_id;

-- name: routing_tell
-- $1 cases, $2 shards, $3 openings: what is kept of the report, with what was added
UPDATE case_file c SET opening = n.opening
FROM unnest($1::bigint[], $2::smallint[], $3::bytea[]) AS n (case_id, shard, opening)
WHERE c.shard = n.shard AND c.case_id = n.case_id;

-- name: routing_save_commands
-- $1 cases, $2 keys, $3 versions, $4 shards, $5 states
INSERT INTO command (case_id, key, version, shard, state)
SELECT * FROM unnest($1::bigint[], $2::text[], $3::integer[], $4::smallint[], $5::text[]);

-- name: routing_orphans
-- $1 shards, $2 parent and $3 case of each where the last look ended (0, 0: at the beginning), $4 how many of each shard at most: its
-- merged cases from there on, by parent and case, and whether the parent, in whatever shard, is finished, or has had the result of a
-- parent of its own.
SELECT c.shard, c.case_id, c.parent, coalesce(p.state IN ('closed', 'archived') OR (p.state = 'callback' AND p.parent IS NOT NULL), false)
FROM unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS s (shard, parent, case_id),
     LATERAL (SELECT f.shard, f.case_id, f.parent FROM case_file f
              WHERE f.shard = s.shard AND f.state = 'merged' AND (f.parent, f.case_id) > (s.parent, s.case_id)
              ORDER BY f.parent, f.case_id LIMIT $4::integer) c
  LEFT JOIN case_file p ON p.shard = (c.parent & 127)::smallint AND p.case_id = c.parent
ORDER BY c.shard, c.parent, c.case_id;

-- name: routing_stale
-- $1 shards, $2 version of the calendar, $3 how many at most: open cases that were not counted anew since the calendar is of
-- that version, by shard and case; a row without a case: this shard has none (left).
SELECT s.shard, c.case_id
FROM unnest($1::smallint[]) AS s (shard) LEFT JOIN recalculation r ON r.shard = s.shard
  LEFT JOIN LATERAL (
    SELECT f.case_id FROM case_file f
    WHERE f.shard = s.shard AND f.case_id > CASE WHEN r.calendar = $2::bigint THEN r.last_case ELSE 0 END AND f.due_at IS NOT NULL
    ORDER BY f.case_id LIMIT $3::integer) c ON true
WHERE r.shard IS NULL OR r.calendar < $2::bigint OR (r.calendar = $2::bigint AND NOT r.done)
ORDER BY s.shard, c.case_id LIMIT $3::integer;

-- name: routing_counted
-- $1 shards, $2 last case of each, $3 whether that was all, $4 version of the calendar
INSERT INTO recalculation AS r (shard, last_case, done, calendar)
SELECT n.shard, n.last_case, n.done = 1, $4::bigint FROM unnest($1::smallint[], $2::bigint[], $3::smallint[]) AS n (shard, last_case, done)
ON CONFLICT (shard) DO UPDATE SET last_case = excluded.last_case, done = excluded.done, calendar = excluded.calendar;
