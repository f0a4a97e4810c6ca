-- What a replica tells of itself when it joins, for `zhitong doctor`: its version, and of its keyring a code made with the oldest key
-- (the same on every host that has the same ring, whatever was added since; nobody learns the key from it). "": none.
ALTER TABLE mesh.member ADD COLUMN version text NOT NULL DEFAULT '', ADD COLUMN ring text NOT NULL DEFAULT '';
