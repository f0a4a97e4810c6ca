-- Reports of the city with the item under which each case stands now, for a classifier to learn from.

-- name: classify_page
-- $1 shard, $2 after this case, $3 received before this instant, $4 how many. A report that nobody has taken on teaches nothing.
SELECT r.case_id, r.body, c.item FROM intake.report r JOIN routing.case_file c ON c.shard = r.shard AND c.case_id = r.case_id
WHERE r.shard = $1::smallint AND r.case_id > $2::bigint AND r.received_at < $3::timestamptz
  AND c.state NOT IN ('reported', 'needs_info', 'declined', 'merged')
ORDER BY r.case_id LIMIT $4::integer;

-- name: classify_until
-- $1 a date or an instant, NULL: now
SELECT coalesce($1::text::timestamptz, mesh.now());
