-- name: routing_cases
-- $1 shards, $2 cases
SELECT c.case_id, c.opened_at, c.due_at, c.version, c.tier, c.state, c.severity, c.unit, c.support, c.channel, c.item,
       c.area, c.opening, c.chain
FROM unnest($1::smallint[], $2::bigint[]) AS n (shard, case_id) JOIN case_file c USING (shard, case_id);

-- name: routing_commands
-- $1 shards, $2 cases, $3 keys: those that were carried out before
SELECT d.case_id, d.key, d.version, d.state
FROM unnest($1::smallint[], $2::bigint[], $3::text[]) AS n (shard, case_id, key)
JOIN command d USING (shard, case_id, key);

-- name: routing_open
-- $1 cases, $2 opened, $3 due, $4 versions, $5 shards, $6 tiers, $7 states, $8 severities, $9 units, $10 support,
-- $11 chains, $12 channels, $13 items, $14 areas, $15 openings
INSERT INTO case_file (case_id, opened_at, due_at, version, shard, tier, state, severity, unit, support, chain,
                       channel, item, area, opening)
SELECT n.case_id, n.opened_at, n.due_at, n.version, n.shard, n.tier, n.state, n.severity, n.unit,
       coalesce(n.support, ''), n.chain, n.channel, n.item, n.area, n.opening
FROM unnest($1::bigint[], $2::timestamptz[], $3::timestamptz[], $4::integer[], $5::smallint[], $6::smallint[],
            $7::text[], $8::text[], $9::text[], $10::text[], $11::bytea[], $12::text[], $13::text[], $14::text[],
            $15::bytea[])
  AS n (case_id, opened_at, due_at, version, shard, tier, state, severity, unit, support, chain, channel, item, area, opening);

-- name: routing_move
-- $1 to $11 as above; what a case was opened with stays
UPDATE case_file c
SET due_at = n.due_at, version = n.version, tier = n.tier, state = n.state, unit = n.unit,
    support = coalesce(n.support, ''), chain = n.chain
FROM unnest($1::bigint[], $2::timestamptz[], $3::timestamptz[], $4::integer[], $5::smallint[], $6::smallint[],
            $7::text[], $8::text[], $9::text[], $10::text[], $11::bytea[])
  AS n (case_id, opened_at, due_at, version, shard, tier, state, severity, unit, support, chain)
WHERE c.shard = n.shard AND c.case_id = n.case_id;

-- name: routing_save_commands
-- $1 cases, $2 keys, $3 versions, $4 shards, $5 states
INSERT INTO command (case_id, key, version, shard, state)
SELECT * FROM unnest($1::bigint[], $2::text[], $3::integer[], $4::smallint[], $5::text[]);
