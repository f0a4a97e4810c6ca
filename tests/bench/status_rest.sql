-- psql variables: cases, days. What `zhitong status` looks at beside the cases of desk_cases.sql: reports, deadlines, logs of so many days, streams,
-- endpoints. For tests/bench/status.
\set ON_ERROR_STOP on
SET synchronous_commit = off;

SELECT set_config('bench.days', :'days', false);

DO $$
DECLARE
  log regclass;
  day date;
BEGIN
  FOR log IN SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE c.relkind = 'p' AND n.nspname IN ('intake', 'routing', 'escalation', 'notification') LOOP
    FOR day IN SELECT current_date - n FROM generate_series(-2, current_setting('bench.days')::integer) n LOOP
      EXECUTE format('CREATE TABLE IF NOT EXISTS %s%s PARTITION OF %s FOR VALUES FROM (%L) TO (%L)', log,
                     to_char(day, '_YYYYMMDD'), log, day, day + 1);
    END LOOP;
  END LOOP;
END $$;

INSERT INTO escalation.deadline (case_id, due_at, version, shard, tier)
SELECT case_id, greatest(due_at, now() + interval '1 minute'), version, shard, tier FROM routing.case_file WHERE due_at IS NOT NULL;

INSERT INTO intake.report (case_id, received_at, digest, shard, body)
SELECT case_id, opened_at, md5(case_id::text)::uuid, shard, decode(repeat('61', 200), 'hex') FROM routing.case_file ORDER BY opened_at;

-- What nobody has followed yet: every service is behind in each of its shards.
UPDATE intake.shard SET out_seq = 40;
UPDATE routing.shard SET out_seq = 40, in_seq_1 = 30;
INSERT INTO intake.log (seq, case_id, at, shard, type, body)
SELECT n, n * 128 + shard, now(), shard, 1, '' FROM intake.shard, generate_series(1, 40) n;

INSERT INTO notification.stream (unit, head) SELECT code, 100000 FROM city.unit;
INSERT INTO notification.stream_body (seq, case_id, at, stream, version, type, body)
SELECT n, n, now(), number, 1, 1, '' FROM notification.stream, generate_series(99901, 100000) n;
INSERT INTO notification.endpoint (name, unit, carrier, shown, cursor)
SELECT 'hook ' || n, (SELECT unit FROM notification.stream OFFSET n % (SELECT count(*) FROM notification.stream) LIMIT 1), 'webhook', '', n
FROM generate_series(1, 10000) n;
INSERT INTO notification.delivery (endpoint, seq, case_id, state, next_at)
SELECT endpoint, n, n, CASE WHEN n % 2 = 0 THEN 'dead' ELSE 'retry' END, now() FROM notification.endpoint, generate_series(1, 20) n;
