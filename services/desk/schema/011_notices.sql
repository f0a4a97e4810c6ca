-- Messages to a member of the staff: endpoints that an operator made for the login (`zhitong endpoints add … --login`), as the member wants
-- them. Whose they are is told by the post of this transaction, as everywhere.
CREATE FUNCTION desk.notices()
RETURNS TABLE (endpoint bigint, name text, unit text, carrier text, shown text, language text, events text, quiet_from text,
               quiet_to text, digest_at text, per_hour integer, off boolean, why text)
STABLE LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT e.endpoint, e.name, e.unit, e.carrier, e.shown, e.language, e.events, to_char(e.quiet_from, 'HH24:MI'),
         to_char(e.quiet_to, 'HH24:MI'), to_char(e.digest_at, 'HH24:MI'), e.per_hour, e.disabled_at IS NOT NULL,
         coalesce(e.disabled_why, '')
  FROM desk.seen() n JOIN desk.post p ON p.post = n.post JOIN desk.staff s ON s.staff = p.staff
    JOIN notification.endpoint e ON e.login = s.login ORDER BY e.endpoint
$$;

-- NULL leaves a wish as it is, 'none' takes it away. What an operator or the courier disabled stays so.
CREATE FUNCTION desk.notice_set(of_endpoint bigint, of_language text, of_events text, of_from text, of_to text, of_digest text,
                                of_limit text, turn_off text)
RETURNS TABLE (endpoint bigint)
VOLATILE LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  WITH who AS (
    SELECT s.login, p.post FROM desk.seen() n JOIN desk.post p ON p.post = n.post JOIN desk.staff s ON s.staff = p.staff),
  done AS (
    UPDATE notification.endpoint e
    SET language = coalesce(of_language, e.language), events = coalesce(of_events, e.events),
        quiet_from = CASE WHEN of_from IS NULL THEN e.quiet_from ELSE nullif(of_from, 'none')::time END,
        quiet_to = CASE WHEN of_to IS NULL THEN e.quiet_to ELSE nullif(of_to, 'none')::time END,
        digest_at = CASE WHEN of_digest IS NULL THEN e.digest_at ELSE nullif(of_digest, 'none')::time END,
        per_hour = CASE WHEN of_limit IS NULL THEN e.per_hour ELSE nullif(of_limit, 'none')::integer END,
        disabled_at = CASE WHEN turn_off = 'true' THEN coalesce(e.disabled_at, clock_timestamp())
                           WHEN turn_off = 'false' AND e.disabled_why LIKE 'ended by %' THEN NULL ELSE e.disabled_at END,
        disabled_why = CASE WHEN turn_off = 'true' THEN coalesce(e.disabled_why, 'ended by its owner')
                            WHEN turn_off = 'false' AND e.disabled_why LIKE 'ended by %' THEN NULL ELSE e.disabled_why END,
        wished_from = coalesce((SELECT t.head FROM notification.stream t WHERE t.unit = e.unit), 0),
        changed = e.changed + 1
    FROM who WHERE e.endpoint = of_endpoint AND e.login = who.login RETURNING e.endpoint, e.name),
  written AS (
    INSERT INTO desk.audit (login, post, what, outcome)
    SELECT who.login, who.post, 'notices', format('set %s', done.name) FROM who, done)
  SELECT done.endpoint FROM done
$$;
REVOKE ALL ON FUNCTION desk.notices, desk.notice_set FROM PUBLIC;
GRANT EXECUTE ON FUNCTION desk.notices, desk.notice_set TO zhitong_desk;
