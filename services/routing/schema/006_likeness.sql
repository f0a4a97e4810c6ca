-- What intake may know of a case: whether it still takes reports of the same matter. One that is done, or said to be, takes none:
-- what is reported then has happened since.
CREATE VIEW intake.case_state AS
SELECT case_id, shard, state, state NOT IN ('claimed_done', 'callback', 'declined', 'merged', 'closed', 'archived') AS takes
FROM routing.case_file;
GRANT SELECT ON intake.case_state TO zhitong_intake;
REVOKE INSERT, UPDATE, DELETE ON intake.case_state FROM zhitong_intake;
