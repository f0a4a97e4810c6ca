-- Messages to people; see people.h.

-- name: people_reporter
-- $1 case, $2 what is told: who reported it, the look written down → kept, none, erased or ended; reporter, sealed, language
SELECT state, reporter, sealed, language FROM notification.reporter_of($1::bigint, $2);
