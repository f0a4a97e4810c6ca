-- How many reports stand behind a case: those that were merged into it, and into those. Only a number, so it counts cases that
-- the post may not see, too; at most 1000 are counted.
CREATE INDEX case_file_parent ON routing.case_file (parent) WHERE parent IS NOT NULL;
CREATE FUNCTION desk.merged(of_case bigint) RETURNS integer
STABLE LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  RETURN (WITH RECURSIVE part (case_id) AS (
            SELECT c.case_id FROM routing.case_file c WHERE c.parent = of_case
            UNION SELECT c.case_id FROM part p JOIN routing.case_file c ON c.parent = p.case_id)
          SELECT count(*) FROM (SELECT FROM part LIMIT 1000) counted);
END $$;
