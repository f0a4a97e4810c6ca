-- What a report is to others: the same matter as an older one, near it, and from whom it came.
ALTER TABLE intake.report
  ADD COLUMN parent   bigint,  -- the case into which it was linked; NULL: it stands for itself
  ADD COLUMN place    bigint,  -- item, cell of the map and where in it in one number, see services/intake/likeness.h; NULL: no place
  ADD COLUMN reporter bigint;  -- intake.reporter; NULL: anonymous
