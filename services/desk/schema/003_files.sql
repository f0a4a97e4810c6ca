-- Files that reports of a case named; only of cases that the post may see.
CREATE VIEW desk.case_file WITH (security_barrier) AS
SELECT c.shard, c.case_id, c.channel, f.sha256, f.type, f.bytes, f.published_at, f.published_by
FROM desk.case_seen c JOIN intake.file_use u USING (shard, case_id) JOIN intake.file f USING (sha256);

-- Publishes a file of such a case, or withdraws it; false: there is none. The one row outside desk that the staff change.
CREATE FUNCTION desk.publish_file(of_case bigint, hash bytea, who text, publish boolean) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  UPDATE intake.file f
  SET published_at = CASE WHEN publish THEN coalesce(f.published_at, clock_timestamp()) END,
      published_by = CASE WHEN publish THEN coalesce(f.published_by, who) END
  WHERE f.sha256 = hash AND EXISTS (SELECT FROM desk.case_file c
    WHERE c.shard = (of_case & 127)::smallint AND c.case_id = of_case AND c.sha256 = hash);
  RETURN FOUND;
END $$;
REVOKE ALL ON FUNCTION desk.publish_file FROM PUBLIC;
GRANT EXECUTE ON FUNCTION desk.publish_file TO zhitong_desk;
