-- The roles that a group of nodes needs, in a database that ran alone: see `adopt` of deploy/patroni/run, which gives the passwords.
\getenv own OWN
\getenv among AMONG
\connect postgres
BEGIN;
ALTER ROLE postgres PASSWORD :'own';
SELECT format('CREATE ROLE %I LOGIN', name) FROM unnest(ARRAY['replicator', 'rewinder']) name
WHERE name NOT IN (SELECT rolname FROM pg_roles) \gexec
ALTER ROLE replicator REPLICATION PASSWORD :'among';
ALTER ROLE rewinder PASSWORD :'among';
-- What pg_rewind reads of a former primary.
GRANT EXECUTE ON FUNCTION pg_ls_dir(text, boolean, boolean), pg_stat_file(text, boolean), pg_read_binary_file(text),
  pg_read_binary_file(text, bigint, bigint, boolean) TO rewinder;
COMMIT;
