-- Merged cases are looked at some at a time, in the order of their parents: the owner of their shard goes on where it stopped.
DROP INDEX routing.case_file_merged;
CREATE INDEX case_file_merged ON routing.case_file (shard, parent, case_id) WHERE state = 'merged';
