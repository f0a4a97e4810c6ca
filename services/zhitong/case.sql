-- name: case_way
-- $1 case, $2 shard → at, service, type and body of an entry, or what else there is to say. By the indexes on case_id.
SELECT at, 'intake', type, body, NULL::text FROM intake.log WHERE shard = $2::smallint AND case_id = $1::bigint
UNION ALL SELECT at, 'routing', type, body, NULL FROM routing.log WHERE shard = $2::smallint AND case_id = $1::bigint
UNION ALL SELECT at, 'escalation', type, body, NULL FROM escalation.log WHERE shard = $2::smallint AND case_id = $1::bigint
UNION ALL SELECT a.at, 'notification', NULL, NULL, format('version %s to %s: %s %s', a.version, coalesce(e.name, a.endpoint::text), a.outcome, nullif(a.status, 0))
          FROM notification.attempt a LEFT JOIN notification.endpoint e USING (endpoint) WHERE a.case_id = $1::bigint
UNION ALL SELECT parked_at, 'intake', NULL, NULL, format('parked: %s: %s', field, reason) FROM intake.parked WHERE case_id = $1::bigint
UNION ALL SELECT parked_at, 'routing', NULL, NULL, format('parked: %s: %s', field, reason) FROM routing.parked WHERE case_id = $1::bigint
UNION ALL SELECT parked_at, 'escalation', NULL, NULL, format('parked: %s: %s', field, reason) FROM escalation.parked WHERE case_id = $1::bigint
UNION ALL SELECT parked_at, 'notification', NULL, NULL, format('parked: %s: %s', field, reason) FROM notification.parked WHERE case_id = $1::bigint
ORDER BY 1, 3 NULLS LAST;

-- name: case_streams
-- $1 case. In whose stream it stands.
SELECT unit, min(seq), max(seq) FROM notification.stream_entry WHERE case_id = $1::bigint GROUP BY unit ORDER BY unit;
