-- How everything stands. Each query must be quick on a database of any size: index paths, at most 50,000 rows counted one by one
-- (STATUS_COUNTED_MAX), PostgreSQL's own statistics for what is more. `how`: 0 counted, 1 about, 2 at least. Days come as parameters, so
-- that a plan is made for their partitions only: planning for those of a year takes longer than everything else.

-- name: status_prepare
SELECT set_config('statement_timeout', '10s', false), set_config('enable_seqscan', 'off', false), set_config('jit', 'off', false),
       set_config('max_parallel_workers_per_gather', '0', false);

-- name: status_city
-- The folder of the data only where the database is on this machine and we may know it.
SELECT mesh.now(), EXISTS (SELECT FROM mesh.clock), coalesce((SELECT speed FROM mesh.clock), 1), c.code, c.name_en, c.version, c.timezone,
       (SELECT setting FROM pg_settings WHERE name = 'data_directory'
          AND (inet_server_addr() IS NULL OR inet_server_addr() <<= '127.0.0.0/8' OR inet_server_addr() = '::1')),
       (SELECT count(*) FROM public.zhitong_migration), current_date - DATE '2000-01-01'
FROM (VALUES (1)) one LEFT JOIN city.city c ON true;

-- name: status_services
-- In the order in which a report meets them.
SELECT service FROM mesh.service
ORDER BY array_position(ARRAY['intake', 'routing', 'escalation', 'notification', 'desk'], service), service;

-- name: status_members
WITH locks AS MATERIALIZED (
  SELECT objid FROM pg_locks
  WHERE locktype = 'advisory' AND classid = mesh.lock_class()::oid AND objsubid = 2 AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
SELECT member, service, endpoint, started_at, member::oid IN (SELECT objid FROM locks) FROM mesh.member ORDER BY service, member;

-- name: status_owners
-- Who owns how many shards, and how far the logs of these are. owner 0: nobody.
SELECT service, owner, count(*), sum(out_seq)::bigint, max(epoch)
FROM (SELECT 'intake' AS service, owner, epoch, out_seq FROM intake.shard UNION ALL SELECT 'routing', owner, epoch, out_seq FROM routing.shard
      UNION ALL SELECT 'escalation', owner, epoch, out_seq FROM escalation.shard
      UNION ALL SELECT 'notification', owner, epoch, out_seq FROM notification.shard
      UNION ALL SELECT 'desk', owner, epoch, out_seq FROM desk.shard) s
GROUP BY service, owner;

-- name: status_behind
-- $1 now, $2 a week ago. Entries that each service has still to apply, and the age of the oldest, looked for in the eight shards that
-- are furthest behind; where it is older than a week, that.
WITH heads (service, shard, head) AS (
    SELECT 'intake', shard, out_seq FROM intake.shard UNION ALL SELECT 'routing', shard, out_seq FROM routing.shard
    UNION ALL SELECT 'escalation', shard, out_seq FROM escalation.shard),
  cursors (service, shard, upstream, seq) AS (
    SELECT 'routing', shard, 1, in_seq_1 FROM routing.shard UNION ALL SELECT 'routing', shard, 2, in_seq_2 FROM routing.shard
    UNION ALL SELECT 'escalation', shard, 1, in_seq_1 FROM escalation.shard
    UNION ALL SELECT 'notification', shard, 1, in_seq_1 FROM notification.shard),
  gaps AS MATERIALIZED (
    SELECT c.service, c.upstream, h.service AS of, c.shard, c.seq, greatest(h.head - c.seq, 0) AS entries
    FROM cursors c JOIN mesh.service m ON m.service = c.service
      JOIN heads h ON h.shard = c.shard AND h.service = CASE c.upstream WHEN 1 THEN m.upstream_1 ELSE m.upstream_2 END),
  worst AS (
    SELECT g.service, g.of, l.at
    FROM (SELECT *, row_number() OVER (PARTITION BY service, of ORDER BY entries DESC) AS place FROM gaps WHERE entries > 0) g,
      LATERAL (SELECT at FROM intake.log WHERE g.of = 'intake' AND shard = g.shard AND seq = g.seq + 1 AND day >= $2::date
               UNION ALL SELECT at FROM routing.log WHERE g.of = 'routing' AND shard = g.shard AND seq = g.seq + 1 AND day >= $2::date
               UNION ALL SELECT at FROM escalation.log WHERE g.of = 'escalation' AND shard = g.shard AND seq = g.seq + 1 AND day >= $2::date) l
    WHERE g.place <= 8)
SELECT g.service, g.of, sum(g.entries)::bigint,
       CASE WHEN sum(g.entries) > 0 THEN
         (extract(epoch FROM $1::timestamptz - least($1::timestamptz, coalesce(
            (SELECT min(w.at) FROM worst w WHERE w.service = g.service AND w.of = g.of), $1::timestamptz - interval '7 days'))) * 1000)::bigint
       END
FROM gaps g GROUP BY g.service, g.of, g.upstream ORDER BY g.service, g.upstream;

-- name: status_parked
SELECT 'intake', count(*) FROM intake.parked WHERE discarded_at IS NULL
UNION ALL SELECT 'routing', count(*) FROM routing.parked WHERE discarded_at IS NULL
UNION ALL SELECT 'escalation', count(*) FROM escalation.parked WHERE discarded_at IS NULL
UNION ALL SELECT 'notification', count(*) FROM notification.parked WHERE discarded_at IS NULL;

-- name: status_clocks
-- $1 now → armed, how, due, how, the oldest due, the next
SELECT a.armed, CASE WHEN few.n > 50000 THEN 1 ELSE 0 END, d.due, CASE WHEN d.due > 50000 THEN 2 ELSE 0 END, d.oldest, n.next
FROM (SELECT count(*) AS n FROM (SELECT FROM escalation.deadline WHERE fired_at IS NULL LIMIT 50001) f) few,
  LATERAL (SELECT CASE WHEN few.n <= 50000 THEN few.n
                  ELSE greatest(few.n, (SELECT reltuples::bigint FROM pg_class WHERE oid = 'escalation.deadline_due'::regclass)) END AS armed) a,
  (SELECT sum(one.n)::bigint AS due, min(one.first) AS oldest
   FROM generate_series(0, 127) s,
     LATERAL (SELECT count(*) AS n, min(due_at) AS first
              FROM (SELECT due_at FROM escalation.deadline WHERE shard = s AND fired_at IS NULL AND due_at <= $1::timestamptz
                    ORDER BY due_at LIMIT 401) f) one) d,
  (SELECT min(one.first) AS next
   FROM generate_series(0, 127) s,
     LATERAL (SELECT due_at AS first FROM escalation.deadline WHERE shard = s AND fired_at IS NULL AND due_at > $1::timestamptz
              ORDER BY due_at LIMIT 1) one) n;

-- name: status_streams
-- $1 today. A stream's rows are written in the order of seq: its first ones of today tell how many entries today brought.
SELECT count(*), coalesce(sum(CASE WHEN b.first IS NULL AND r.first IS NULL THEN 0
                                   ELSE notification.entries_between(s.unit, least(b.first, r.first) - 1, s.head) END), 0)::bigint
FROM notification.stream s,
  LATERAL (SELECT min(seq) AS first FROM notification.stream_body WHERE stream = s.number AND day = $1::date) b,
  LATERAL (SELECT min(f.first) AS first
           FROM (SELECT last_seq - cardinality(of_seqs) + 1 AS first FROM notification.stream_run
                 WHERE stream = s.number AND day = $1::date ORDER BY last_seq LIMIT 1) f) r;

-- name: status_groups
-- The groups that share a stream, the one furthest behind it first. → unit and name, entries, since when, groups
SELECT g.unit || ' ' || g.name, notification.entries_between(s.unit, g.applied, s.head), g.changed_at, count(*) OVER ()
FROM notification.stream_group g JOIN notification.stream s USING (unit) ORDER BY 2 DESC, 1 LIMIT 1;

-- name: status_endpoints
-- → endpoints, disabled, the first of these; the one most behind its stream, and by how much. What people ended for themselves (the
-- link in a message, their page) is as they want it.
SELECT count(*), count(d.at), min(e.name) FILTER (WHERE d.at IS NOT NULL), w.name, coalesce(w.behind, 0)
FROM notification.endpoint e
  CROSS JOIN LATERAL (SELECT CASE WHEN e.disabled_why LIKE 'ended by %' THEN NULL ELSE e.disabled_at END AS at) d
  LEFT JOIN (SELECT o.name, notification.entries_between(s.unit, o.cursor, s.head) AS behind FROM notification.endpoint o JOIN notification.stream s USING (unit)
             WHERE o.disabled_at IS NULL AND s.head > o.cursor ORDER BY 2 DESC, 1 LIMIT 1) w ON true
GROUP BY w.name, w.behind;

-- name: status_deliveries
-- → in delivery or dead, how; dead, how; an endpoint that has a dead one
SELECT CASE WHEN a.n <= 50000 THEN a.n ELSE greatest(a.n, (SELECT reltuples::bigint FROM pg_class
                                                           WHERE oid = 'notification.delivery'::regclass)) END,
       CASE WHEN a.n > 50000 THEN 1 ELSE 0 END,
       CASE WHEN d.n <= 50000 THEN d.n ELSE greatest(d.n, (SELECT reltuples::bigint FROM pg_class
                                                           WHERE oid = 'notification.delivery_dead'::regclass)) END,
       CASE WHEN d.n > 50000 THEN 1 ELSE 0 END,
       (SELECT name FROM notification.endpoint WHERE endpoint = (SELECT min(endpoint) FROM notification.delivery WHERE state = 'dead'))
FROM (SELECT count(*) AS n FROM (SELECT FROM notification.delivery LIMIT 50001) f) a,
     (SELECT count(*) AS n FROM (SELECT FROM notification.delivery WHERE state = 'dead' LIMIT 50001) f) d;

-- name: status_reports
-- $1 now, $2 time zone, $3 today → reports since midnight, how. Past the limit: entries of intake's log today, from the first row of each shard.
SELECT CASE WHEN few.n <= 50000 THEN few.n ELSE greatest(few.n, logged.n) END, CASE WHEN few.n > 50000 THEN 1 ELSE 0 END
FROM (SELECT count(*) AS n FROM (
        SELECT FROM intake.report
        WHERE received_at >= date_trunc('day', $1::timestamptz AT TIME ZONE $2::text) AT TIME ZONE $2::text LIMIT 50001) f) few,
     (SELECT coalesce(sum(s.out_seq - l.first + 1), 0)::bigint AS n FROM intake.shard s,
        LATERAL (SELECT min(seq) AS first FROM intake.log WHERE shard = s.shard AND day = $3::date) l) logged;

-- name: status_open
-- Open cases by tier. Each has one row in escalation.deadline, where they lie side by side. → tier, cases, how
WITH few AS MATERIALIZED (SELECT tier FROM escalation.deadline LIMIT 50001),
  counted AS (SELECT tier, count(*) AS n FROM few GROUP BY tier),
  total AS (SELECT greatest(reltuples, 50001)::bigint AS n FROM pg_class WHERE oid = 'escalation.deadline'::regclass),
  known AS (SELECT unnest(most_common_vals::text::smallint[]) AS tier, unnest(most_common_freqs) AS part FROM pg_stats
            WHERE schemaname = 'escalation' AND tablename = 'deadline' AND attname = 'tier')
SELECT tier, n, 0 FROM counted WHERE (SELECT count(*) FROM few) <= 50000
UNION ALL
SELECT c.tier, greatest(round(t.n * coalesce(k.part, c.n / 50001.0)), 1)::bigint, 1
FROM counted c CROSS JOIN total t LEFT JOIN known k USING (tier) WHERE (SELECT count(*) FROM few) > 50000
ORDER BY 1;

-- name: status_overdue
-- $1 now. Unit by unit, along the index of their queues. → cases, how
WITH RECURSIVE units (unit) AS (
    (SELECT unit FROM routing.case_file WHERE due_at IS NOT NULL ORDER BY unit LIMIT 1)
    UNION ALL
    SELECT (SELECT c.unit FROM routing.case_file c WHERE c.due_at IS NOT NULL AND c.unit > u.unit ORDER BY c.unit LIMIT 1)
    FROM units u WHERE u.unit IS NOT NULL)
SELECT count(*), CASE WHEN count(*) > 50000 THEN 2 ELSE 0 END
FROM (SELECT FROM units u, LATERAL (SELECT FROM routing.case_file c WHERE c.unit = u.unit AND c.due_at <= $1::timestamptz
                                    AND c.due_at IS NOT NULL) c LIMIT 50001) f;

-- name: status_schemas
-- → schema, bytes, and of the whole database. The first fork of each file: the others are small, and there are thousands of files.
SELECT n.nspname::text, sum(pg_relation_size(c.oid) + CASE WHEN c.reltoastrelid = 0 THEN 0 ELSE pg_relation_size(c.reltoastrelid) END)::bigint,
       (SELECT pg_database_size(current_database()))
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm', 'i') AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
GROUP BY n.nspname ORDER BY 2 DESC;

-- name: status_partitions
-- → day partitions, and the logs without one for tomorrow
SELECT coalesce(sum(p.parts), 0)::bigint, count(*) FILTER (WHERE p.parts > 0 AND NOT p.ahead)
FROM (SELECT count(*) FILTER (WHERE c.relname ~ '_[0-9]{8}$') AS parts,
             bool_or(right(c.relname, 8) = to_char(current_date + 1, 'YYYYMMDD')) AS ahead
      FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class of ON of.oid = i.inhparent
        JOIN pg_namespace n ON n.oid = of.relnamespace
      WHERE of.relkind = 'p' AND n.nspname IN (SELECT service FROM mesh.service) GROUP BY of.oid) p;

-- name: status_keys
-- Keys that end within 14 days (real ones), the next first.
SELECT name, kind, expires_at
FROM (SELECT source AS name, kind, expires_at FROM intake.credential WHERE revoked_at IS NULL
      UNION ALL SELECT name, kind, expires_at FROM mesh.access WHERE revoked_at IS NULL) k
WHERE expires_at BETWEEN clock_timestamp() AND clock_timestamp() + interval '14 days' ORDER BY 3, 1 LIMIT 5;
