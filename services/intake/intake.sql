-- name: intake_find
-- $1 digests
SELECT digest, case_id FROM report WHERE digest = ANY($1::uuid[]);

-- name: intake_save
-- $1 cases, $2 times, $3 digests, $4 shards, $5 bodies, $6 parents, $7 places; of the last two 0 is none
INSERT INTO report (case_id, received_at, digest, shard, body, parent, place)
SELECT n.case_id, n.received_at, n.digest, n.shard, n.body, nullif(n.parent, 0), nullif(n.place, 0)
FROM unnest($1::bigint[], $2::timestamptz[], $3::uuid[], $4::smallint[], $5::bytea[], $6::bigint[], $7::bigint[])
  AS n (case_id, received_at, digest, shard, body, parent, place);

-- name: intake_report
-- $1 case
SELECT body FROM report WHERE shard = ($1::text::bigint % 128)::smallint AND case_id = $1::text::bigint;
