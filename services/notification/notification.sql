-- name: notification_append
-- $1 units (sorted), $2 cases, $3 versions, $4 types, $5 bodies. Heads are locked in the order of their codes, so that two
-- replicas that tell the same units wait for each other and never deadlock.
WITH told AS (
    SELECT * FROM unnest($1::text[], $2::bigint[], $3::integer[], $4::smallint[], $5::bytea[])
      WITH ORDINALITY AS t (unit, case_id, version, type, body, nth)),
  counts AS (SELECT unit, count(*) AS entries FROM told GROUP BY unit ORDER BY unit),
  heads AS (
    INSERT INTO stream AS s (unit, head) SELECT unit, entries FROM counts ORDER BY unit
    ON CONFLICT (unit) DO UPDATE SET head = s.head + excluded.head
    RETURNING unit, head),
  kept AS (
    INSERT INTO stream_entry (seq, case_id, version, type, unit, body)
    SELECT heads.head - counts.entries + row_number() OVER (PARTITION BY told.unit ORDER BY told.nth),
           told.case_id, told.version, told.type, told.unit, told.body
    FROM told JOIN heads USING (unit) JOIN counts USING (unit))
SELECT unit, head FROM heads;

-- name: notification_read
-- $1 unit, $2 first seq, $3 how many at most
SELECT seq, body FROM stream_entry WHERE unit = $1 AND seq >= $2::bigint ORDER BY seq LIMIT $3::integer;

-- name: notification_head
-- $1 unit
SELECT head FROM stream WHERE unit = $1;

-- name: notification_tend
-- $1 days to keep
SELECT mesh.tend_log('notification', 'stream_entry', $1::integer);
