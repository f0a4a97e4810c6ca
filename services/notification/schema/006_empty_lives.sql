-- Two restores one after the other: a stream that got no entry between them has a life without entries. Whoever reads on from before both
-- must be brought behind the second one, and what is void began where the first of them had found the end.

-- The same seq, or where it is one that restores have left out, the first behind these.
CREATE OR REPLACE FUNCTION notification.stream_going(of_unit text, from_seq bigint) RETURNS bigint STABLE LANGUAGE plpgsql AS $$
DECLARE
  going bigint := from_seq;
  next_one bigint;
  ended bigint;
BEGIN
  LOOP
    SELECT min(i.incarnation) INTO next_one FROM mesh.incarnation i WHERE i.incarnation * mesh.stream_span() >= going;
    IF next_one IS NULL THEN
      RETURN going;
    END IF;
    SELECT e.head INTO ended FROM notification.stream_ended e WHERE e.unit = of_unit AND e.incarnation = next_one;
    IF going <= coalesce(ended, 0) THEN
      RETURN going;
    END IF;
    going := next_one * mesh.stream_span() + 1;
  END LOOP;
END $$;

-- What restores have undone last: the first seq that is void, and the first that counts; none: it was never restored.
CREATE OR REPLACE FUNCTION notification.stream_void(of_unit text) RETURNS TABLE (from_seq bigint, to_seq bigint) STABLE LANGUAGE sql AS $$
  SELECT coalesce(e.head, 0) + 1, (SELECT max(l.incarnation) FROM mesh.incarnation l) * mesh.stream_span() + 1
  FROM mesh.incarnation i LEFT JOIN notification.stream_ended e ON e.unit = of_unit AND e.incarnation = i.incarnation
  WHERE coalesce(e.head, 0) NOT IN (SELECT b.incarnation * mesh.stream_span() FROM mesh.incarnation b)
  ORDER BY i.incarnation DESC LIMIT 1
$$;
