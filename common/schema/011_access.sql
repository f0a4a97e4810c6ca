-- Several keys of one name: a rotation gives a second one, and the older goes on until the overlap is over.

ALTER TABLE mesh.access
    DROP CONSTRAINT access_pkey,
    DROP CONSTRAINT access_curve_key_key,
    ADD PRIMARY KEY (curve_key),
    ADD COLUMN expires_at timestamptz; -- NULL: when it is revoked
COMMENT ON COLUMN mesh.access.expires_at IS 'It is of no use from then on: the name got a newer key before.';
-- Whatever happens at the same moment: one key of a name has no end, the newest.
CREATE UNIQUE INDEX access_newest ON mesh.access (name) WHERE revoked_at IS NULL AND expires_at IS NULL;
CREATE INDEX access_name ON mesh.access (name);
