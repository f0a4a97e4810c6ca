-- name: intake_candidates
-- $1 numbers of reports, $2 since when, $3 a cell that each looks into, $4 and $5 where it lies from that: the newest originals around it
-- whose case still takes reports, or of which routing has not heard yet. A place is cell, y and x (services/intake/likeness.h).
SELECT n.number, c.case_id, c.body
FROM unnest($1::integer[], $2::timestamptz[], $3::bigint[], $4::smallint[], $5::smallint[]) AS n (number, since, cell, x, y)
  CROSS JOIN LATERAL (
    SELECT m.case_id, m.body
    FROM (
        SELECT r.case_id, r.shard, r.place, r.body FROM report r
        WHERE r.place >> 24 = n.cell AND r.parent IS NULL AND r.received_at >= n.since
        ORDER BY r.received_at DESC LIMIT 100) m
      LEFT JOIN case_state s ON s.shard = m.shard AND s.case_id = m.case_id
    WHERE abs((m.place & 4095) - n.x) <= 1050 AND abs((m.place >> 12 & 4095) - n.y) <= 1050 AND coalesce(s.takes, true)
    LIMIT 16) c;

-- name: intake_second_look
-- $1 to $5 as above, $6 to $8 case, place and instant of the report itself: originals that came shortly before it. A report that was
-- linked meanwhile, or whose transaction was undone, finds none.
SELECT m.number, m.case_id, m.body, o.body
FROM (
    SELECT n.number, n.own, n.own_place, c.case_id, c.shard, c.body
    FROM unnest($1::integer[], $2::timestamptz[], $3::bigint[], $4::smallint[], $5::smallint[], $6::bigint[], $7::bigint[],
                $8::timestamptz[])
        AS n (number, since, cell, x, y, own, own_place, own_at)
      CROSS JOIN LATERAL (
        SELECT r.case_id, r.shard, r.body FROM report r
        WHERE r.place >> 24 = n.cell AND r.parent IS NULL
          AND r.received_at BETWEEN n.since AND n.own_at AND r.case_id <> n.own
          AND abs((r.place & 4095) - n.x) <= 1050 AND abs((r.place >> 12 & 4095) - n.y) <= 1050
        LIMIT 40) c
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
-- $1 cells, $2 and $3 where the place lies from each, all as arrays, $4 since when in unix ms: as intake_candidates, for somebody who has
-- not reported yet.
SELECT c.case_id, c.body, s.state
FROM unnest($1::text::bigint[], $2::text::smallint[], $3::text::smallint[]) AS n (cell, x, y)
  CROSS JOIN LATERAL (
    SELECT m.case_id, m.shard, m.body
    FROM (
        SELECT r.case_id, r.shard, r.place, r.body FROM report r
        WHERE r.place >> 24 = n.cell AND r.parent IS NULL AND r.received_at >= to_timestamp($4::text::bigint / 1000.0)
        ORDER BY r.received_at DESC LIMIT 200) m
    WHERE abs((m.place & 4095) - n.x) <= 1050 AND abs((m.place >> 12 & 4095) - n.y) <= 1050
    LIMIT 40) c
  JOIN case_state s ON s.shard = c.shard AND s.case_id = c.case_id
WHERE s.takes;
