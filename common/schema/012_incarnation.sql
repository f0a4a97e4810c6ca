-- After the database was restored to an earlier point, numbers that were given after it must not be given again with another
-- meaning: a reporter's receipt would open somebody else's case, a department would take a new entry for one that it has. So each
-- restored life of the city, its incarnation, counts in a range of its own. See docs/decisions/0022-what-a-restore-says.md.
CREATE TABLE mesh.incarnation (
  incarnation bigint PRIMARY KEY CHECK (incarnation BETWEEN 1 AND 9000),
  began_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE mesh.incarnation IS 'Restored lives of this city, the newest last; none: it was never restored.';
GRANT SELECT ON mesh.incarnation TO zhitong_service;

-- Seqs of streams in one incarnation; an 8-byte float holds all of those of 9000.
CREATE FUNCTION mesh.stream_span() RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql AS 'SELECT 1000000000000';

-- Run once after each restore, before any service connects: deploy/backup does. Says what it did, a line each. PostgreSQL gives every
-- restored life a timeline that was never given before (the archive knows them all); it is the incarnation's number.
CREATE FUNCTION mesh.begin_incarnation() RETURNS TABLE (what text) LANGUAGE plpgsql AS $$
DECLARE
  ours bigint;
  base bigint;
  of_service text;
BEGIN
  IF EXISTS (SELECT FROM pg_locks l JOIN mesh.member m ON m.member = l.objid::bigint
             WHERE l.locktype = 'advisory' AND l.classid::bigint = mesh.lock_class() AND l.granted
               AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())) THEN
    RAISE EXCEPTION 'services are connected: stop them all, restore again, and start them afterwards'
      USING HINT = 'What they have in memory comes from before the restore.';
  END IF;
  SELECT greatest(coalesce(max(i.incarnation), 0) + 1, ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::bigint)
    INTO ours FROM mesh.incarnation i;
  base := ours * mesh.stream_span();
  INSERT INTO mesh.incarnation (incarnation) VALUES (ours);
  DELETE FROM mesh.member;
  DELETE FROM mesh.placement;
  FOR of_service IN SELECT service FROM mesh.service LOOP
    -- A replica that still thinks that it owns a shard must lose at the fence.
    EXECUTE format('UPDATE %I.shard SET owner = 0, epoch = epoch + 1000000', of_service);
  END LOOP;
  INSERT INTO notification.stream_ended (unit, incarnation, head) SELECT s.unit, ours, s.head FROM notification.stream s;
  -- Who has everything is behind by nothing.
  UPDATE notification.endpoint e SET cursor = base, changed = changed + 1 FROM notification.stream s
  WHERE s.unit = e.unit AND e.cursor = s.head;
  UPDATE notification.stream_group g SET applied = base FROM notification.stream s WHERE s.unit = g.unit AND g.applied = s.head;
  UPDATE notification.stream SET head = base;
  PERFORM pg_notify('mesh', '');
  RETURN QUERY SELECT format('incarnation %s: seqs of streams go on at %s; %s streams ended before', ours, base + 1,
                             (SELECT count(*) FROM notification.stream_ended e WHERE e.incarnation = ours));
END $$;
REVOKE ALL ON FUNCTION mesh.begin_incarnation FROM PUBLIC;
