-- Streams of a city that was restored (mesh.incarnation): each incarnation's entries begin at a seq of their own, and what lies between
-- was told to nobody whom the city remembers. A reader who asks for it is brought to the first entry behind it, and is told so.
CREATE TABLE notification.stream_ended (
  unit        text COLLATE "C" NOT NULL,
  incarnation bigint NOT NULL,  -- the one that began
  head        bigint NOT NULL,  -- the last entry of those before
  PRIMARY KEY (unit, incarnation)
);
GRANT SELECT ON notification.stream_ended TO zhitong_notification;

-- Where a stream that is new begins to count: the seq before its first.
CREATE FUNCTION notification.stream_base() RETURNS bigint STABLE LANGUAGE sql AS $$
  SELECT coalesce((SELECT max(i.incarnation) FROM mesh.incarnation i), 0) * mesh.stream_span()
$$;

-- The same seq, or where it is one that a restore has left out, the first behind these.
CREATE FUNCTION notification.stream_going(of_unit text, from_seq bigint) RETURNS bigint STABLE LANGUAGE plpgsql AS $$
DECLARE
  next_one bigint;
  ended bigint;
BEGIN
  SELECT min(i.incarnation) INTO next_one FROM mesh.incarnation i WHERE i.incarnation * mesh.stream_span() >= from_seq;
  IF next_one IS NULL THEN
    RETURN from_seq;
  END IF;
  SELECT e.head INTO ended FROM notification.stream_ended e WHERE e.unit = of_unit AND e.incarnation = next_one;
  RETURN CASE WHEN from_seq > coalesce(ended, 0) THEN next_one * mesh.stream_span() + 1 ELSE from_seq END;
END $$;

-- The last restore's first seq that is void, and the first that counts; 0, 0: it was never restored.
CREATE FUNCTION notification.stream_void(of_unit text) RETURNS TABLE (from_seq bigint, to_seq bigint) STABLE LANGUAGE sql AS $$
  SELECT coalesce(e.head, 0) + 1, i.incarnation * mesh.stream_span() + 1
  FROM mesh.incarnation i LEFT JOIN notification.stream_ended e ON e.unit = of_unit AND e.incarnation = i.incarnation
  ORDER BY i.incarnation DESC LIMIT 1
$$;

-- How many entries there are from behind one seq up to another one, those that a restore left out not counted.
CREATE FUNCTION notification.entries_between(of_unit text, behind bigint, up_to bigint) RETURNS bigint STABLE LANGUAGE sql AS $$
  SELECT greatest(up_to - behind, 0) - coalesce((
    SELECT sum(greatest(least(up_to, i.incarnation * mesh.stream_span()) - greatest(behind, coalesce(e.head, 0)), 0))::bigint
    FROM mesh.incarnation i LEFT JOIN notification.stream_ended e ON e.unit = of_unit AND e.incarnation = i.incarnation), 0)
$$;

ALTER FUNCTION notification.stream_parts RENAME TO stream_parts_at;
CREATE FUNCTION notification.stream_parts(of_unit text, from_seq bigint, most integer)
RETURNS TABLE (seq bigint, body bytea) STABLE LANGUAGE sql AS $$
  SELECT p.seq, p.body FROM notification.stream_parts_at(of_unit, notification.stream_going(of_unit,
    greatest(from_seq, notification.stream_first(of_unit))), most) p
$$;
