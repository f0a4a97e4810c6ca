-- psql variables: cases, open. Fills routing.case_file with a city's past: `cases` of them over the years at 4,000 a day, of which
-- about `open` are open, most of them young; and the log of the youngest 100,000. For tests/bench/desk.
\set ON_ERROR_STOP on
SET synchronous_commit = off;
SELECT setseed(0.5);

CREATE FUNCTION pg_temp.mp(key text, value text) RETURNS bytea IMMUTABLE LANGUAGE sql AS $$
  SELECT set_byte('\x00', 0, 160 + octet_length(key)) || convert_to(key, 'UTF8')
      || '\xda' || substr(int4send(octet_length(value)), 3) || convert_to(value, 'UTF8')
$$;
CREATE FUNCTION pg_temp.mp(key text, value bigint) RETURNS bytea IMMUTABLE LANGUAGE sql AS $$
  SELECT set_byte('\x00', 0, 160 + octet_length(key)) || convert_to(key, 'UTF8') || '\xcf' || int8send(value)
$$;

-- A case_moved as messages.def has it; only its facts are looked at.
CREATE FUNCTION pg_temp.moved(n bigint, move text, version integer) RETURNS bytea IMMUTABLE LANGUAGE sql AS $$
  SELECT '\xde0011'::bytea || pg_temp.mp('t', 'case_moved') || pg_temp.mp('case', n) || pg_temp.mp('version', version)
      || pg_temp.mp('at', 1767225600000) || pg_temp.mp('move', move) || pg_temp.mp('from', 'dispatched')
      || pg_temp.mp('state', 'handling') || pg_temp.mp('tier', 1) || pg_temp.mp('unit', '411102001001.centre')
      || pg_temp.mp('severity', 'yellow') || pg_temp.mp('actor', 'desk') || pg_temp.mp('channel', 'minqing')
      || pg_temp.mp('item', 'litter') || pg_temp.mp('area', '411102001001')
      || pg_temp.mp('title', '小区门口垃圾堆积无人清运 ' || n) || pg_temp.mp('address', '人民路 ' || n % 900 || ' 号')
      || pg_temp.mp('description', repeat('连续三天无人清运，夏天气味很大，影响居民出行。', 1 + (n % 4)::integer))
$$;
CREATE TEMP TABLE opening AS SELECT n, pg_temp.moved(n, 'open', 1) AS body FROM generate_series(0, 999) n;
CREATE TEMP TABLE place AS
  SELECT row_number() OVER (ORDER BY a.code) - 1 AS n, a.code AS area,
         (SELECT array_agg(u.code ORDER BY u.code) FROM city.unit u JOIN desk.area_within w ON w.within = u.area
          WHERE w.area = a.code AND u.tier = 1) AS t1,
         (SELECT array_agg(u.code ORDER BY u.code) FROM city.unit u JOIN desk.area_within w ON w.within = u.area
          WHERE w.area = a.code AND u.tier = 2) AS t2,
         (SELECT array_agg(u.code ORDER BY u.code) FROM city.unit u JOIN desk.area_within w ON w.within = u.area
          WHERE w.area = a.code AND u.tier = 3) AS t3,
         (SELECT array_agg(u.code ORDER BY u.code) FROM city.unit u JOIN desk.area_within w ON w.within = u.area
          WHERE w.area = a.code AND u.tier = 4) AS t4
  FROM city.area a WHERE a.tier <= 2;
CREATE TEMP TABLE thing AS SELECT row_number() OVER (ORDER BY code) - 1 AS n, code, severity FROM city.item;
CREATE TEMP TABLE way AS SELECT row_number() OVER (ORDER BY position) - 1 AS n, code FROM city.channel;
ANALYZE opening; ANALYZE place; ANALYZE thing; ANALYZE way;
CREATE INDEX ON opening (n); CREATE INDEX ON place (n); CREATE INDEX ON thing (n); CREATE INDEX ON way (n);
SELECT (SELECT count(*) FROM place) AS places, (SELECT count(*) FROM thing) AS things, (SELECT count(*) FROM way) AS ways \gset

-- The youngest 1.5 per cent: eight in ten are open; of the next 12 per cent, one in fifteen; hardly any of the rest. That is 2 %.
INSERT INTO routing.case_file (case_id, opened_at, due_at, version, shard, tier, state, severity, unit, support, channel, item, area,
                               opening, chain, next_at, policy, supervised, plan, kept)
SELECT (r.n / 128 + 1) * 128 + r.n % 128, r.opened_at, r.due_at, 6, r.n % 128, r.tier,
       CASE WHEN r.due_at IS NULL THEN CASE WHEN r.n % 10 = 0 THEN 'closed' ELSE 'archived' END
            ELSE (ARRAY['dispatched', 'handling', 'handling', 'claimed_done', 'callback', 'accepted'])[1 + r.n % 6] END,
       thing.severity, CASE r.tier WHEN 1 THEN (coalesce(t1, t2, t3))[1] WHEN 2 THEN t2[1 + r.n % cardinality(t2)]
                        WHEN 3 THEN t3[1 + r.n % cardinality(t3)] ELSE t4[1 + r.n % cardinality(t4)] END,
       CASE WHEN r.n % 3 = 0 AND r.tier > 1 THEN (coalesce(t1, t2, t3))[1] ELSE '' END, way.code, thing.code, place.area, opening.body,
       sha256(int8send(r.n)), r.due_at, 1, r.due_at IS NOT NULL AND r.n % 211 = 0, '环卫队明天上午到场清运，安排两辆车，社区网格员跟进确认，完成后拍照反馈并回访反映人。',
       ''
FROM (SELECT n, date_trunc('milliseconds', now() - interval '21.6 seconds' * (:cases - n)) AS opened_at,
             (ARRAY[1, 1, 1, 1, 2, 2, 2, 3, 3, 4])[1 + floor(random() * 10)::integer]::smallint AS tier,
             CASE WHEN random() < CASE WHEN n > :cases * 0.985 THEN 0.8 WHEN n > :cases * 0.865 THEN 0.065 ELSE 0.0002 END
                  THEN date_trunc('milliseconds', now() + interval '1 hour' * (random() * 200 - 30)) END AS due_at,
             floor(random() * :places)::bigint AS p, floor(random() * :things)::bigint AS t, floor(random() * :ways)::bigint AS w
      FROM generate_series(0::bigint, :cases - 1) n) r
  JOIN place ON place.n = r.p JOIN thing ON thing.n = r.t JOIN way ON way.n = r.w JOIN opening ON opening.n = r.n % 1000;

INSERT INTO routing.log (seq, case_id, at, shard, type, body)
SELECT row_number() OVER (PARTITION BY shard ORDER BY v, case_id), case_id, opened_at + interval '1 hour' * v, shard, 33,
       pg_temp.moved(case_id, CASE v WHEN 1 THEN 'open' WHEN 2 THEN 'sign' ELSE 'progress' END, v)
FROM (SELECT case_id, shard, opened_at FROM routing.case_file WHERE case_id > (:cases - 100000)) c, generate_series(1, 14) v;
UPDATE routing.shard s SET out_seq = coalesce((SELECT max(seq) FROM routing.log l WHERE l.shard = s.shard), 0);
-- These moves have been told long ago, and every open case was counted with today's calendar.
UPDATE escalation.shard d SET in_seq_1 = s.out_seq FROM routing.shard s WHERE s.shard = d.shard;
UPDATE notification.shard d SET in_seq_1 = s.out_seq FROM routing.shard s WHERE s.shard = d.shard;
INSERT INTO routing.recalculation (shard, calendar, last_case, done) SELECT shard, 9223372036854775807, 9223372036854775807, true FROM routing.shard;
