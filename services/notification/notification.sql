-- name: notification_append
-- $1 units (each once, in the order of their codes), $2 how many entries each gets, $3 the latest instant of these.
-- Bodies, each in the stream of the first unit that it concerns: $4 that unit's place in $1 (from 1), $5 entries of that unit behind
-- it, $6 instants, $7 cases, $8 versions, $9 types, $10 bodies.
-- References, a unit's one after the other: $11 the unit's place in $1 (0: none, which stands for an empty list), $12 entries of that
-- unit behind its last reference, $13 place of the unit that has the body (0: this entry is none), $14 entries of that unit behind it.
-- Heads are locked in the order of the codes, so that two replicas that tell the same units wait and never deadlock. A new stream begins
-- where the city's incarnation does.
WITH heads AS (
    INSERT INTO stream AS s (unit, number, head, at)
    SELECT n.unit, coalesce((SELECT o.number FROM stream o WHERE o.unit = n.unit), nextval('stream_number')),
           (SELECT coalesce(max(i.incarnation), 0) FROM mesh.incarnation i) * mesh.stream_span() + n.entries, n.at
    FROM unnest($1::text[], $2::bigint[], $3::timestamptz[]) AS n (unit, entries, at)
    ON CONFLICT (unit) DO UPDATE SET head = s.head + excluded.head % mesh.stream_span(), at_before = s.at, at = greatest(s.at, excluded.at)
    RETURNING unit, number, head, at, at_before),
  sorted AS (
    SELECT array_agg(number ORDER BY unit) AS numbers, array_agg(head ORDER BY unit) AS heads,
           array_agg(at ORDER BY unit) AS ats, array_agg(at_before ORDER BY unit) AS ats_before FROM heads),
  bodies AS (
    INSERT INTO stream_body (seq, case_id, at, stream, version, type, body)
    SELECT (SELECT heads FROM sorted)[t.place] - t.behind, t.case_id, greatest(t.at, (SELECT ats_before FROM sorted)[t.place]),
           (SELECT numbers FROM sorted)[t.place], t.version, t.type, t.body
    FROM unnest($4::integer[], $5::bigint[], $6::timestamptz[], $7::bigint[], $8::integer[], $9::smallint[], $10::bytea[])
      AS t (place, behind, at, case_id, version, type, body)),
  runs AS (
    INSERT INTO stream_run (last_seq, at, stream, of_streams, of_seqs)
    SELECT (SELECT heads FROM sorted)[t.place] - min(t.behind), (SELECT ats FROM sorted)[t.place], (SELECT numbers FROM sorted)[t.place],
           array_agg((SELECT numbers FROM sorted)[t.of_place] ORDER BY t.nth),
           array_agg((SELECT heads FROM sorted)[t.of_place] - t.of_behind ORDER BY t.nth)
    FROM unnest($11::integer[], $12::bigint[], $13::integer[], $14::bigint[]) WITH ORDINALITY
      AS t (place, behind, of_place, of_behind, nth)
    WHERE t.place > 0 GROUP BY t.place)
SELECT unit, head FROM heads ORDER BY unit;

-- name: notification_read
-- $1 unit, $2 first seq, $3 how many at most
SELECT seq, body FROM read_stream($1, $2::bigint, $3::integer);

-- name: notification_head
-- $1 unit
SELECT head FROM stream WHERE unit = $1;

-- name: notification_start
-- $1 unit, $2 instant, unix ms; 0: none is asked for. Its head, the first seq that is served, the first of that instant or later
-- (head + 1 when there is none), and what restores have undone, a row for each of the newest 16 (VOIDS_MAX), the oldest first: the first
-- seq that is void, and the first of the incarnation that began. One row without these: it was never restored.
SELECT coalesce((SELECT head FROM stream WHERE unit = $1), stream_base()), stream_first($1),
       CASE WHEN $2::bigint = 0 THEN 0 ELSE stream_at($1, to_timestamp($2::bigint / 1000.0)) END,
       coalesce(e.head, 0) + 1, v.incarnation * mesh.stream_span() + 1
FROM (VALUES (1)) one
LEFT JOIN (SELECT i.incarnation FROM mesh.incarnation i ORDER BY i.incarnation DESC LIMIT 16) v ON true
LEFT JOIN stream_ended e ON e.unit = $1 AND e.incarnation = v.incarnation
ORDER BY v.incarnation;

-- name: notification_group_load
-- $1 unit and name of the group, apart by a blank
SELECT applied FROM stream_group WHERE unit = split_part($1, ' ', 1) AND name = substr($1, length(split_part($1, ' ', 1)) + 2);

-- name: notification_group_save
-- $1 unit and name of the group, apart by a blank, $2 everything up to this seq is finished, $3 is not used
INSERT INTO stream_group AS g (unit, name, applied)
SELECT split_part($1, ' ', 1), substr($1, length(split_part($1, ' ', 1)) + 2), $2::bigint WHERE $3::integer IS NOT NULL
ON CONFLICT (unit, name) DO UPDATE SET applied = greatest(g.applied, excluded.applied), changed_at = clock_timestamp()
RETURNING applied;

-- name: notification_tend
-- $1 days to keep
SELECT tend($1::integer), mesh.tend_log('notification', 'attempt', $1::integer);
