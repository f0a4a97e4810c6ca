-- A small healthy city for `zhitong audit`, made without services: psql -v shards=8 -v reports=26 (not a multiple of 5 or 7).
-- Each shard has `reports` cases; every 5th was escalated once, every 7th closed, the last one has just let its deadline
-- pass and routing does not know yet.
BEGIN;

CREATE FUNCTION pg_temp.text(value text) RETURNS bytea IMMUTABLE LANGUAGE sql AS $$
  SELECT decode('d9' || lpad(to_hex(octet_length(value)), 2, '0'), 'hex') || convert_to(value, 'UTF8') $$;
CREATE FUNCTION pg_temp.number(value bigint) RETURNS bytea IMMUTABLE LANGUAGE sql AS $$
  SELECT '\xcf'::bytea || int8send(value) $$;
CREATE FUNCTION pg_temp.millis(value timestamptz) RETURNS bigint IMMUTABLE LANGUAGE sql AS $$
  SELECT (extract(epoch FROM value) * 1000)::bigint $$;

CREATE TEMP TABLE story AS
SELECT shard::smallint AS shard, n AS report, n::bigint * 128 + shard AS case_id, n % 5 = 0 AS escalated, n % 7 = 0 AS closed,
       n = :reports AS fired, date_trunc('second', now()) + interval '30 days' AS due, 'unit-' || (n % 20) AS unit
FROM generate_series(0, :shards - 1) shard, generate_series(1, :reports) n;

CREATE TEMP TABLE move AS
SELECT row_number() OVER (PARTITION BY shard ORDER BY stage, report) AS seq,
       row_number() OVER (PARTITION BY case_id ORDER BY stage)::integer AS version, m.*
FROM (
  SELECT *, 1 AS stage, 'open' AS move, 'none' AS before, 'dispatched' AS state, 1 AS tier, unit AS lead, '' AS support,
         due AS until FROM story
  UNION ALL SELECT *, 2, 'escalate', 'dispatched', 'dispatched', 2, 'centre', unit, due + interval '1 day' FROM story WHERE escalated
  UNION ALL SELECT *, 3, 'close', 'dispatched', 'closed', CASE WHEN escalated THEN 2 ELSE 1 END,
         CASE WHEN escalated THEN 'centre' ELSE unit END, CASE WHEN escalated THEN unit ELSE '' END, NULL FROM story WHERE closed) m;

INSERT INTO intake.report (case_id, received_at, digest, shard, body)
SELECT case_id, now(), gen_random_uuid(), shard, '\x80' FROM story;
INSERT INTO intake.log (seq, case_id, at, shard, type, body) SELECT report, case_id, now(), shard, 32, '\x80' FROM story;

INSERT INTO routing.log (seq, case_id, at, shard, type, body)
SELECT seq, case_id, now(), shard, 33,
       decode('de00'
                   || lpad(to_hex(14 + (support <> '')::integer + (until IS NOT NULL)::integer), 2, '0'), 'hex')
       || '\xa174'::bytea || pg_temp.text('case_moved') || pg_temp.text('case') || pg_temp.number(case_id)
       || pg_temp.text('version') || pg_temp.number(version) || pg_temp.text('at') || pg_temp.number(pg_temp.millis(now()))
       || pg_temp.text('move') || pg_temp.text(move) || pg_temp.text('from') || pg_temp.text(before)
       || pg_temp.text('state') || pg_temp.text(state) || pg_temp.text('tier') || pg_temp.number(tier)
       || pg_temp.text('unit') || pg_temp.text(lead)
       || CASE WHEN support = '' THEN ''::bytea ELSE pg_temp.text('support') || pg_temp.text(support) END
       || pg_temp.text('severity') || pg_temp.text('yellow')
       || CASE WHEN until IS NULL THEN ''::bytea ELSE pg_temp.text('due_at') || pg_temp.number(pg_temp.millis(until)) END
       || pg_temp.text('actor') || pg_temp.text('rule') || pg_temp.text('channel') || pg_temp.text('web')
       || pg_temp.text('item') || pg_temp.text('pothole') || pg_temp.text('area') || pg_temp.text('city')
FROM move;

INSERT INTO routing.case_file (case_id, opened_at, due_at, next_at, version, shard, tier, state, severity, unit, support, channel, item, area, opening)
SELECT DISTINCT ON (case_id) case_id, now(), until, until, version, shard, tier, state, 'yellow', lead, support, 'web', 'pothole', 'city', '\x80'
FROM move ORDER BY case_id, version DESC;

INSERT INTO escalation.log (seq, case_id, at, shard, type, body)
SELECT row_number() OVER (PARTITION BY shard ORDER BY fired, report), case_id, now(), shard, 34, '\x80' FROM story WHERE escalated OR fired;
INSERT INTO escalation.deadline (case_id, due_at, fired_at, version, shard, tier)
SELECT c.case_id, c.due_at, CASE WHEN s.fired THEN now() END, c.version, c.shard, c.tier
FROM routing.case_file c JOIN story s USING (case_id) WHERE c.state <> 'closed';

-- The body lies with the lead, a supporting unit refers to it; as if every case had come in a batch of its own.
CREATE TEMP TABLE told AS
SELECT row_number() OVER (PARTITION BY unit ORDER BY shard, seq) AS nth, t.*
FROM (SELECT shard, seq, case_id, version, lead AS unit, NULL AS body_of FROM move
      UNION ALL SELECT shard, seq, case_id, version, support, lead FROM move WHERE support <> '') t;
INSERT INTO notification.stream (unit, head, at) SELECT unit, max(nth), now() FROM told GROUP BY unit;
INSERT INTO notification.stream_body (seq, case_id, at, stream, version, type, body)
SELECT t.nth, t.case_id, now(), s.number, t.version, 33, '\x80'
FROM told t JOIN notification.stream s USING (unit) WHERE t.body_of IS NULL;
INSERT INTO notification.stream_run (last_seq, at, stream, of_streams, of_seqs)
SELECT t.nth, now(), s.number, ARRAY[o.number], ARRAY[b.nth]
FROM told t JOIN notification.stream s USING (unit) JOIN notification.stream o ON o.unit = t.body_of
  JOIN told b ON b.unit = t.body_of AND b.case_id = t.case_id AND b.version = t.version;

UPDATE intake.shard SET out_seq = :reports WHERE shard < :shards;
UPDATE routing.shard s SET in_seq_1 = :reports, in_seq_2 = e.last - 1, out_seq = m.last
FROM (SELECT shard, max(seq) AS last FROM move GROUP BY shard) m, (SELECT shard, max(seq) AS last FROM escalation.log GROUP BY shard) e
WHERE m.shard = s.shard AND e.shard = s.shard;
UPDATE escalation.shard s SET in_seq_1 = r.out_seq, out_seq = e.last
FROM routing.shard r, (SELECT shard, max(seq) AS last FROM escalation.log GROUP BY shard) e
WHERE r.shard = s.shard AND e.shard = s.shard;
UPDATE notification.shard s SET in_seq_1 = r.out_seq FROM routing.shard r WHERE r.shard = s.shard;
COMMIT;
ANALYZE;
