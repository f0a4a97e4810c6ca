-- When a case moved last: what Open311 calls updated_datetime. NULL: not since this migration.
ALTER TABLE routing.case_file ADD COLUMN moved_at timestamptz;

-- What moved in a window of time. The log is written in the order of its instants, so that an index of ranges does, which costs a
-- move next to nothing.
CREATE INDEX log_at ON routing.log USING brin (at) WITH (autosummarize = on);
