-- name: notification_append
-- $1 units (each once, in the order of their codes), $2 how many entries each gets;
-- $3 the unit's place in $1 (from 1) of each entry, $4 entries of that unit behind it, $5 cases, $6 versions, $7 types, $8 bodies.
-- Heads are locked in the order of the codes, so that two replicas that tell the same units wait and never deadlock.
WITH heads AS (
    INSERT INTO stream AS s (unit, head) SELECT unit, entries FROM unnest($1::text[], $2::bigint[]) AS n (unit, entries)
    ON CONFLICT (unit) DO UPDATE SET head = s.head + excluded.head
    RETURNING unit, head),
  kept AS (
    INSERT INTO stream_entry (seq, case_id, version, type, unit, body)
    SELECT (SELECT array_agg(head ORDER BY unit COLLATE "C") FROM heads)[t.place] - t.behind,
           t.case_id, t.version, t.type, ($1::text[])[t.place], t.body
    FROM unnest($3::integer[], $4::bigint[], $5::bigint[], $6::integer[], $7::smallint[], $8::bytea[])
      AS t (place, behind, case_id, version, type, body))
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
