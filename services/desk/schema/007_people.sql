-- Who reported a case that the post may see, and what was merged into it: one statement writes down each look and shows it, so that
-- no look goes unwritten. Who looks is the post of this transaction, as everywhere.
CREATE FUNCTION desk.look_at_reporters(of_case bigint, why text)
RETURNS TABLE (case_id bigint, reporter bigint, sealed bytea, language text, first_at timestamptz, erase_at timestamptz,
               erased_at timestamptz)
VOLATILE LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  children_max CONSTANT integer := 500;
  looker record;
  cases bigint[];
BEGIN
  SELECT s.login, p.post INTO looker FROM desk.seen() n JOIN desk.post p ON p.post = n.post JOIN desk.staff s ON s.staff = p.staff;
  IF NOT FOUND OR NOT EXISTS (SELECT FROM desk.case_seen c WHERE c.shard = (of_case & 127)::smallint AND c.case_id = of_case) THEN
    RETURN;
  END IF;
  -- A child of a channel that the post may not see stays hidden.
  cases := of_case || ARRAY(
    SELECT c.case_id FROM desk.seen() n, generate_series(0, 127) AS s, routing.case_file c
    WHERE c.shard = s::smallint AND c.state = 'merged' AND c.parent = of_case AND c.channel = ANY (n.channels)
    ORDER BY c.case_id LIMIT children_max);
  RETURN QUERY SELECT * FROM intake.look_at(looker.login, looker.post, of_case, cases, why);
END $$;
REVOKE ALL ON FUNCTION desk.look_at_reporters FROM PUBLIC;
GRANT EXECUTE ON FUNCTION desk.look_at_reporters TO zhitong_desk;
