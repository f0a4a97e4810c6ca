-- name: staff_add
-- $1 login, $2 name, $3 hash of the password
INSERT INTO staff (login, name, password) VALUES ($1, $2, $3) ON CONFLICT (login) DO NOTHING RETURNING staff;

-- name: staff_password
-- $1 login, $2 hash. Whoever is signed in with the old one is signed out.
WITH changed AS (UPDATE staff SET password = $2 WHERE login = $1 RETURNING staff),
  ended AS (DELETE FROM session USING changed WHERE session.staff = changed.staff)
SELECT staff FROM changed;

-- name: staff_enable
-- $1 login, $2 yes or no. Whoever is disabled is signed out.
WITH changed AS (UPDATE staff SET enabled = $2::text::boolean WHERE login = $1 RETURNING staff, enabled),
  ended AS (DELETE FROM session USING changed WHERE session.staff = changed.staff AND NOT changed.enabled)
SELECT staff FROM changed;

-- name: staff_unit
-- $1 unit
SELECT 1 FROM city.unit WHERE code = $1;

-- name: staff_post
-- $1 login, $2 role, $3 unit, $4 classes of privacy, separated by commas
INSERT INTO post (staff, role, unit, privacy)
SELECT staff, $2::text, $3::text, string_to_array($4::text, ',') FROM staff WHERE login = $1::text
ON CONFLICT (staff, role, unit) DO UPDATE SET privacy = excluded.privacy, ended_at = NULL
RETURNING post;

-- name: staff_post_end
-- $1 login, $2 role, $3 unit. Sessions in that post end with it.
WITH changed AS (
  UPDATE post p SET ended_at = clock_timestamp() FROM staff s
  WHERE s.staff = p.staff AND s.login = $1::text AND p.role = $2::text AND p.unit = $3::text AND p.ended_at IS NULL RETURNING p.post),
  ended AS (DELETE FROM session USING changed WHERE session.post = changed.post)
SELECT post FROM changed;

-- name: staff_list
SELECT s.login, s.name, s.enabled, s.password IS NOT NULL, coalesce(p.post::text, ''), coalesce(p.role, ''), coalesce(p.unit, ''),
       coalesce(array_to_string(p.privacy, ','), '')
FROM staff s LEFT JOIN post p ON p.staff = s.staff AND p.ended_at IS NULL ORDER BY s.login, p.post;
