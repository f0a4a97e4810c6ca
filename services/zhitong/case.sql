-- name: case_way
-- $1 case, $2 shard → at, service, type and body of an entry, or what else there is to say. Along indexes, but for the attempts and parked rows.
-- Hosts' clocks differ a little: nothing stands before the report that it comes from.
WITH report AS (SELECT received_at, body FROM intake.report WHERE shard = $2::smallint AND case_id = $1::bigint)
SELECT * FROM (
  SELECT received_at, 'intake', 32::smallint, body, NULL::text FROM report
  UNION ALL SELECT at, 'routing', type, body, NULL FROM routing.log WHERE shard = $2::smallint AND case_id = $1::bigint
  UNION ALL SELECT due_at, 'escalation', NULL, NULL,
                   format('%s, of version %s at tier %s', CASE WHEN fired_at IS NULL THEN 'the clock is armed for then' ELSE 'the clock has fired' END, version, tier)
            FROM escalation.deadline WHERE shard = $2::smallint AND case_id = $1::bigint
  UNION ALL SELECT a.at, 'notification', NULL, NULL,
                   format('version %s to %s: %s %s', a.version, coalesce(e.name, a.endpoint::text), a.outcome, nullif(a.status, 0))
            FROM notification.attempt a LEFT JOIN notification.endpoint e USING (endpoint) WHERE a.case_id = $1::bigint
  UNION ALL SELECT parked_at, 'routing', NULL, NULL, format('parked: %s: %s', field, reason) FROM routing.parked WHERE case_id = $1::bigint
  UNION ALL SELECT parked_at, 'escalation', NULL, NULL, format('parked: %s: %s', field, reason) FROM escalation.parked WHERE case_id = $1::bigint
  UNION ALL SELECT parked_at, 'notification', NULL, NULL, format('parked: %s: %s', field, reason) FROM notification.parked WHERE case_id = $1::bigint
) AS way (at, service, type, body, text)
ORDER BY greatest(at, (SELECT received_at FROM report)), type NULLS LAST, at;
