-- Where the originals of a place are found, the newest first: what a report may be a duplicate of.
CREATE INDEX report_place ON intake.report (place, received_at) WHERE place IS NOT NULL AND parent IS NULL;
