-- Messages to people: their own ends of it, and how those who reported are found.

-- Everybody can end what he gets: endpoints by a token of their own.
ALTER TABLE notification.endpoint ALTER COLUMN token SET DEFAULT replace(gen_random_uuid()::text, '-', '');

-- What it wanted before this entry was something else: the audit looks at those after it.
ALTER TABLE notification.endpoint ADD COLUMN wished_from bigint NOT NULL DEFAULT 0;

-- Who reported and wants to hear no more: of one case, or of none.
CREATE TABLE notification.case_ended (
  case_id bigint PRIMARY KEY,
  at      timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE notification.reporter_ended (
  reporter bigint PRIMARY KEY,
  at       timestamptz NOT NULL DEFAULT clock_timestamp()
);
REVOKE ALL ON notification.case_ended, notification.reporter_ended FROM zhitong_notification;

-- The one endpoint of those who reported: the address is found for each entry. Its hours, events and filter are the operator's.
INSERT INTO notification.endpoint (name, unit, carrier, shown, token) VALUES ('reporters', '@reporters', 'reporters', 'who reported', NULL);

-- Where this case's reporter is told; the look stands in intake.look. A merged case has a reporter of its own.
CREATE FUNCTION notification.reporter_of(of_case bigint, event text)
RETURNS TABLE (state text, reporter bigint, sealed bytea, language text)
VOLATILE LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  whose bigint := (SELECT r.reporter FROM intake.report r WHERE r.shard = (of_case & 127)::smallint AND r.case_id = of_case);
  found_row record;
BEGIN
  IF whose IS NULL THEN
    RETURN QUERY SELECT 'none', NULL::bigint, NULL::bytea, NULL::text;
  ELSIF EXISTS (SELECT FROM notification.case_ended e WHERE e.case_id = of_case)
     OR EXISTS (SELECT FROM notification.reporter_ended e WHERE e.reporter = whose) THEN
    RETURN QUERY SELECT 'ended', NULL::bigint, NULL::bytea, NULL::text;
  ELSIF NOT EXISTS (SELECT FROM intake.reporter p WHERE p.reporter = whose AND p.erased_at IS NULL) THEN
    RETURN QUERY SELECT 'erased', NULL::bigint, NULL::bytea, NULL::text;
  ELSE
    RETURN QUERY SELECT 'kept', l.reporter, l.sealed, l.language
    FROM intake.look_at('notification', NULL, of_case, ARRAY[of_case], 'message: ' || event) l;
  END IF;
END $$;
REVOKE ALL ON FUNCTION notification.reporter_of FROM PUBLIC;
GRANT EXECUTE ON FUNCTION notification.reporter_of TO zhitong_notification;

-- ---- the link that ends messages, for intake's page ----------------------------------------------------------------------------

-- Whose token it is; no row: nobody's.
CREATE FUNCTION notification.unsubscribe_look(of_token text) RETURNS TABLE (language text, ended boolean)
STABLE LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT e.language, e.disabled_at IS NOT NULL FROM notification.endpoint e WHERE e.token = of_token
$$;

CREATE FUNCTION notification.unsubscribe(of_token text) RETURNS TABLE (language text, ended boolean)
VOLATILE LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  UPDATE notification.endpoint e
  SET disabled_at = coalesce(e.disabled_at, clock_timestamp()), disabled_why = coalesce(e.disabled_why, 'ended by its link'),
      changed = e.changed + 1
  WHERE e.token = of_token RETURNING e.language, true
$$;

-- In which language a reporter hears, and whether he has ended it.
CREATE FUNCTION notification.reporter_ended_look(of_case bigint) RETURNS TABLE (language text, ended boolean)
STABLE LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  RETURN QUERY
    SELECT coalesce(p.language, ''),
           EXISTS (SELECT FROM notification.case_ended e WHERE e.case_id = of_case)
           OR EXISTS (SELECT FROM notification.reporter_ended e WHERE e.reporter = r.reporter)
    FROM intake.report r LEFT JOIN intake.reporter p ON p.reporter = r.reporter
    WHERE r.shard = (of_case & 127)::smallint AND r.case_id = of_case;
END $$;

CREATE FUNCTION notification.end_reporter(of_case bigint, for_good boolean) RETURNS TABLE (language text, ended boolean)
VOLATILE LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  INSERT INTO notification.case_ended (case_id)
  SELECT r.case_id FROM intake.report r WHERE r.shard = (of_case & 127)::smallint AND r.case_id = of_case
  ON CONFLICT DO NOTHING;
  IF for_good THEN
    INSERT INTO notification.reporter_ended (reporter)
    SELECT r.reporter FROM intake.report r
    WHERE r.shard = (of_case & 127)::smallint AND r.case_id = of_case AND r.reporter IS NOT NULL
    ON CONFLICT DO NOTHING;
  END IF;
  RETURN QUERY SELECT * FROM notification.reporter_ended_look(of_case);
END $$;
GRANT USAGE ON SCHEMA notification TO zhitong_intake; -- for these four functions; it has no right on a table
REVOKE ALL ON FUNCTION notification.unsubscribe_look, notification.unsubscribe, notification.reporter_ended_look,
  notification.end_reporter FROM PUBLIC;
GRANT EXECUTE ON FUNCTION notification.unsubscribe_look, notification.unsubscribe, notification.reporter_ended_look,
  notification.end_reporter TO zhitong_intake;
