-- The invariants of a running city, all read in one snapshot. A query about an invariant gives its offenders, as text and
-- with their number, at most 20 of them: audit.c says what each one means. Whoever is parked is excused: it waits for an
-- operator. A log is cut when its first day partitions were dropped: then what is missing at its front is no gap.

-- name: audit_prepare
-- No time limit; hashes of millions of cases in memory, no look-ups one by one.
SELECT set_config('statement_timeout', '0', false), set_config('idle_in_transaction_session_timeout', '0', false),
       set_config('work_mem', '256MB', false), set_config('enable_nestloop', 'off', false),
       set_config('enable_mergejoin', 'off', false);

-- name: audit_begin
BEGIN ISOLATION LEVEL REPEATABLE READ;

-- name: audit_end
ROLLBACK;

-- name: audit_behind
-- How many entries each service has still to apply.
WITH heads (service, shard, head) AS (
    SELECT 'intake', shard, out_seq FROM intake.shard UNION ALL SELECT 'routing', shard, out_seq FROM routing.shard
    UNION ALL SELECT 'escalation', shard, out_seq FROM escalation.shard),
  cursors (service, shard, upstream, seq) AS (
    SELECT 'routing', shard, 1, in_seq_1 FROM routing.shard UNION ALL SELECT 'routing', shard, 2, in_seq_2 FROM routing.shard
    UNION ALL SELECT 'escalation', shard, 1, in_seq_1 FROM escalation.shard
    UNION ALL SELECT 'notification', shard, 1, in_seq_1 FROM notification.shard)
SELECT format('%s is %s entries behind %s', c.service, sum(h.head - c.seq), h.service), count(*) OVER ()
FROM cursors c JOIN mesh.service m ON m.service = c.service
  JOIN heads h ON h.shard = c.shard AND h.service = CASE c.upstream WHEN 1 THEN m.upstream_1 ELSE m.upstream_2 END
WHERE c.seq < h.head GROUP BY c.service, h.service;

-- name: audit_log_complete
WITH logs (service, shard, entries, first, last) AS (
    SELECT 'intake', shard, count(*), min(seq), max(seq) FROM intake.log GROUP BY shard
    UNION ALL SELECT 'routing', shard, count(*), min(seq), max(seq) FROM routing.log GROUP BY shard
    UNION ALL SELECT 'escalation', shard, count(*), min(seq), max(seq) FROM escalation.log GROUP BY shard),
  heads (service, shard, head) AS (
    SELECT 'intake', shard, out_seq FROM intake.shard UNION ALL SELECT 'routing', shard, out_seq FROM routing.shard
    UNION ALL SELECT 'escalation', shard, out_seq FROM escalation.shard),
  kept (service, cut) AS (
    SELECT n.nspname, min(to_date(right(c.relname, 8), 'YYYYMMDD')) > (SELECT min(applied_at)::date FROM public.zhitong_migration)
    FROM pg_class p JOIN pg_namespace n ON n.oid = p.relnamespace JOIN pg_inherits i ON i.inhparent = p.oid
      JOIN pg_class c ON c.oid = i.inhrelid
    WHERE p.relname = 'log' AND c.relname ~ '_[0-9]{8}$' GROUP BY n.nspname)
SELECT format('%s shard %s: %s entries from %s to %s, the head is %s', h.service, h.shard, coalesce(entries, 0),
              coalesce(first, 0), coalesce(last, 0), head), count(*) OVER ()
FROM heads h LEFT JOIN logs l ON l.service = h.service AND l.shard = h.shard LEFT JOIN kept k ON k.service = h.service
WHERE CASE WHEN entries IS NULL THEN head > 0 AND NOT coalesce(cut, false)
      ELSE entries <> last - first + 1 OR last <> head OR (first <> 1 AND NOT coalesce(cut, false)) END
ORDER BY h.service, h.shard LIMIT 20;

-- name: audit_cursor_behind
WITH heads (service, shard, head) AS (
    SELECT 'intake', shard, out_seq FROM intake.shard UNION ALL SELECT 'routing', shard, out_seq FROM routing.shard
    UNION ALL SELECT 'escalation', shard, out_seq FROM escalation.shard),
  cursors (service, shard, upstream, seq) AS (
    SELECT 'routing', shard, 1, in_seq_1 FROM routing.shard UNION ALL SELECT 'routing', shard, 2, in_seq_2 FROM routing.shard
    UNION ALL SELECT 'escalation', shard, 1, in_seq_1 FROM escalation.shard
    UNION ALL SELECT 'notification', shard, 1, in_seq_1 FROM notification.shard)
SELECT format('%s shard %s applied entry %s of %s, whose head is %s', c.service, c.shard, c.seq, h.service, h.head),
       count(*) OVER ()
FROM cursors c JOIN mesh.service m ON m.service = c.service
  JOIN heads h ON h.shard = c.shard AND h.service = CASE c.upstream WHEN 1 THEN m.upstream_1 ELSE m.upstream_2 END
WHERE c.seq > h.head ORDER BY c.service, c.shard LIMIT 20;

-- name: audit_report_has_case
SELECT format('case %s: reported, and routing has no case', r.case_id), count(*) OVER ()
FROM intake.report r JOIN routing.shard s ON s.shard = r.shard
WHERE r.case_id / 128 % 100000000 <= s.in_seq_1  -- case_seq of ids.h
  AND NOT EXISTS (SELECT FROM routing.case_file c WHERE c.shard = r.shard AND c.case_id = r.case_id)
  AND NOT EXISTS (SELECT FROM routing.parked p WHERE p.case_id = r.case_id)
LIMIT 20;

-- name: audit_report_has_reporter
SELECT format('case %s: there is no reporter %s', r.case_id, r.reporter), count(*) OVER ()
FROM intake.report r WHERE r.reporter IS NOT NULL AND NOT EXISTS (SELECT FROM intake.reporter p WHERE p.reporter = r.reporter)
LIMIT 20;

-- name: audit_case_has_report
SELECT format('case %s: nobody reported it', c.case_id), count(*) OVER ()
FROM routing.case_file c
WHERE NOT EXISTS (SELECT FROM intake.report r WHERE r.shard = c.shard AND r.case_id = c.case_id)
LIMIT 20;

-- name: audit_case_is_held
SELECT format('case %s: %s, unit %s, due %s, next looked at %s', case_id, state, coalesce(nullif(unit, ''), 'none'),
              coalesce(due_at::text, 'never'), coalesce(next_at::text, 'never')), count(*) OVER ()
FROM routing.case_file
WHERE unit = '' OR (state IN ('declined', 'merged', 'closed', 'archived')) <> (due_at IS NULL) OR (due_at IS NOT NULL AND next_at IS NULL)
LIMIT 20;

-- name: audit_case_has_plan
SELECT format('case %s: %s, and no plan', case_id, state), count(*) OVER ()
FROM routing.case_file WHERE state IN ('handling', 'suspended') AND plan = ''
LIMIT 20;

-- name: audit_child_concluded
-- Routing looks once a second.
SELECT format('case %s: part of %s, which is %s', c.case_id, c.parent, coalesce(p.state, 'nowhere')), count(*) OVER ()
FROM routing.case_file c LEFT JOIN routing.case_file p ON p.shard = (c.parent & 127)::smallint AND p.case_id = c.parent
WHERE c.state = 'merged' AND (p.case_id IS NULL OR p.state IN ('closed', 'archived')
  OR (p.state = 'callback' AND p.parent IS NOT NULL))
LIMIT 20;

-- name: audit_deadline_armed
-- A case of which escalation has still to apply a move is not looked at.
WITH pending AS (
    SELECT DISTINCT l.shard, l.case_id FROM routing.log l JOIN escalation.shard s ON s.shard = l.shard WHERE l.seq > s.in_seq_1)
SELECT format('case %s: looked at next %s, its deadline is %s', c.case_id, c.next_at, coalesce(d.due_at::text, 'not armed')), count(*) OVER ()
FROM routing.case_file c LEFT JOIN escalation.deadline d ON d.shard = c.shard AND d.case_id = c.case_id
WHERE c.next_at IS NOT NULL AND (d.case_id IS NULL OR (d.fired_at IS NULL AND d.due_at <> c.next_at))
  AND NOT EXISTS (SELECT FROM pending p WHERE p.shard = c.shard AND p.case_id = c.case_id)
  AND NOT EXISTS (SELECT FROM escalation.parked p WHERE p.case_id = c.case_id)
LIMIT 20;

-- name: audit_deadline_disarmed
WITH pending AS (
    SELECT DISTINCT l.shard, l.case_id FROM routing.log l JOIN escalation.shard s ON s.shard = l.shard WHERE l.seq > s.in_seq_1)
SELECT format('case %s: %s, and a deadline is armed for %s', d.case_id, coalesce(c.state, 'not a case'), d.due_at), count(*) OVER ()
FROM escalation.deadline d LEFT JOIN routing.case_file c ON c.shard = d.shard AND c.case_id = d.case_id
WHERE c.next_at IS NULL
  AND NOT EXISTS (SELECT FROM pending p WHERE p.shard = d.shard AND p.case_id = d.case_id)
  AND NOT EXISTS (SELECT FROM escalation.parked p WHERE p.case_id = d.case_id)
LIMIT 20;

-- name: audit_deadline_fired
-- now() is when the snapshot was taken. Whoever has just set the clock waits for five seconds first. Nor is anybody late in a city that
-- was restored and whose escalation has not been started since.
WITH clock (shown, speed, set_at) AS (
    SELECT shown_at + (now() - real_at) * speed, speed, real_at FROM mesh.clock
    UNION ALL SELECT now(), 1, '-infinity' WHERE NOT EXISTS (SELECT FROM mesh.clock))
SELECT format('case %s: was due %s, it is %s', d.case_id, d.due_at, shown), count(*) OVER ()
FROM escalation.deadline d CROSS JOIN clock
WHERE d.fired_at IS NULL AND d.due_at < shown - interval '5 s' * speed AND set_at < now() - interval '5 s'
  AND (SELECT coalesce(max(m.started_at), '-infinity') FROM mesh.member m WHERE m.service = 'escalation')
      >= (SELECT coalesce(max(i.began_at), '-infinity') FROM mesh.incarnation i)
  AND NOT EXISTS (SELECT FROM escalation.parked p WHERE p.case_id = d.case_id)
LIMIT 20;

-- name: audit_deadline_answered
-- Routing has applied the entry that says so, and the case stands as before.
WITH fired AS (
    SELECT d.shard, d.case_id, d.due_at, d.version FROM escalation.deadline d JOIN routing.case_file c ON c.shard = d.shard AND c.case_id = d.case_id
    WHERE d.fired_at IS NOT NULL AND c.version <= d.version),
  told AS (
    SELECT l.shard, l.case_id, max(l.seq) AS seq FROM escalation.log l JOIN fired f ON f.shard = l.shard AND f.case_id = l.case_id
    GROUP BY l.shard, l.case_id)
SELECT format('case %s: its deadline of %s passed at version %s, and it has not moved', f.case_id, f.due_at, f.version),
       count(*) OVER ()
FROM fired f JOIN routing.shard s ON s.shard = f.shard LEFT JOIN told t ON t.shard = f.shard AND t.case_id = f.case_id
WHERE coalesce(t.seq, 0) <= s.in_seq_2
  AND NOT EXISTS (SELECT FROM routing.parked p WHERE p.case_id = f.case_id)
LIMIT 20;

-- name: audit_stream_complete
-- What a reference names must be there too. Where a stream is served from (stream_kept), nothing before is missed.
WITH entries (stream, seq, found) AS (
    SELECT stream, seq, true FROM notification.stream_body
    UNION ALL
    SELECT r.stream, r.last_seq - cardinality(r.of_seqs) + n.nth, b.seq IS NOT NULL
    FROM notification.stream_run r CROSS JOIN unnest(r.of_streams, r.of_seqs) WITH ORDINALITY AS n (stream, seq, nth)
      LEFT JOIN notification.stream_body b ON b.stream = n.stream AND b.seq = n.seq AND b.day = r.day
    WHERE n.seq IS NOT NULL),
  streams AS (
    SELECT s.unit, e.entries, e.first, e.last, e.lost, coalesce(k.first, 1) AS served
    FROM (SELECT stream, count(*) AS entries, min(seq) AS first, max(seq) AS last, count(*) FILTER (WHERE NOT found) AS lost
          FROM entries GROUP BY stream) e
      LEFT JOIN notification.stream s ON s.number = e.stream LEFT JOIN notification.stream_kept k ON k.unit = s.unit)
SELECT format('unit %s: %s entries from %s to %s, of which %s have no body, the head is %s, served from %s on', coalesce(unit, '?'),
              coalesce(entries, 0), coalesce(e.first, 0), coalesce(last, 0), coalesce(lost, 0), coalesce(head::text, 'missing'),
              coalesce(served, 1)), count(*) OVER ()
FROM streams e FULL JOIN notification.stream USING (unit)
WHERE CASE WHEN entries IS NULL THEN notification.entries_between(unit, 0, head) > 0 AND NOT EXISTS (SELECT FROM notification.stream_kept k WHERE k.unit = stream.unit AND k.first > head)
      ELSE entries <> notification.entries_between(unit, e.first - 1, last) OR lost > 0 OR head IS NULL
           OR last > head OR notification.entries_between(unit, last, head) > 0 OR notification.stream_going(unit, e.first) > e.first
           OR notification.entries_between(unit, served - 1, e.first - 1) > 0 END
ORDER BY unit LIMIT 20;

-- ---- reading the routing log against the cases and the streams (audit_moves.c) ----

-- name: audit_kept
-- First days kept of the routing log and of the streams, and whether they were cut.
SELECT coalesce((SELECT min(to_date(right(c.relname, 8), 'YYYYMMDD')) > m.installed FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
          WHERE i.inhparent = 'routing.log'::regclass AND c.relname ~ '_[0-9]{8}$'), false),
       coalesce((SELECT (min(to_date(right(c.relname, 8), 'YYYYMMDD')) - date '2000-01-01')::integer FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
          WHERE i.inhparent = 'notification.stream_body'::regclass AND c.relname ~ '_[0-9]{8}$'
          HAVING min(to_date(right(c.relname, 8), 'YYYYMMDD')) > m.installed), 0)
FROM (SELECT min(applied_at)::date AS installed FROM public.zhitong_migration) m;

-- name: audit_shard
-- $1 shard: last report, what notification has applied
SELECT i.out_seq, n.in_seq_1 FROM intake.shard i JOIN notification.shard n ON n.shard = i.shard WHERE i.shard = $1;

-- name: audit_cases
-- $1 shard, $2 last case seen, $3 how many at most
SELECT case_id, version, tier, state, unit, due_at, chain, next_at FROM routing.case_file
WHERE shard = $1 AND case_id > $2::bigint ORDER BY case_id LIMIT $3::integer;

-- name: audit_moves
-- $1 shard, $2 last entry seen, $3 how many at most. Days since 2000.
SELECT seq, case_id, (day - date '2000-01-01')::integer, type, body FROM routing.log
WHERE shard = $1 AND seq > $2::bigint ORDER BY seq LIMIT $3::integer;

-- name: audit_untold
-- $1 shard: entries that notification could not apply
SELECT seq FROM notification.parked WHERE shard = $1 AND upstream = 1 ORDER BY seq;

-- name: audit_links
-- $1 shard: reports that were linked, of which routing has applied all that intake's log says. One that ended at once is excused:
-- the second look came too late for it.
SELECT r.case_id, r.parent
FROM intake.report r JOIN routing.case_file c ON c.shard = r.shard AND c.case_id = r.case_id JOIN routing.shard s ON s.shard = r.shard
WHERE r.shard = $1 AND r.parent IS NOT NULL AND c.state NOT IN ('declined', 'closed', 'archived')
  AND NOT EXISTS (SELECT FROM intake.log l WHERE l.shard = $1 AND l.shard = r.shard AND l.case_id = r.case_id AND l.seq > s.in_seq_1)
  AND NOT EXISTS (SELECT FROM routing.parked p WHERE p.case_id = r.case_id)
ORDER BY r.case_id;

-- name: audit_told_open
-- Every entry of every stream, shard by shard as audit_moves.c reads the log.
DECLARE told NO SCROLL CURSOR FOR
SELECT (case_id & 127)::smallint, case_id, version, unit FROM notification.stream_entry WHERE case_id IS NOT NULL ORDER BY 1;

-- name: audit_centres
-- Each area with the governance centres that are told of what happens there, the area's own and those of the areas around it.
WITH RECURSIVE around (area, at) AS (
    SELECT code, code FROM city.area UNION SELECT a.area, p.parent FROM around a JOIN city.area p ON p.code = a.at WHERE p.parent IS NOT NULL)
SELECT a.area, u.code FROM around a JOIN city.unit u ON u.area = a.at AND u.kind = 'centre' ORDER BY a.area COLLATE "C", u.code;

-- name: audit_units
-- Who is no centre today.
SELECT code FROM city.unit WHERE kind <> 'centre' ORDER BY code COLLATE "C";

-- name: audit_centres_sure
-- Last day, in days since 2000, on which other centres may have been told than would be today: the city was loaded anew, or the
-- streams were not yet told to centres by area. 0: there was none.
SELECT greatest(
    coalesce((SELECT loaded_at::date - date '2000-01-01' FROM city.city WHERE version > 1), 0),
    coalesce((SELECT applied_at::date - date '2000-01-01' FROM public.zhitong_migration WHERE name = 'notification/002_streams'
              AND applied_at > (SELECT min(applied_at) + interval '1 hour' FROM public.zhitong_migration)), 0));

-- name: audit_told_next
FETCH FORWARD 10000 FROM told;

-- name: audit_notices_endpoints
SELECT endpoint, name, unit, carrier, filter, events, greatest(from_seq, wished_from), cursor FROM notification.endpoint ORDER BY name;

-- name: audit_notices_page
-- $1 endpoint, $2 its unit, $3 from, $4 how many → seq, body, times sent, settled, when the city was loaded
SELECT r.seq, r.body, coalesce(a.sent, 0), a.seq IS NOT NULL OR d.seq IS NOT NULL, (SELECT loaded_at FROM city.city)
FROM notification.read_stream($2::text, $3::bigint, $4::integer) r
LEFT JOIN (SELECT t.seq, count(*) FILTER (WHERE t.outcome = 'sent') AS sent FROM notification.attempt t
           WHERE t.endpoint = $1::bigint AND t.seq >= $3::bigint AND t.outcome <> 'again' GROUP BY t.seq) a ON a.seq = r.seq
LEFT JOIN notification.delivery d ON d.endpoint = $1::bigint AND d.seq = r.seq
ORDER BY r.seq;
