-- name: intake_candidates
-- $1 numbers of reports, $2 since when, $3 to $6 cells of each: the newest originals there whose case still takes reports, or of
-- which routing has not heard yet.
SELECT n.number, c.case_id, c.body
FROM unnest($1::integer[], $2::timestamptz[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
    AS n (number, since, cell_1, cell_2, cell_3, cell_4)
  CROSS JOIN LATERAL (
    SELECT m.case_id, m.body
    FROM (VALUES (n.cell_1), (n.cell_2), (n.cell_3), (n.cell_4)) AS v (cell)
      CROSS JOIN LATERAL (
        SELECT r.case_id, r.shard, r.received_at, r.body FROM report r
        WHERE r.place = v.cell AND r.parent IS NULL AND r.received_at >= n.since
        ORDER BY r.received_at DESC LIMIT 40) m
      LEFT JOIN case_state s ON s.shard = m.shard AND s.case_id = m.case_id
    WHERE coalesce(s.takes, true)
    ORDER BY m.received_at DESC LIMIT 20) c;

-- name: intake_second_look
-- $1 to $6 as above, $7 to $9 case, place and instant of the report itself: originals that came shortly before it. A report that was
-- linked meanwhile, or whose transaction was undone, finds none.
SELECT m.number, m.case_id, m.body, o.body
FROM (
    SELECT n.number, n.own, n.own_place, c.case_id, c.shard, c.body
    FROM unnest($1::integer[], $2::timestamptz[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
                $8::bigint[], $9::timestamptz[])
        AS n (number, since, cell_1, cell_2, cell_3, cell_4, own, own_place, own_at)
      CROSS JOIN LATERAL (
        SELECT r.case_id, r.shard, r.body FROM report r
        WHERE r.place = ANY (ARRAY[n.cell_1, n.cell_2, n.cell_3, n.cell_4]) AND r.parent IS NULL
          AND r.received_at BETWEEN n.since AND n.own_at AND r.case_id <> n.own
        LIMIT 80) c
    OFFSET 0) m
  JOIN report o ON o.shard = (m.own & 127)::smallint AND o.case_id = m.own AND o.place = m.own_place AND o.parent IS NULL
  LEFT JOIN case_state s ON s.shard = m.shard AND s.case_id = m.case_id
WHERE coalesce(s.takes, true);

-- name: intake_fresh
-- $1 shards, $2 since when: the originals among the last reports of each
SELECT r.body
FROM unnest($1::smallint[]) AS s (shard)
  CROSS JOIN LATERAL (
    SELECT n.body, n.received_at, n.place, n.parent FROM report n WHERE n.shard = s.shard ORDER BY n.case_id DESC LIMIT 100) r
WHERE r.received_at >= $2 AND r.place IS NOT NULL AND r.parent IS NULL;

-- name: intake_link
-- $1 shards, $2 cases, $3 parents
UPDATE report r SET parent = n.parent FROM unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS n (shard, case_id, parent)
WHERE r.shard = n.shard AND r.case_id = n.case_id;

-- name: intake_likely
-- $1 cells as one array, $2 since when in unix ms: as intake_candidates, for somebody who has not reported yet.
SELECT c.case_id, c.body, s.state
FROM unnest($1::text::bigint[]) AS n (cell)
  CROSS JOIN LATERAL (
    SELECT r.case_id, r.shard, r.body FROM report r
    WHERE r.place = n.cell AND r.parent IS NULL AND r.received_at >= to_timestamp($2::text::bigint / 1000.0)
    ORDER BY r.received_at DESC LIMIT 40) c
  JOIN case_state s ON s.shard = c.shard AND s.case_id = c.case_id
WHERE s.takes;
