-- The whole life of a case. next_at is the one instant at which a clock of the case must be looked at; due_at is by when
-- whoever has it must be done. kept is a case_kept of messages.def: what decisions need beside the columns.
ALTER TABLE routing.case_file
  ADD COLUMN next_at    timestamptz,
  ADD COLUMN parent     bigint,                          -- the case into which it was merged
  ADD COLUMN policy     bigint NOT NULL DEFAULT 0,       -- version of the city's policy under which it was opened
  ADD COLUMN supervised boolean NOT NULL DEFAULT false,  -- on the city's supervision list
  ADD COLUMN plan       text NOT NULL DEFAULT '',        -- what the unit will do; there is one once it has signed
  ADD COLUMN kept       bytea NOT NULL DEFAULT '';

-- Before, supervision was a state.
UPDATE routing.case_file SET state = 'handling', supervised = true WHERE state = 'supervised';
UPDATE routing.case_file SET plan = 'taken over from an earlier version' WHERE state = 'handling';
UPDATE routing.case_file SET next_at = due_at;

ALTER TABLE routing.case_file DROP CONSTRAINT case_file_check;
ALTER TABLE routing.case_file
  ADD CONSTRAINT open_case_is_held CHECK (
    state IN ('declined', 'merged', 'closed', 'archived') OR (unit <> '' AND due_at IS NOT NULL AND next_at IS NOT NULL)),
  ADD CONSTRAINT ended_case_is_not_due CHECK (
    state NOT IN ('declined', 'merged', 'closed', 'archived') OR due_at IS NULL),
  ADD CONSTRAINT signed_case_has_a_plan CHECK (state NOT IN ('handling', 'suspended') OR plan <> ''),
  ADD CONSTRAINT merged_case_has_a_parent CHECK ((state = 'merged') <= (parent IS NOT NULL));

-- Cases that wait for their parent: the owner of their shard looks whether it is finished.
CREATE INDEX case_file_merged ON routing.case_file (shard, parent) WHERE state = 'merged';

-- How far each shard's open cases were counted anew after a calendar was corrected.
CREATE TABLE routing.recalculation (
  shard     smallint PRIMARY KEY,
  calendar  bigint NOT NULL,  -- version of the calendar with which cases up to last_case were counted
  last_case bigint NOT NULL,
  done      boolean NOT NULL
);
