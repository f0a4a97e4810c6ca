-- What Open311 shows: cases of public channels, by their number or by time. Intake's role reads nothing of routing but through
-- these functions, which run with their owner's rights. They are in plpgsql, which looks at routing's tables when it is called:
-- they do not exist yet when this runs. Without parallel workers: starting one takes longer than a page of requests.

-- Reports lie in the order in which they came, so that an index of ranges does, which costs a report next to nothing.
CREATE INDEX report_at ON intake.report USING brin (received_at) WITH (autosummarize = on);

-- Updates that sources have sent: the same number twice from one source is refused.
CREATE TABLE intake.open311_update (
  source    text NOT NULL,
  update_id text NOT NULL CHECK (octet_length(update_id) BETWEEN 1 AND 120),
  case_id   bigint NOT NULL,
  taken_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (source, update_id)
);

-- A case as it is shown. state NULL: routing has not seen it yet. A merged case is open as long as its parent is.
CREATE TYPE intake.open311_case AS (case_id bigint, received_at timestamptz, moved_at timestamptz, due_at timestamptz,
                                    state text, is_open boolean, item text, unit text, body bytea);

CREATE FUNCTION intake.open311_channels() RETURNS text[] STABLE LANGUAGE sql SET search_path = pg_catalog AS $$
  SELECT ARRAY(SELECT code FROM city.channel WHERE privacy = 'public')
$$;

CREATE FUNCTION intake.open311_cases(cases bigint[]) RETURNS SETOF intake.open311_case
STABLE LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET max_parallel_workers_per_gather = 0 AS $$
DECLARE
  channels CONSTANT text[] := intake.open311_channels();
BEGIN
  RETURN QUERY
  SELECT r.case_id, r.received_at, coalesce(c.moved_at, c.opened_at, r.received_at), c.due_at, c.state,
         CASE WHEN c.state = 'merged' THEN p.due_at IS NOT NULL ELSE c.case_id IS NULL OR c.due_at IS NOT NULL END,
         c.item, c.unit, r.body
  FROM unnest(cases) AS n (case_id)
    JOIN intake.report r ON r.shard = (n.case_id & 127)::smallint AND r.case_id = n.case_id
    LEFT JOIN routing.case_file c ON c.shard = r.shard AND c.case_id = r.case_id
    LEFT JOIN routing.case_file p ON c.state = 'merged' AND p.shard = (c.parent & 127)::smallint AND p.case_id = c.parent
  WHERE c.case_id IS NULL OR c.channel = ANY (channels)
  ORDER BY r.received_at DESC, r.case_id DESC;
END $$;

-- Of what came in or moved in a window, newest first. It goes back span by span, and how many a span held says how long the next
-- one is, so that it costs the same however old the platform is.
CREATE FUNCTION intake.open311_window(
  by_move boolean,            -- the window is about when it moved last, not about when it came
  since timestamptz, until timestamptz,
  came_before timestamptz,    -- with by_move: only what came before this instant
  moved_since timestamptz, moved_until timestamptz,
  items text[], wanted_open boolean,  -- null: all
  skip integer, most integer)
RETURNS SETOF intake.open311_case STABLE LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET max_parallel_workers_per_gather = 0 AS $$
DECLARE
  channels   CONSTANT text[] := intake.open311_channels();
  looked_max CONSTANT integer := 50000;  -- of one window: a filter that fits few ends there, and a page beyond it is empty
  span_max   CONSTANT integer := 20000;  -- looked at in one span
  cap    integer := least(greatest(2 * (most + skip), 500), span_max);
  span   interval := interval '10 minutes';
  begins  timestamptz;
  looked bigint := 0;
  near   bigint;
  got    bigint;
BEGIN
  since := greatest(since, '2000-01-01');
  until := least(until, mesh.now() + interval '1 minute');
  WHILE until > since AND most > 0 AND looked < looked_max LOOP
    begins := greatest(since, until - span);
    IF by_move THEN
      SELECT count(*) INTO near FROM (SELECT FROM routing.log l WHERE l.at >= begins AND l.at < until LIMIT cap + 1) n;
    ELSE
      SELECT count(*) INTO near FROM (SELECT FROM intake.report r WHERE r.received_at >= begins AND r.received_at < until LIMIT cap + 1) n;
    END IF;
    IF near > cap AND until - begins > interval '2 milliseconds' THEN
      span := (until - begins) / 8;
      CONTINUE;
    END IF;
    IF by_move THEN
      RETURN QUERY
      SELECT DISTINCT r.case_id, r.received_at, c.moved_at, c.due_at, c.state,
             CASE WHEN c.state = 'merged' THEN p.due_at IS NOT NULL ELSE c.due_at IS NOT NULL END, c.item, c.unit, r.body
      FROM routing.log l
        JOIN routing.case_file c ON c.shard = l.shard AND c.case_id = l.case_id AND c.moved_at = l.at
        JOIN intake.report r ON r.shard = c.shard AND r.case_id = c.case_id
        LEFT JOIN routing.case_file p ON c.state = 'merged' AND p.shard = (c.parent & 127)::smallint AND p.case_id = c.parent
      WHERE l.at >= begins AND l.at < until AND r.received_at < came_before AND c.channel = ANY (channels)
        AND (items IS NULL OR c.item = ANY (items))
        AND (wanted_open IS NULL
             OR wanted_open = CASE WHEN c.state = 'merged' THEN p.due_at IS NOT NULL ELSE c.due_at IS NOT NULL END)
      ORDER BY c.moved_at DESC, r.case_id DESC OFFSET skip LIMIT most;
    ELSE
      RETURN QUERY
      SELECT r.case_id, r.received_at, coalesce(c.moved_at, c.opened_at), c.due_at, c.state,
             CASE WHEN c.state = 'merged' THEN p.due_at IS NOT NULL ELSE c.due_at IS NOT NULL END, c.item, c.unit, r.body
      FROM (SELECT i.shard, i.case_id, i.received_at, i.body FROM intake.report i
            WHERE i.received_at >= begins AND i.received_at < until ORDER BY i.received_at DESC, i.case_id DESC) r
        JOIN routing.case_file c ON c.shard = r.shard AND c.case_id = r.case_id
        LEFT JOIN routing.case_file p ON c.state = 'merged' AND p.shard = (c.parent & 127)::smallint AND p.case_id = c.parent
      WHERE c.channel = ANY (channels) AND (items IS NULL OR c.item = ANY (items))
        AND (moved_since IS NULL OR coalesce(c.moved_at, c.opened_at) >= moved_since)
        AND (moved_until IS NULL OR coalesce(c.moved_at, c.opened_at) < moved_until)
        AND (wanted_open IS NULL
             OR wanted_open = CASE WHEN c.state = 'merged' THEN p.due_at IS NOT NULL ELSE c.due_at IS NOT NULL END)
      ORDER BY r.received_at DESC, r.case_id DESC OFFSET skip LIMIT most;
    END IF;
    GET DIAGNOSTICS got = ROW_COUNT;
    IF got > 0 THEN
      most := most - got;
      skip := 0;
    ELSIF skip > 0 AND near > 0 THEN  -- how many of them were skipped
      skip := skip - intake.open311_count(by_move, begins, until, came_before, moved_since, moved_until, items, wanted_open);
    END IF;
    looked := looked + near;
    until := begins;
    cap := least(2 * cap, span_max);
    span := span * least(greatest(cap / 3 / (near + 1.0), 0.25), 64);
  END LOOP;
END $$;

-- How many of one span there are: all of them were skipped.
CREATE FUNCTION intake.open311_count(by_move boolean, since timestamptz, until timestamptz, came_before timestamptz,
                                     moved_since timestamptz, moved_until timestamptz, items text[], wanted_open boolean)
RETURNS integer STABLE LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET max_parallel_workers_per_gather = 0 AS $$
DECLARE
  counted_max CONSTANT integer := 50000;
  counted bigint;
BEGIN
  SELECT count(DISTINCT c.case_id) INTO counted
  FROM (SELECT l.shard, l.case_id, l.at FROM routing.log l WHERE by_move AND l.at >= since AND l.at < until
        UNION ALL
        SELECT r.shard, r.case_id, NULL FROM intake.report r WHERE NOT by_move AND r.received_at >= since AND r.received_at < until
        LIMIT counted_max) n (shard, case_id, at)
    JOIN routing.case_file c ON c.shard = n.shard AND c.case_id = n.case_id
    LEFT JOIN routing.case_file p ON c.state = 'merged' AND p.shard = (c.parent & 127)::smallint AND p.case_id = c.parent
  WHERE (NOT by_move OR c.moved_at = n.at AND EXISTS (
          SELECT FROM intake.report r WHERE r.shard = c.shard AND r.case_id = c.case_id AND r.received_at < came_before))
    AND c.channel = ANY (intake.open311_channels()) AND (items IS NULL OR c.item = ANY (items))
    AND (moved_since IS NULL OR coalesce(c.moved_at, c.opened_at) >= moved_since)
    AND (moved_until IS NULL OR coalesce(c.moved_at, c.opened_at) < moved_until)
    AND (wanted_open IS NULL
         OR wanted_open = CASE WHEN c.state = 'merged' THEN p.due_at IS NOT NULL ELSE c.due_at IS NOT NULL END);
  RETURN counted;
END $$;

-- A window that was asked for by its dates: what came in it, and then what came before and moved in it.
CREATE FUNCTION intake.open311_list(since timestamptz, until timestamptz, items text[], wanted_open boolean, skip integer, most integer)
RETURNS SETOF intake.open311_case STABLE LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET max_parallel_workers_per_gather = 0 AS $$
DECLARE
  got bigint;
BEGIN
  RETURN QUERY SELECT * FROM intake.open311_window(false, since, until, 'infinity', NULL, NULL, items, wanted_open, skip, most);
  GET DIAGNOSTICS got = ROW_COUNT;
  IF got < most THEN
    IF got > 0 THEN
      skip := 0;
    ELSIF skip > 0 THEN
      skip := skip - least(skip, intake.open311_count(false, since, until, 'infinity', NULL, NULL, items, wanted_open));
    END IF;
    RETURN QUERY SELECT * FROM intake.open311_window(true, since, until, since, NULL, NULL, items, wanted_open, skip,
                                                     (most - got)::integer);
  END IF;
END $$;

-- The files of a case that staff have published, SHA-256 in hex.
CREATE VIEW intake.published AS
SELECT u.shard, u.case_id, encode(f.sha256, 'hex') AS file
FROM intake.file_use u JOIN intake.file f USING (sha256) WHERE f.published_at IS NOT NULL;

-- The moves of public cases in a window, oldest first; one more than `most` when there are more.
CREATE FUNCTION intake.open311_moves(since timestamptz, until timestamptz, most integer) RETURNS TABLE (body bytea)
STABLE LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET max_parallel_workers_per_gather = 0 AS $$
DECLARE
  channels   CONSTANT text[] := intake.open311_channels();
  case_moved CONSTANT smallint := 33;  -- of messages.def
BEGIN
  RETURN QUERY
  SELECT n.body FROM (
    SELECT l.at, l.shard, l.seq, l.body FROM routing.log l
      JOIN routing.case_file c ON c.shard = l.shard AND c.case_id = l.case_id
    WHERE l.at >= coalesce(since, mesh.now() - interval '1 day') AND l.at < coalesce(until, 'infinity') AND l.type = case_moved AND c.channel = ANY (channels)
    LIMIT most + 1) n
  ORDER BY n.at, n.shard, n.seq;
END $$;

REVOKE ALL ON FUNCTION intake.open311_channels, intake.open311_cases, intake.open311_window, intake.open311_count,
                       intake.open311_list, intake.open311_moves FROM PUBLIC;
GRANT EXECUTE ON FUNCTION intake.open311_cases, intake.open311_window, intake.open311_list, intake.open311_moves TO zhitong_intake;
