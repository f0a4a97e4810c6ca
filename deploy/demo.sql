-- The demo's live table.
\pset title 'Cases by channel'
SELECT channel,
       count(*) AS cases,
       count(*) FILTER (WHERE due_at IS NOT NULL) AS open,
       count(*) FILTER (WHERE tier = 1) AS "tier 1",
       count(*) FILTER (WHERE tier = 2) AS "tier 2",
       count(*) FILTER (WHERE tier = 3) AS "tier 3",
       count(*) FILTER (WHERE tier = 4) AS "tier 4",
       count(*) FILTER (WHERE state = 'merged' OR parent IS NOT NULL) AS merged,
       count(*) FILTER (WHERE supervised) AS supervised
FROM routing.case_file GROUP BY channel ORDER BY cases DESC;
\pset title 'Along the way'
SELECT to_char(mesh.now(), 'YYYY-MM-DD HH24:MI') AS "city's time (UTC)",
       (SELECT count(*) FROM intake.report) AS "reports kept",
       (SELECT sum(out_seq) FROM routing.shard) AS moves,
       (SELECT sum(out_seq) FROM escalation.shard) AS "instants passed",
       (SELECT sum(head) FROM notification.stream) AS "entries for departments",
       :'unit' AS "followed here",
       :followed AS "entries received";
