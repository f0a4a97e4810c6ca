-- Where the originals of a cell are found, the newest first: what a report may be a duplicate of. The lower 24 bits of a place say where
-- in its cell it lies.
CREATE INDEX report_place ON intake.report ((place >> 24), received_at) WHERE place IS NOT NULL AND parent IS NULL;
