-- Deliveries; see courier.h. Real time throughout.

-- name: courier_start
-- What is lost with a crash of PostgreSQL was not told to anybody as done: the courier reads all anew when it connects, and it is
-- delivered again, with the same id.
-- Rows are looked up by their index, also those that a plan was made for when the tables were nearly empty (the checks of foreign keys
-- among them): else each write costs as much as all endpoints and all that waits.
SELECT set_config('synchronous_commit', 'off', false), set_config('enable_seqscan', 'off', false),
       set_config('jit', 'off', false);

-- name: courier_replan
-- Plans are kept for as long as nobody analyzes the tables, however much they grow meanwhile.
DISCARD PLANS;

-- name: courier_listen
LISTEN endpoints;

-- name: courier_tend
-- $1 days to keep
SELECT mesh.tend_log('notification', 'attempt', $1::integer);

-- name: courier_sweep
-- Those that work come first: after a takeover they are served while the others are still read.
SELECT endpoint, changed, unit FROM endpoint ORDER BY failures, endpoint;

-- name: courier_load
-- $1 endpoints. Last: entries behind the cursor that were told already or have a row, where an earlier one was under way when their
-- courier died; in the same statement, so that all of it was true at one moment.
SELECT e.endpoint, e.changed, e.name, e.unit, e.carrier, e.sealed, e.shown, e.filter, e.language, e.events,
       (extract(epoch FROM e.quiet_from) / 60)::integer, (extract(epoch FROM e.quiet_to) / 60)::integer,
       (extract(epoch FROM e.digest_at) / 60)::integer, e.per_hour, e.allow_private, e.login, e.token, e.cursor, e.failures,
       e.succeeded_at, e.disabled_at IS NOT NULL, coalesce(s.head, 0),
       (SELECT count(*) FROM delivery d WHERE d.endpoint = e.endpoint AND d.state = 'dead'),
       (SELECT string_agg(x.seq::text, ' ') FROM (
          SELECT d.seq FROM delivery d WHERE d.endpoint = e.endpoint AND d.seq > e.cursor
          UNION SELECT a.seq FROM attempt a WHERE a.endpoint = e.endpoint AND a.seq > e.cursor AND a.outcome = 'sent'
            AND a.day >= current_date - 1) x)
FROM unnest($1::bigint[]) AS n (endpoint) JOIN endpoint e USING (endpoint) LEFT JOIN stream s ON s.unit = e.unit;

-- name: courier_heal
-- $1 endpoints. What waits behind nothing any more needs not wait: a courier that lost its shard may have left it so.
UPDATE delivery d SET state = 'retry', next_at = clock_timestamp()
FROM unnest($1::bigint[]) AS n (endpoint)
WHERE d.endpoint = n.endpoint AND d.state = 'behind' AND d.state <> 'dead' AND NOT EXISTS (
  SELECT FROM delivery o WHERE o.endpoint = d.endpoint AND o.case_id = d.case_id AND o.seq < d.seq AND o.state <> 'dead'
  AND o.state <> 'held');

-- name: courier_waiting
-- $1 endpoints, $2 seqs below this one → how many deliveries wait (cut at one more than a cursor may leave behind), and when the
-- next of those below is due
SELECT n.endpoint, w.waiting, w.next_at
FROM unnest($1::bigint[], $2::bigint[]) AS n (endpoint, below) CROSS JOIN LATERAL (
  SELECT (SELECT count(*) FROM (SELECT FROM delivery d WHERE d.endpoint = n.endpoint AND d.state <> 'dead' LIMIT 10001) c) AS waiting,
         (SELECT d.next_at FROM delivery d WHERE d.endpoint = n.endpoint AND d.state IN ('retry', 'held')
            AND d.seq < n.below ORDER BY d.next_at LIMIT 1) AS next_at) w;

-- name: courier_heads
-- $1 units
SELECT s.unit, s.head FROM unnest($1::text[]) AS n (unit) JOIN stream s USING (unit);

-- name: courier_read
-- $1 places, $2 units, $3 first seqs, $4 how many at most of each → place, seq, body, and from where on the stream is served, in the
-- same statement, so that what is missing is told from what is not kept. Where nothing is found, one row without a seq.
SELECT n.place, r.seq, r.body, k.begins
FROM unnest($1::integer[], $2::text[], $3::bigint[], $4::integer[]) AS n (place, unit, first, most)
CROSS JOIN LATERAL (
  SELECT notification.stream_going(n.unit, greatest(n.first, notification.stream_first(n.unit))) AS begins OFFSET 0) k
LEFT JOIN LATERAL notification.read_stream(n.unit, n.first, n.most) r ON true;

-- name: courier_blocked
-- $1 endpoints, $2 cases, $3 seqs → those of which an earlier entry of the case waits
SELECT n.endpoint, n.seq FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS n (endpoint, case_id, seq)
WHERE EXISTS (SELECT FROM delivery d WHERE d.endpoint = n.endpoint AND d.case_id = n.case_id AND d.seq < n.seq
              AND d.state <> 'dead' AND d.state <> 'held');

-- name: courier_due
-- $1 places, $2 endpoints, $3 units, $4 how many at most of each, $5 seqs below this one (0: announcements only), $6 now
SELECT n.place, d.seq, d.case_id, d.attempts, d.since, d.state = 'held', r.body, a.kind, a.about, a.unit, a.why, a.at
FROM unnest($1::integer[], $2::bigint[], $3::text[], $4::integer[], $5::bigint[]) AS n (place, endpoint, unit, most, below)
CROSS JOIN LATERAL (
  SELECT * FROM delivery w WHERE w.endpoint = n.endpoint AND w.state IN ('retry', 'held')
  AND w.next_at <= $6::timestamptz AND w.seq < n.below ORDER BY w.next_at, w.seq LIMIT n.most) d
LEFT JOIN LATERAL (SELECT s.body FROM notification.read_stream(n.unit, d.seq, 1) s WHERE s.seq = d.seq AND d.seq > 0) r ON true
LEFT JOIN announcement a ON d.seq < 0 AND a.announcement = -d.seq;

-- name: courier_fence
-- $1 shards, $2 epochs, $3 how many. Without a lock: who writes after another has taken over can double, never lose.
SELECT mesh.fence((SELECT count(*) FROM unnest($1::smallint[], $2::bigint[]) AS n (shard, epoch)
                   JOIN shard s ON s.shard = n.shard AND s.epoch = n.epoch), $3::bigint);

-- name: courier_lock
-- $1 endpoints of which something is written. Everybody locks an endpoint before its deliveries, and of several the lower one first:
-- else one of two could only be broken off.
SELECT count(*) FROM (SELECT FROM endpoint WHERE endpoint = ANY ($1::bigint[]) ORDER BY endpoint FOR NO KEY UPDATE) locked;

-- name: courier_attempts
INSERT INTO attempt (endpoint, seq, at, case_id, version, attempt, took_ms, status, outcome, told, answer)
SELECT n.endpoint, n.seq, n.at, n.case_id, n.version, n.attempt, n.took_ms, n.status, n.outcome, n.told, coalesce(n.answer, '')
FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::bigint[], $5::integer[], $6::smallint[], $7::integer[],
            $8::integer[], $9::text[], $10::text[], $11::text[])
  AS n (endpoint, seq, at, case_id, version, attempt, took_ms, status, outcome, told, answer);

-- name: courier_keep
-- What waits, and dead letters: $1 endpoints, $2 seqs, $3 cases, $4 states, $5 attempts, $6 next, $7 since, $8 why
INSERT INTO delivery AS d (endpoint, seq, case_id, state, attempts, next_at, since, why)
SELECT n.endpoint, n.seq, n.case_id, n.state, n.attempts, n.next_at, coalesce(n.since, clock_timestamp()), coalesce(n.why, '')
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::smallint[], $6::timestamptz[], $7::timestamptz[],
            $8::text[]) AS n (endpoint, seq, case_id, state, attempts, next_at, since, why)
WHERE EXISTS (SELECT FROM endpoint e WHERE e.endpoint = n.endpoint)
ON CONFLICT (endpoint, seq) DO UPDATE SET state = excluded.state, attempts = excluded.attempts, next_at = excluded.next_at,
  since = excluded.since, why = excluded.why;

-- name: courier_drop
-- $1 endpoints, $2 seqs: told
DELETE FROM delivery d USING unnest($1::bigint[], $2::bigint[]) AS n (endpoint, seq)
WHERE d.endpoint = n.endpoint AND d.seq = n.seq;

-- name: courier_promote
-- $1 endpoints, $2 cases: the next entry of that case needs not wait any more
UPDATE delivery d SET state = 'retry', next_at = clock_timestamp()
FROM unnest($1::bigint[], $2::bigint[]) AS n (endpoint, case_id)
CROSS JOIN LATERAL (
  SELECT w.seq, w.state FROM delivery w WHERE w.endpoint = n.endpoint AND w.case_id = n.case_id AND w.state <> 'dead'
  AND w.state <> 'held' ORDER BY w.seq LIMIT 1) f
WHERE d.endpoint = n.endpoint AND d.seq = f.seq AND f.state = 'behind';

-- name: courier_move
-- $1 endpoints, $2 cursors, $3 failures in a row, $4 when they last succeeded (NULL: not since)
UPDATE endpoint e SET cursor = greatest(e.cursor, n.cursor), failures = n.failures,
  succeeded_at = coalesce(n.succeeded_at, e.succeeded_at)
FROM unnest($1::bigint[], $2::bigint[], $3::integer[], $4::timestamptz[]) AS n (endpoint, cursor, failures, succeeded_at)
WHERE e.endpoint = n.endpoint;

-- name: courier_disable
-- $1 endpoints, $2 why → their names. Each is announced through the endpoint that it names for that.
WITH ended AS (
  UPDATE endpoint e SET disabled_at = clock_timestamp(), disabled_why = n.why, changed = e.changed + 1
  FROM unnest($1::bigint[], $2::text[]) AS n (endpoint, why)
  WHERE e.endpoint = n.endpoint AND e.disabled_at IS NULL RETURNING e.name, e.unit, e.announce, e.disabled_why),
told AS (
  INSERT INTO announcement (kind, about, unit, why) SELECT 'disabled', name, unit, disabled_why FROM ended
  RETURNING announcement, about),
sent AS (
  INSERT INTO delivery (endpoint, seq, case_id, state, next_at)
  SELECT e.endpoint, -t.announcement, 0, 'retry', clock_timestamp()
  FROM told t JOIN ended d ON d.name = t.about JOIN endpoint e ON e.name = d.announce AND e.name <> d.name
  RETURNING endpoint)
SELECT name, unit, disabled_why FROM ended;

-- name: courier_announced
-- $1 endpoints that were disabled: those through which it is told have something to do
UPDATE endpoint t SET changed = t.changed + 1 FROM unnest($1::bigint[]) AS n (endpoint)
JOIN endpoint e USING (endpoint) WHERE t.name = e.announce AND t.endpoint <> e.endpoint;
