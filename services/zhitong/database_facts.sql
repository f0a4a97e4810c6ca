-- name: database_facts
-- Quick at any size. What only a superuser or pg_monitor may see of others' sessions is less for others, and no failure.
SELECT current_setting('server_version'), current_setting('server_version_num')::int, pg_is_in_recovery(),
       pg_encoding_to_char(d.encoding)::text, d.datctype::text,
       current_setting('fsync'), current_setting('synchronous_commit'), current_setting('full_page_writes'),
       current_setting('data_checksums'), current_setting('archive_mode'),
       (SELECT coalesce(r.rolname, o.datname, 'everybody')::text
        FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole LEFT JOIN pg_database o ON o.oid = s.setdatabase
        WHERE s.setdatabase IN (0, d.oid) AND EXISTS (SELECT FROM unnest(s.setconfig) c WHERE c IN ('synchronous_commit=off', 'synchronous_commit=local'))
        ORDER BY 1 LIMIT 1),
       clock_timestamp(),
       (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
       current_setting('max_connections')::bigint - current_setting('superuser_reserved_connections')::bigint,
       (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(xact_start)) * 1000, 0)::bigint FROM pg_stat_activity
        WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()),
       (SELECT max(age(datfrozenxid))::bigint FROM pg_database),
       s.xact_commit, s.xact_rollback, s.deadlocks,
       CASE WHEN pg_is_in_recovery() THEN pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0') ELSE pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') END::bigint,
       a.failed_count, a.last_archived_time, a.last_failed_time,
       r.standbys, r.synchronous, r.lag
FROM pg_database d JOIN pg_stat_database s ON s.datid = d.oid CROSS JOIN pg_stat_archiver a
  CROSS JOIN (SELECT count(*) AS standbys, count(*) FILTER (WHERE sync_state IN ('sync', 'quorum')) AS synchronous,
                     coalesce(max(CASE WHEN NOT pg_is_in_recovery() THEN pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) END), 0)::bigint AS lag
              FROM pg_stat_replication) r
WHERE d.datname = current_database();
