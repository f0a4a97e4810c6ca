-- Deliveries: what waits, what was given up, and every attempt.

-- name: delivery_list
-- $1 endpoint's name or NULL, $2 "dead" or NULL, $3 case or NULL, $4 how many at most
-- An answer without a word is told by its status; only what is to be tried again, or is held, has a next instant.
SELECT e.name, d.seq, d.case_id, d.state, d.attempts, CASE WHEN d.state IN ('retry', 'held') THEN d.next_at END,
  CASE WHEN d.why <> '' OR d.attempts = 0 THEN d.why ELSE coalesce('status ' || (
    SELECT a.status FROM attempt a WHERE a.endpoint = d.endpoint AND a.seq = d.seq ORDER BY a.at DESC LIMIT 1), '') END
FROM delivery d JOIN endpoint e USING (endpoint)
WHERE ($1::text IS NULL OR e.name = $1::text) AND ($2::text IS NULL OR d.state = $2::text)
  AND ($3::text IS NULL OR d.case_id = $3::text::bigint)
ORDER BY e.name, d.seq LIMIT $4::text::integer;

-- name: delivery_attempts_of_case
-- $1 case, $2 endpoint's name or NULL, $3 how many at most
SELECT e.name, a.seq, a.at, a.attempt, a.outcome, a.status, a.took_ms, a.told, a.answer
FROM endpoint e JOIN attempt a USING (endpoint)
WHERE a.case_id = $1::text::bigint AND ($2::text IS NULL OR e.name = $2::text) ORDER BY a.at LIMIT $3::text::integer;

-- name: delivery_show
-- $1 endpoint's name, $2 seq → all attempts
SELECT a.at, a.attempt, a.outcome, a.status, a.took_ms, a.told, a.answer, a.case_id, a.version
FROM endpoint e JOIN attempt a USING (endpoint) WHERE e.name = $1::text AND a.seq = $2::text::bigint ORDER BY a.at, a.attempt;

-- name: delivery_state
-- $1 endpoint's name, $2 seq
SELECT coalesce(d.state, ''), d.next_at, coalesce(d.attempts, 0), e.cursor, coalesce(d.why, '')
FROM endpoint e LEFT JOIN delivery d ON d.endpoint = e.endpoint AND d.seq = $2::text::bigint WHERE e.name = $1::text;

-- name: delivery_retry
-- $1 endpoint's name, $2 seq; NULL: all dead letters of it. Those of one case one behind the other. The endpoint is locked before its
-- deliveries, as the courier does.
WITH locked AS MATERIALIZED (SELECT endpoint FROM endpoint WHERE name = $1::text FOR NO KEY UPDATE),
picked AS (
  SELECT d.endpoint, d.seq, d.case_id, d.state FROM locked JOIN delivery d USING (endpoint)
  WHERE CASE WHEN $2::text IS NULL THEN d.state = 'dead'
                                   ELSE d.seq = $2::text::bigint AND d.state IN ('dead', 'retry') END),
again AS (
  UPDATE delivery d SET attempts = 0, next_at = clock_timestamp(), since = clock_timestamp(),
    state = CASE WHEN p.case_id <> 0 AND p.state = 'dead' AND EXISTS (
        SELECT FROM delivery o WHERE o.endpoint = p.endpoint AND o.case_id = p.case_id AND o.state IN ('retry', 'behind'))
      OR EXISTS (SELECT FROM picked q WHERE q.case_id = p.case_id AND p.case_id <> 0 AND q.seq < p.seq)
      THEN 'behind' ELSE 'retry' END
  FROM picked p WHERE d.endpoint = p.endpoint AND d.seq = p.seq RETURNING d.endpoint)
UPDATE endpoint e SET changed = e.changed + 1 WHERE e.endpoint IN (SELECT endpoint FROM again)
RETURNING (SELECT count(*) FROM again);

-- name: delivery_range
-- $1 endpoint's name, $2 and $3 seqs or instants → first and last seq, and the entries between that are kept
SELECT e.unit, e.cursor,
  CASE WHEN $2::text ~ '^[0-9]+$' THEN $2::text::bigint ELSE notification.stream_at(e.unit, $2::text::timestamptz) END,
  CASE WHEN $3::text ~ '^[0-9]+$' THEN $3::text::bigint ELSE notification.stream_at(e.unit, $3::text::timestamptz) - 1 END
FROM endpoint e WHERE e.name = $1::text;

-- name: delivery_filter
-- $1 endpoint's name → what it wants
SELECT filter, carrier, events FROM endpoint WHERE name = $1::text;

-- name: delivery_entries
-- $1 unit, $2 from, $3 how many at most
SELECT seq, body FROM notification.read_stream($1::text, $2::bigint, $3::integer);

-- name: delivery_replay
-- $1 endpoint's name, $2 seqs, $3 cases. What waits already stays as it is; of each case one goes behind the other. The endpoint is
-- locked before its deliveries, as the courier does.
WITH locked AS MATERIALIZED (SELECT endpoint FROM endpoint WHERE name = $1::text FOR NO KEY UPDATE),
again AS (
  INSERT INTO delivery AS d (endpoint, seq, case_id, state, next_at, why)
  SELECT e.endpoint, n.seq, n.case_id,
         CASE WHEN row_number() OVER (PARTITION BY n.case_id ORDER BY n.seq) = 1 AND NOT EXISTS (
           SELECT FROM delivery w WHERE w.endpoint = e.endpoint AND w.case_id = n.case_id AND w.state IN ('retry', 'behind'))
         THEN 'retry' ELSE 'behind' END, clock_timestamp(), 'replayed'
  FROM locked e, unnest($2::bigint[], $3::bigint[]) AS n (seq, case_id)
  ON CONFLICT (endpoint, seq) DO UPDATE SET state = excluded.state, attempts = 0, next_at = excluded.next_at,
    since = clock_timestamp(), why = excluded.why WHERE d.state = 'dead'
  RETURNING endpoint)
UPDATE endpoint e SET changed = e.changed + 1 FROM locked l WHERE e.endpoint = l.endpoint RETURNING (SELECT count(*) FROM again);
