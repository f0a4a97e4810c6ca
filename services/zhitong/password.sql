-- name: password_role
-- $1 role. Only those that migrate made: no superuser gets a password by mistake.
SELECT 1 FROM mesh.service WHERE 'zhitong_' || service = $1::text;

-- name: password_offer
-- $1 role, $2 verifier; for password_set in the same transaction.
SELECT set_config('zhitong.role', $1::text, true), set_config('zhitong.verifier', $2::text, true);

-- name: password_set
DO $$ BEGIN
  EXECUTE format('ALTER ROLE %I PASSWORD %L', current_setting('zhitong.role'), current_setting('zhitong.verifier'));
END $$;
