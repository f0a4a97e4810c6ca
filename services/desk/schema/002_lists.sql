-- The lists. They go back in time from `newest`, one span after the other: in each span every area of the subtree is asked for
-- its cases by the index (area, opened_at), so that it costs the same however old the platform is; where there are many areas,
-- finished cases are found by the index (opened_at) instead. A span that would hold too many is made shorter; how many a span held says how long the next one is.
CREATE TYPE desk.place AS (opened_at timestamptz, case_id bigint);

-- What a list looks at of a case, and the cases that were opened in one span: open ones, and finished ones by area or by time.
CREATE TYPE desk.near AS (opened_at timestamptz, case_id bigint, due_at timestamptz, state text, channel text, item text,
                          severity text, tier smallint, unit text, supervised boolean);

CREATE FUNCTION desk.near_open(areas text[], since timestamptz, until timestamptz, most integer) RETURNS SETOF desk.near
STABLE LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT c.* FROM unnest(areas) AS a (code), LATERAL (
    SELECT o.opened_at, o.case_id, o.due_at, o.state, o.channel, o.item, o.severity, o.tier, o.unit, o.supervised
    FROM routing.case_file o WHERE o.due_at IS NOT NULL AND o.area = a.code AND o.opened_at >= since AND o.opened_at < until) c
  LIMIT most
$$;

CREATE FUNCTION desk.near_ended(areas text[], since timestamptz, until timestamptz, most integer) RETURNS SETOF desk.near
STABLE LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT c.* FROM unnest(areas) AS a (code), LATERAL (
    SELECT e.opened_at, e.case_id, e.due_at, e.state, e.channel, e.item, e.severity, e.tier, e.unit, e.supervised
    FROM routing.case_file e WHERE e.due_at IS NULL AND e.area = a.code AND e.opened_at >= since AND e.opened_at < until) c
  LIMIT most
$$;

CREATE FUNCTION desk.near_ended_wide(root text, since timestamptz, until timestamptz, most integer) RETURNS SETOF desk.near
STABLE LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT e.opened_at, e.case_id, e.due_at, e.state, e.channel, e.item, e.severity, e.tier, e.unit, e.supervised
  FROM routing.case_file e
  WHERE e.due_at IS NULL AND e.opened_at >= since AND e.opened_at < until
    AND (root IS NULL OR EXISTS (SELECT FROM desk.area_within w WHERE w.area = e.area AND w.within = root))
  LIMIT most
$$;
CREATE FUNCTION desk.near_supervised(root text, since timestamptz, until timestamptz, most integer) RETURNS SETOF desk.near
STABLE LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT c.opened_at, c.case_id, c.due_at, c.state, c.channel, c.item, c.severity, c.tier, c.unit, c.supervised
  FROM routing.case_file c
  WHERE c.supervised AND c.opened_at >= since AND c.opened_at < until
    AND (root IS NULL OR EXISTS (SELECT FROM desk.area_within w WHERE w.area = c.area AND w.within = root))
  LIMIT most
$$;
-- They show everything: only desk.cases, which asks who looks, may call them.
REVOKE ALL ON FUNCTION desk.near_open, desk.near_ended, desk.near_ended_wide, desk.near_supervised FROM PUBLIC;

CREATE FUNCTION desk.cases(
  root text,                 -- area whose subtree is listed; null: that of the post
  is_open boolean,           -- null: open and finished ones
  in_state text, in_channel text, in_item text, in_severity text, in_tier smallint, in_unit text, is_supervised boolean,
  due_before timestamptz,
  oldest timestamptz,
  newest timestamptz,        -- opened before this instant, or then and with a smaller number than newest_case; null: up to now
  newest_case bigint,
  most integer)
RETURNS TABLE (places desk.place[], examined_to timestamptz)  -- newest first; how far back it looked, null: to the end
STABLE LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  looked_max CONSTANT integer := 5000;   -- cases of one page: a filter that fits few gives a short page and where to go on
  span_cases CONSTANT integer := 1000;   -- wanted in one span
  seen   record;
  areas  text[];
  wide   boolean;  -- many areas: finished cases are then found by time alone
  whole  boolean;  -- the city itself
  listed boolean := coalesce(is_supervised, false);  -- the supervision list is short: it is looked at as a whole
  until  timestamptz := coalesce(CASE WHEN newest_case IS NULL THEN newest ELSE newest + interval '1 microsecond' END, 'infinity');
  since  timestamptz;
  span   interval;
  got    record;
  looked integer := 0;
  cap    integer;
BEGIN
  places := '{}';
  SELECT * INTO seen FROM desk.seen();
  IF NOT FOUND THEN
    RETURN;
  END IF;
  root := coalesce(root, (SELECT u.area FROM city.unit u JOIN desk.area_within w ON w.area = u.area AND w.within = seen.area
                          WHERE u.code = in_unit), seen.area);
  IF NOT EXISTS (SELECT FROM desk.area_within w WHERE w.area = root AND w.within = seen.area) THEN
    RETURN;
  END IF;
  areas := ARRAY(SELECT w.area FROM desk.area_within w WHERE w.within = root);
  oldest := greatest(coalesce(oldest, '2000-01-01'), '2000-01-01');
  until := least(until, mesh.now() + interval '1 minute');
  wide := cardinality(areas) > 300;
  whole := NOT EXISTS (SELECT FROM desk.area_within w WHERE w.area = root AND w.within <> root);
  span := CASE WHEN listed THEN interval '100 years' ELSE interval '90 minutes' * least(2000.0 / cardinality(areas), 1000) END;
  WHILE until > oldest AND cardinality(places) < most LOOP
    since := date_trunc('milliseconds', greatest(oldest, until - span)); -- as fine as instants are elsewhere
    cap := CASE WHEN until - since > interval '1 second' THEN looked_max + 1 END; -- of what came in at one time all is looked at
    WITH near AS MATERIALIZED (
      SELECT o.* FROM desk.near_open(areas, since, until, cap) o WHERE is_open IS NOT false AND NOT listed
      UNION ALL
      SELECT e.* FROM desk.near_ended(areas, since, until, cap) e WHERE is_open IS NOT true AND NOT wide AND NOT listed
      UNION ALL
      SELECT e.* FROM desk.near_ended_wide(CASE WHEN whole THEN NULL ELSE root END, since, until, cap) e
      WHERE is_open IS NOT true AND wide AND NOT listed
      UNION ALL
      SELECT l.* FROM desk.near_supervised(CASE WHEN whole THEN NULL ELSE root END, since, until, cap) l
      WHERE listed AND (is_open IS NULL OR is_open = (l.due_at IS NOT NULL)))
    SELECT (SELECT count(*) FROM near) AS looked, ARRAY(
      SELECT (n.opened_at, n.case_id)::desk.place FROM near n
      WHERE n.channel = ANY (seen.channels)
        AND (in_state IS NULL OR n.state = in_state) AND (in_channel IS NULL OR n.channel = in_channel)
        AND (in_item IS NULL OR n.item = in_item) AND (in_severity IS NULL OR n.severity = in_severity)
        AND (in_tier IS NULL OR n.tier = in_tier) AND (in_unit IS NULL OR n.unit = in_unit)
        AND (is_supervised IS NULL OR n.supervised = is_supervised) AND (due_before IS NULL OR n.due_at < due_before)
        AND (newest_case IS NULL OR n.opened_at < newest OR n.case_id < newest_case)
      ORDER BY n.opened_at DESC, n.case_id DESC LIMIT most - cardinality(cases.places)) AS places
    INTO got;
    IF got.looked >= cap THEN
      span := (until - since) / 16;
      CONTINUE;
    END IF;
    places := places || got.places;
    looked := looked + got.looked;
    until := since;
    EXIT WHEN looked >= looked_max;
    span := span * least(greatest(span_cases / (got.looked + 1.0), 0.25), 16);
  END LOOP;
  examined_to := CASE WHEN until > oldest THEN until END;
  RETURN NEXT;
END $$;

-- The queue of the post's unit: its open cases, by what is due next.
CREATE FUNCTION desk.queue(due_after timestamptz, case_after bigint, most integer) RETURNS SETOF desk.place
STABLE LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT c.due_at, c.case_id FROM desk.seen() s, routing.case_file c
  WHERE c.unit = s.unit AND c.due_at IS NOT NULL AND c.due_at >= due_after AND (c.due_at, c.case_id) > (due_after, case_after)
    AND c.channel = ANY (s.channels)
  ORDER BY c.due_at, c.case_id LIMIT most
$$;

-- What a list shows of each case, in the order of the numbers; the same rule as in desk.case_seen, which cannot be asked for many.
CREATE FUNCTION desk.rows(cases bigint[])
RETURNS TABLE (case_id bigint, version integer, state text, severity text, tier smallint, unit text, support text, channel text,
               item text, area text, opened_at timestamptz, due_at timestamptz, supervised boolean, opening bytea)
STABLE LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT c.case_id, c.version, c.state, c.severity, c.tier, c.unit, c.support, c.channel, c.item, c.area, c.opened_at, c.due_at,
         c.supervised, c.opening
  FROM desk.seen() s, unnest(cases) WITH ORDINALITY AS n (case_id, nth)
    JOIN routing.case_file c ON c.shard = (n.case_id & 127)::smallint AND c.case_id = n.case_id
  WHERE c.channel = ANY (s.channels)
    AND (c.unit = s.unit OR s.unit = ANY (string_to_array(c.support, ' '))
         OR EXISTS (SELECT FROM desk.area_within w WHERE w.area = c.area AND w.within = s.area))
  ORDER BY n.nth
$$;
