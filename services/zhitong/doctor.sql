-- name: doctor_members
-- What the living ones tell of themselves; the dead are `zhitong status`'s matter.
SELECT service, version, ring FROM mesh.member
WHERE member::oid IN (SELECT objid FROM pg_locks WHERE locktype = 'advisory' AND classid = mesh.lock_class()::oid AND objsubid = 2 AND granted
                        AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
ORDER BY service, member;
