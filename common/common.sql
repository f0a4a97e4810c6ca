-- Queries that every service runs on its own schema (search_path is the service's) and on the mesh.

-- name: mesh_register
-- $1 service, $2 endpoint, $3 public endpoint, $4 public CURVE key, $5 version, $6 code of the keyring. The lock is taken before the row can be seen.
-- All others learn of the newcomer at once: they must know its key, and its peers give it its share.
WITH born AS (
  INSERT INTO mesh.member (service, endpoint, public_endpoint, curve_key, version, ring) VALUES ($1, $2, $3, $4, $5, $6) RETURNING member)
SELECT member, pg_advisory_lock(mesh.lock_class(), member)::text, pg_notify('mesh', $1)::text FROM born;

-- name: mesh_listen
LISTEN mesh;

-- name: mesh_announce
SELECT pg_notify('mesh', '')::text;

-- name: mesh_leave
-- $1 member, $2 service. Its shards have no living owner from now on, so that its peers claim them.
WITH gone AS (DELETE FROM mesh.member WHERE member = $1 RETURNING member)
SELECT member, pg_notify('mesh', $2)::text FROM gone;

-- name: mesh_cut_hung
-- $1 ms, $2 sessions and $3 since when (what the look before found, HUNG_LOOK_MS ago). Sessions of our own role that wait for their
-- client for so long although its mesh thread asks something four times a second, or in the middle of a transaction, which never waits
-- for anything but PostgreSQL. Those that say nothing since the look before are ended. Not at the first look: when all were stopped
-- together, whoever looks first finds everybody else silent.
WITH holders AS MATERIALIZED (
  SELECT pid FROM pg_locks
  WHERE locktype = 'advisory' AND classid = mesh.lock_class()::oid AND objsubid = 2 AND granted),
  silent AS MATERIALIZED ( -- ended only after all of these conditions were looked at
    SELECT a.pid, (extract(epoch FROM a.state_change) * 1000000)::bigint AS since FROM pg_stat_activity a
    WHERE a.usename = current_user AND a.datname = current_database() AND a.pid <> pg_backend_pid()
      AND a.wait_event_type = 'Client' AND a.state_change < clock_timestamp() - $1::integer * interval '1 ms'
      AND (a.xact_start IS NOT NULL OR a.pid IN (SELECT pid FROM holders)))
SELECT pid, since, CASE WHEN (pid, since) IN (SELECT * FROM unnest($2::integer[], $3::bigint[])) THEN pg_terminate_backend(pid) ELSE false END
FROM silent;

-- name: mesh_bury
-- $1 service, $2 my member id. Whose lock can be had is dead.
DELETE FROM mesh.member
WHERE service = $1 AND member <> $2 AND pg_try_advisory_xact_lock_shared(mesh.lock_class(), member)
RETURNING member;

-- name: mesh_claim
-- $1 service, $2 my member id. Takes shards without a living owner, up to the fair share ceil(128 / replicas).
WITH living AS (SELECT member FROM mesh.member WHERE service = $1),
  room AS (
    SELECT ceil(128.0 / (SELECT count(*) FROM living))::integer
         - (SELECT count(*) FROM shard WHERE owner = $2)::integer AS shards),
  free AS (
    SELECT shard FROM shard
    WHERE owner NOT IN (SELECT member FROM living)
    ORDER BY shard
    LIMIT (SELECT greatest(shards, 0) FROM room) FOR NO KEY UPDATE SKIP LOCKED),
  mine AS (
    UPDATE shard s SET owner = $2, epoch = s.epoch + 1 FROM free WHERE s.shard = free.shard RETURNING s.shard),
  placed AS (
    INSERT INTO mesh.placement (service, shard, member) SELECT $1, shard, $2 FROM mine
    ON CONFLICT (service, shard) DO UPDATE SET member = excluded.member RETURNING shard)
SELECT count(*), CASE WHEN count(*) > 0 THEN pg_notify('mesh', $1)::text END FROM placed;

-- name: mesh_release
-- $1 shards, $2 epochs, $3 my member id, $4 service
WITH freed AS (
  UPDATE shard s SET owner = 0 FROM unnest($1::smallint[], $2::bigint[]) AS n (shard, epoch)
  WHERE s.shard = n.shard AND s.epoch = n.epoch AND s.owner = $3 RETURNING s.shard)
SELECT count(*), pg_notify('mesh', $4)::text FROM freed;

-- name: mesh_shards
-- $1 my member id
SELECT s.shard, s.epoch, s.in_seq_1, s.in_seq_2, s.out_seq,
       EXISTS (SELECT FROM parked p WHERE p.shard = s.shard AND p.discarded_at IS NULL) AS parked
FROM shard s WHERE s.owner = $1 ORDER BY s.shard;

-- name: mesh_members
SELECT member, service, endpoint, public_endpoint, curve_key FROM mesh.member ORDER BY member;

-- name: mesh_placement
SELECT service, shard, member FROM mesh.placement;

-- name: mesh_access
SELECT name, kind, curve_key, coalesce(unit, '') FROM mesh.access
WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > clock_timestamp());

-- name: mesh_clock
-- The city's time, how fast it goes, and what time it is outside.
SELECT mesh.now(), coalesce((SELECT speed FROM mesh.clock), 1.0), clock_timestamp();

-- name: mesh_incarnation
-- Which incarnation of the city this is: another one only after a restore, which ends all connections.
SELECT coalesce(max(incarnation), 0) FROM mesh.incarnation;

-- name: mesh_city_version
SELECT coalesce(max(version), 0)::bigint FROM city.city;

-- name: mesh_upstreams
-- $1 service
SELECT coalesce(upstream_1, ''), coalesce(upstream_2, '') FROM mesh.service WHERE service = $1;

-- name: common_shards
-- $1 shards. Waits for a commit that is still under way, so that its outcome is known.
SELECT shard, owner, epoch, in_seq_1, in_seq_2, out_seq FROM shard WHERE shard = ANY($1::smallint[])
ORDER BY shard FOR NO KEY UPDATE;

-- name: common_fence
-- $1 shards, $2 epochs, $3 $4 $5 cursors and head as we know them, $6 $7 $8 as they shall be, $9 how many shards
WITH moved AS (
  UPDATE shard s SET in_seq_1 = n.in_1, in_seq_2 = n.in_2, out_seq = n.head
  FROM unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[],
              $6::bigint[], $7::bigint[], $8::bigint[])
    AS n (shard, epoch, old_in_1, old_in_2, old_head, in_1, in_2, head)
  WHERE s.shard = n.shard AND s.epoch = n.epoch
    AND s.in_seq_1 = n.old_in_1 AND s.in_seq_2 = n.old_in_2 AND s.out_seq = n.old_head
  RETURNING 1)
SELECT mesh.fence(count(*), $9)::text FROM moved;

-- name: common_settle
-- A batch that answers from rows which it only read: a commit that nobody waited for can be seen before the standby has
-- it. This one writes, so it waits for the standby, and with that for all that was written before.
SELECT pg_logical_emit_message(true, 'zhitong', '')::text;

-- name: common_park
-- $1 shards, $2 upstreams, $3 seqs, $4 cases, $5 types, $6 fields, $7 reasons, $8 bodies
INSERT INTO parked (shard, upstream, seq, case_id, type, field, reason, body)
SELECT * FROM unnest($1::smallint[], $2::smallint[], $3::bigint[], $4::bigint[], $5::smallint[], $6::text[],
                     $7::text[], $8::bytea[])
ON CONFLICT (shard, upstream, seq) DO UPDATE
  SET field = excluded.field, reason = excluded.reason, parked_at = clock_timestamp(), replay = false;

-- name: common_parked_cases
-- $1 cases
SELECT DISTINCT case_id FROM parked WHERE case_id = ANY($1::bigint[]) AND discarded_at IS NULL;

-- name: common_replays
-- $1 shards. Entries that the operator wants tried again, in order; those of one case one after the other.
SELECT shard, upstream, seq, case_id, type, body FROM parked
WHERE replay AND discarded_at IS NULL AND shard = ANY($1::smallint[]) ORDER BY shard, upstream, seq LIMIT 100;

-- name: common_unpark
-- $1 shards, $2 upstreams, $3 seqs
DELETE FROM parked p USING unnest($1::smallint[], $2::smallint[], $3::bigint[]) AS n (shard, upstream, seq)
WHERE p.shard = n.shard AND p.upstream = n.upstream AND p.seq = n.seq;

-- name: common_replay_failed
-- $1 shards, $2 reason
UPDATE parked SET replay = false, reason = $2 WHERE replay AND shard = ANY($1::smallint[]);
