-- name: people_case
-- $1 shard, $2 case: how it stands, for who acts next
SELECT state, unit, support, tier, area FROM routing.case_file WHERE shard = $1 AND case_id = $2::bigint;
