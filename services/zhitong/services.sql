-- name: service_names
-- $1 NULL: all of them
SELECT service FROM mesh.service WHERE $1::text IS NULL OR service = $1::text ORDER BY service;
