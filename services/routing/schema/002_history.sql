-- SHA-256 of the case's last log entry; the next one names it (common/chain.h). Cases opened before this migration begin
-- their chain with their next move.
ALTER TABLE routing.case_file ADD COLUMN chain bytea NOT NULL DEFAULT '';
