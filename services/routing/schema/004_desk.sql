-- What the staff's lists are read by. Each index costs every case some WAL, so there are few: open cases are a small part of
-- all and change often, so theirs are partial; a finished case gets its entry when it ends, not when it opens.

-- The queue of a unit: what is due next.
CREATE INDEX case_file_queue ON routing.case_file (unit, due_at) WHERE due_at IS NOT NULL;
-- A centre's lists: by area, the newest first (desk.cases).
CREATE INDEX case_file_open ON routing.case_file (area, opened_at) WHERE due_at IS NOT NULL;
CREATE INDEX case_file_ended ON routing.case_file (area, opened_at) WHERE due_at IS NULL;
-- The same for a whole city, whose areas are too many to ask one by one.
CREATE INDEX case_file_ended_wide ON routing.case_file (opened_at) WHERE due_at IS NULL;
-- The supervision list.
CREATE INDEX case_file_supervised ON routing.case_file (opened_at) WHERE supervised;
-- A case's history.
CREATE INDEX log_case ON routing.log (case_id);
