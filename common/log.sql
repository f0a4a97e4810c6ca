-- A service's own log: appended in every batch, read back for followers that are behind.

-- name: log_append
-- $1 shards, $2 seqs, $3 cases, $4 types, $5 times, $6 bodies
INSERT INTO log (shard, seq, case_id, type, at, body)
SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::smallint[], $5::timestamptz[], $6::bytea[]);

-- name: log_read
-- $1 stream (the shard's number), $2 first seq, $3 how many at most
SELECT seq, body FROM log WHERE shard = $1::text::smallint AND seq >= $2::bigint ORDER BY seq LIMIT $3::integer;

-- name: log_tend
-- $1 days to keep
SELECT mesh.tend_log(current_schema()::text, 'log', $1::integer);
