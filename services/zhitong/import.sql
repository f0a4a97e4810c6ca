-- The city's clock, for records that are sent when their time has come.

-- name: import_clock
SELECT mesh.now(), coalesce((SELECT speed FROM mesh.clock), 1.0);
