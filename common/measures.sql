-- What reports ask: routing's log shard by shard, the kept facts of cases, and the city's names.

-- name: measures_prepare
-- No time limit: a report over years of log takes its time. Planned anew each time: a month or everything is another plan.
SELECT set_config('statement_timeout', '0', false), set_config('idle_in_transaction_session_timeout', '0', false),
       set_config('plan_cache_mode', 'force_custom_plan', false), set_config('enable_seqscan', 'on', false),
       set_config('enable_hashjoin', 'on', false), set_config('enable_mergejoin', 'on', false);

-- name: measures_begin
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;

-- name: measures_begin_shard
BEGIN;

-- name: measures_commit
COMMIT;

-- name: measures_rollback
ROLLBACK;

-- name: measures_now
SELECT mesh.now();

-- name: measures_kept
-- From which instant the log is whole: null when nothing was dropped.
SELECT max(at) FILTER (WHERE seq > 1) FROM measures.kept;

-- name: measures_heads
SELECT shard, seq FROM measures.head ORDER BY shard;

-- name: measures_entries
-- $1 shard, $2 after this seq, $3 up to this one
SELECT type, body FROM measures.entry WHERE shard = $1::smallint AND seq > $2::bigint AND seq <= $3::bigint ORDER BY seq;

-- name: measures_cursor
-- $1 shard. Locks it: of two reports one folds, the other waits and finds it done.
SELECT c.format, c.seq, h.seq FROM measures.cursor c JOIN measures.head h USING (shard)
WHERE c.shard = $1::smallint FOR UPDATE OF c;

-- name: measures_forget
-- $1 shard
DELETE FROM measures.case_facts WHERE shard = $1::smallint;

-- name: measures_known
-- $1 shard, $2 after this seq, $3 up to this one: what is kept of the cases that these entries are about
SELECT case_id, facts FROM measures.case_facts
WHERE shard = $1::smallint AND case_id IN (
  SELECT case_id FROM measures.entry WHERE shard = $1::smallint AND seq > $2::bigint AND seq <= $3::bigint);

-- name: measures_keep
-- $1 shard, $2 cases, $3 opened, $4 closed, $5 facts
INSERT INTO measures.case_facts (shard, case_id, opened_at, closed_at, facts)
SELECT $1::smallint, n.* FROM unnest($2::bigint[], $3::timestamptz[], $4::timestamptz[], $5::bytea[]) AS n
ON CONFLICT (shard, case_id) DO UPDATE SET closed_at = excluded.closed_at, facts = excluded.facts;

-- name: measures_move_cursor
-- $1 shard, $2 format, $3 seq
UPDATE measures.cursor SET format = $2::smallint, seq = $3::bigint WHERE shard = $1::smallint;

-- name: measures_facts
-- $1 shard, $2 after this case, $3 $4 opened or closed from … to, $5 how many at most
SELECT case_id, facts FROM measures.case_facts
WHERE shard = $1::smallint AND case_id > $2::bigint
  AND (opened_at >= $3::timestamptz AND opened_at < $4::timestamptz OR
       closed_at >= $3::timestamptz AND closed_at < $4::timestamptz)
ORDER BY case_id LIMIT $5::integer;

-- name: measures_city
SELECT name_en, coalesce(name_zh, name_en), timezone FROM city.city;

-- name: measures_channels
SELECT code, callback, coalesce(proactive, false) FROM city.channel ORDER BY position;

-- name: measures_names
-- $1 unit, item, channel or source; who is no source of the city's has the empty code
SELECT code, name_en, coalesce(name_zh, name_en) FROM city.unit WHERE $1::text = 'unit'
UNION ALL SELECT code, name_en, coalesce(name_zh, name_en) FROM city.item WHERE $1::text = 'item'
UNION ALL SELECT code, name_en, coalesce(name_zh, name_en) FROM city.channel WHERE $1::text = 'channel'
UNION ALL SELECT code, name_en, coalesce(name_zh, name_en) FROM city.source WHERE $1::text = 'source'
UNION ALL SELECT '', 'no source', '无来源' WHERE $1::text = 'source'
ORDER BY code;

-- name: measures_slots
SELECT code, title_en, coalesce(title_zh, title_en) FROM city.slot ORDER BY position;

-- name: measures_warns
-- Whether any kept policy warns, or has a grace at whose beginning it alarms: a case keeps the policy under which it was opened.
-- What rules.csv does not say is warned of.
SELECT NOT EXISTS (SELECT FROM city.policy) OR EXISTS (
  SELECT FROM city.policy p
  WHERE (SELECT count(*) FROM city.policy_rule r
         WHERE r.version = p.version AND r.key IN ('warn_first_percent', 'warn_second_percent') AND r.value = 0) < 2
     OR EXISTS (SELECT FROM city.policy_ladder l WHERE l.version = p.version AND l.grace_amount > 0));

-- name: measures_unit_is_known
-- $1 unit
SELECT EXISTS (SELECT FROM city.unit WHERE code = $1::text);
