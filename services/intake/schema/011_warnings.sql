-- Public warnings (docs/live.md): which alerts have been given out, so that the next one can refer to them. Nothing of a reporter is in
-- them: what is said comes from city.warning, and where from the case's area.
CREATE TABLE intake.warning (
  case_id    bigint NOT NULL,
  number     integer NOT NULL,  -- of the case's alerts, from 1
  kind       text NOT NULL CHECK (kind IN ('Alert', 'Update', 'Cancel')),
  sent_at    timestamptz NOT NULL,  -- whole seconds, as CAP has it
  expires_at timestamptz NOT NULL,
  severity   text NOT NULL,
  item       text NOT NULL,
  area       text NOT NULL,
  PRIMARY KEY (case_id, number)
);
CREATE INDEX warning_expires ON intake.warning (expires_at);
REVOKE INSERT, UPDATE, DELETE ON intake.warning FROM zhitong_intake;

-- The cases that are to be warned of now. A case that nobody has looked at yet is none: whoever can report could warn a city.
CREATE FUNCTION intake.warned_cases()
RETURNS TABLE (case_id bigint, severity text, item text, area text, holds interval)
STABLE LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  ranks CONSTANT text[] := ARRAY['blue', 'yellow', 'orange', 'red'];
BEGIN
  RETURN QUERY
    SELECT c.case_id, c.severity, c.item, c.area, make_interval(hours => coalesce(nullif(w.hours, '0')::integer, 24))
    FROM routing.case_file c JOIN city.warning w ON w.item = c.item JOIN city.channel h ON h.code = c.channel
    WHERE c.due_at IS NOT NULL AND c.state NOT IN ('reported', 'needs_info') AND h.privacy = 'public'
      AND array_position(ranks, c.severity) >= array_position(ranks, coalesce(w.severity, 'blue'));
END $$;
REVOKE ALL ON FUNCTION intake.warned_cases FROM PUBLIC;

-- Gives out what has become due: an alert for a new one; an update where severity, item or area changed, or a quarter of its time is
-- left; a cancellation for one that is over. Those that have ended a week ago go. Only one does it at a time, others go on.
CREATE FUNCTION intake.warn() RETURNS void
VOLATILE LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  cancel_shown CONSTANT interval := '24 hours';
  kept CONSTANT interval := '7 days';
  at timestamptz := date_trunc('second', mesh.now());
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtext('intake.warn'), 0) THEN
    RETURN;
  END IF;
  WITH last AS (
    SELECT DISTINCT ON (w.case_id) w.* FROM intake.warning w ORDER BY w.case_id, w.number DESC),
  wanted AS MATERIALIZED (SELECT * FROM intake.warned_cases())
  INSERT INTO intake.warning (case_id, number, kind, sent_at, expires_at, severity, item, area)
  SELECT n.case_id, coalesce(l.number, 0) + 1, CASE WHEN l.kind IS NULL OR l.kind = 'Cancel' THEN 'Alert' ELSE 'Update' END, at,
         at + n.holds, n.severity, n.item, n.area
  FROM wanted n LEFT JOIN last l USING (case_id)
  WHERE l.kind IS NULL OR l.kind = 'Cancel' OR (l.severity, l.item, l.area) <> (n.severity, n.item, n.area)
     OR l.expires_at < at + n.holds / 4
  UNION ALL
  SELECT l.case_id, l.number + 1, 'Cancel', at, at + cancel_shown, l.severity, l.item, l.area
  FROM last l WHERE l.kind <> 'Cancel' AND NOT EXISTS (SELECT FROM wanted n WHERE n.case_id = l.case_id);
  DELETE FROM intake.warning w
  WHERE w.expires_at < at - kept
    AND EXISTS (SELECT FROM intake.warning o WHERE o.case_id = w.case_id AND o.number > w.number AND o.sent_at < at - kept);
END $$;
REVOKE ALL ON FUNCTION intake.warn FROM PUBLIC;
GRANT EXECUTE ON FUNCTION intake.warn TO zhitong_intake;

-- The newest alert of each case that has not expired, the newest first, with the alerts before it that it refers to (number and unix
-- seconds), and what the city says of it; a row that the city has no more falls back to the item's name.
CREATE FUNCTION intake.warnings(most integer)
RETURNS TABLE (case_id bigint, number integer, kind text, sent_at timestamptz, expires_at timestamptz, severity text, area text,
               before text, category text, urgency text, certainty text, event_en text, event_zh text, instruction_en text,
               instruction_zh text, area_en text, area_zh text, metres text, rings text)
STABLE LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT n.case_id, n.number, n.kind, n.sent_at, n.expires_at, n.severity, n.area,
    coalesce((SELECT string_agg(b.number || ' ' || extract(epoch FROM b.sent_at)::bigint, ' ' ORDER BY b.number)
              FROM intake.warning b WHERE b.case_id = n.case_id AND b.number < n.number AND n.kind <> 'Alert'
                AND b.number >= (SELECT max(a.number) FROM intake.warning a
                                 WHERE a.case_id = n.case_id AND a.kind = 'Alert' AND a.number < n.number)), ''),
    coalesce(w.category, 'Other'), coalesce(w.urgency, 'Unknown'), coalesce(w.certainty, 'Unknown'), coalesce(w.event_en, i.name_en, n.item),
    coalesce(w.event_zh, ''), coalesce(w.instruction_en, ''), coalesce(w.instruction_zh, ''), a.name_en, coalesce(a.name_zh, a.name_en),
    coalesce(nullif(w.metres, '0'), '1000'),
    (SELECT string_agg(f.ring, ';' ORDER BY f.part) FROM city.fence f WHERE f.area = n.area AND f.hole = 'no')
  FROM (SELECT DISTINCT ON (l.case_id) l.* FROM intake.warning l ORDER BY l.case_id, l.number DESC) n
    LEFT JOIN city.warning w ON w.item = n.item LEFT JOIN city.item i ON i.code = n.item LEFT JOIN city.area a ON a.code = n.area
  WHERE n.expires_at > mesh.now()
  ORDER BY n.sent_at DESC, n.case_id DESC LIMIT most
$$;
REVOKE ALL ON FUNCTION intake.warnings FROM PUBLIC;
GRANT EXECUTE ON FUNCTION intake.warnings TO zhitong_intake;
