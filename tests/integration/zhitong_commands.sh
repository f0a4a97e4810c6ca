#!/usr/bin/env bash
# The operator's command against a PostgreSQL of its own. Each audit invariant is broken once by SQL and must be named.
set -euo pipefail
. "$(dirname "$0")/../lib/help.sh"
cd "$(dirname "$0")/../.."

zhitong=${ZHITONG_TEST_BUILD:-build/release}/zhitong
[[ -x $zhitong ]] || { echo "skip zhitong_commands no program $zhitong" && exit; }
run=$(mktemp -d)
trap 'deploy/postgres/cluster remove "$run/pg" >/dev/null 2>&1 || true; rm -rf "$run"' EXIT
unset ZHITONG_DATABASE_URL ZHITONG_DATABASE_URL_FILE
status=0

say() { # name, whether it is good
    if [[ $2 == yes ]]; then
        echo "ok $1"
    else
        echo "not ok $1"
        sed 's/^/    /' "$run/out" | head -n 30
        status=1
    fi
}

# Runs the rest of the words; good when the exit code is right and the output matches.
expect() { # name, exit code, regular expression, command …
    local name=$1 want=$2 pattern=$3 code=0
    shift 3
    "$@" >"$run/out" 2>&1 || code=$?
    if [[ $code == "$want" ]] && grep -Eq -- "$pattern" "$run/out"; then
        say "$name" yes
    else
        echo "(exit code $code, wanted $want and /$pattern/)" >>"$run/out"
        say "$name" no
    fi
}

check() { # name, command …: good when it succeeds
    local name=$1 good=no
    shift
    if "$@" >"$run/out" 2>&1; then good=yes; fi
    say "$name" $good
}

sql() { # database, SQL
    deploy/postgres/cluster psql "$run/pg" -qAt -v ON_ERROR_STOP=1 -d "$(url "$1")" -c "$2"
}

url() {
    deploy/postgres/cluster url "$run/pg" postgres "$1"
}

is() { # database, SQL, its one value
    [[ $(sql "$1" "$2") == "$3" ]]
}

# ---- wrong use -------------------------------------------------------------------------------------------------

expect it_tells_its_version 0 "^zhitong [0-9]+[.][0-9]+[.][0-9]+$" "$zhitong" --version
expect help_lists_every_command 0 'zhitong audit' "$zhitong" --help
expect help_of_one_command 0 'zhitong time drive .*--speed' "$zhitong" time drive --help
expect help_of_a_group 0 'zhitong keys revoke' "$zhitong" keys --help
expect unknown_command_is_wrong_use 2 'no command dance' "$zhitong" dance
expect no_database_is_wrong_use 2 'ZHITONG_DATABASE_URL_FILE' "$zhitong" migrate
expect unknown_option_is_named 2 '--fast is not known' "$zhitong" audit --fast --database x
expect missing_value_is_named 2 '--wait wants a value' "$zhitong" audit --database x --wait
expect missing_value_is_named_with_the_database_of_the_environment 2 '--wait wants a value' env ZHITONG_DATABASE_URL=x "$zhitong" audit --wait
expect option_is_no_value_of_another 2 '--unit wants a value' "$zhitong" keys department add x --database x --unit --out /dev/null
expect unreachable_database_is_told 1 'database: ' "$zhitong" audit --database "host=$run/nowhere"

# ---- migrate ------------------------------------------------------------------------------------------------------

deploy/postgres/cluster start "$run/pg" --fast
main=$(url zhitong)
expect dry_run_lists_what_would_run 0 'would run  common/001_mesh' "$zhitong" migrate --dry-run --database "$main"
check dry_run_changes_nothing is zhitong "SELECT to_regclass('public.zhitong_migration') IS NULL" t
for command in audit status doctor 'case 1' 'deliveries list'; do
    # shellcheck disable=SC2086 # a command may be two words
    expect "${command// /_}_before_migrate_says_so" 1 'zhitong migrate' "$zhitong" $command --database "$main"
done

# Something stands in the way of routing's schema: what came before stays, routing leaves nothing, the next run goes on.
sql zhitong 'CREATE SCHEMA routing'
expect failing_migration_is_named 1 'routing/001_routing is undone' "$zhitong" migrate --database "$main"
check failing_migration_keeps_what_came_before is zhitong "SELECT count(*) FROM zhitong_migration WHERE name = 'intake/001_intake'" 1
check failing_migration_is_undone is zhitong "SELECT count(*) FROM mesh.service WHERE service = 'routing'" 0
sql zhitong 'DROP SCHEMA routing'
printf '%s\n' "$main" >"$run/url"
expect migrate_goes_on_with_url_from_file 0 'ms  routing/001_routing' env ZHITONG_DATABASE_URL_FILE="$run/url" "$zhitong" migrate
export ZHITONG_DATABASE_URL=$main
expect second_migrate_has_nothing_to_do 0 'nothing to do' "$zhitong" migrate

# ---- password and health ------------------------------------------------------------------------------------------

echo 'a password that is long enough' >"$run/password"
expect password_of_a_role_is_set 0 '^$' sh -c '"$1" password zhitong_intake --password-file "$2" && echo' sh "$zhitong" "$run/password"
check password_is_kept_as_scram is zhitong "SELECT rolpassword LIKE 'SCRAM-SHA-256\$4096:%' FROM pg_authid WHERE rolname = 'zhitong_intake'" t
expect password_of_no_service_is_refused 1 'postgres is the role of no service' "$zhitong" password postgres --password-file "$run/password"
echo short >"$run/password"
expect short_password_is_refused 1 'must have 16 to 200 bytes' "$zhitong" password zhitong_intake --password-file "$run/password"
expect health_of_nobody_is_bad 1 'connect' "$zhitong" health --port 9
expect health_needs_a_port 2 'ZHITONG_OPERATIONS_PORT' "$zhitong" health

two_at_once() {
    sql zhitong 'CREATE DATABASE twice'
    local first second
    "$zhitong" migrate --database "$(url twice)" &
    first=$!
    "$zhitong" migrate --database "$(url twice)" &
    second=$!
    wait "$first" && wait "$second" && [[ $(sql twice 'SELECT count(*) FROM zhitong_migration') == "$(sql zhitong 'SELECT count(*) FROM zhitong_migration')" ]]
}
check two_migrates_at_once_are_safe two_at_once
sql twice "UPDATE zhitong_migration SET checksum = 'x' WHERE name = 'intake/001_intake'"
expect drift_is_refused_by_name 1 'intake/001_intake: was applied with another text' "$zhitong" migrate --database "$(url twice)"
sql twice "DELETE FROM zhitong_migration WHERE name = 'intake/001_intake'; INSERT INTO zhitong_migration VALUES ('intake/999_later', 'x')"
expect newer_database_is_refused 1 'by a newer one' "$zhitong" migrate --database "$(url twice)"

# ---- city, keys -----------------------------------------------------------------------------------------------------

expect city_is_loaded 0 'Boston is loaded' "$zhitong" city load deploy/cities/boston
unit=$(sql zhitong 'SELECT code FROM city.unit ORDER BY position LIMIT 1')

mode_is_private() { [[ $(stat -c %a "$1") == 600 ]]; }
expect service_keys_are_written 0 'public key' "$zhitong" keys service "$run/mesh.key"
check service_keys_have_both_lines awk 'length($2) != 40 { bad = 1 } { names = names $1 " " } END { exit bad || names != "public secret " }' "$run/mesh.key"
check key_file_is_private mode_is_private "$run/mesh.key"
expect key_file_is_not_overwritten 1 'exists already' "$zhitong" keys service "$run/mesh.key"
cp "$run/mesh.key" "$run/before"
expect force_overwrites 0 'public key' "$zhitong" keys service "$run/mesh.key" --force
check forced_key_is_another bash -c '! cmp -s "$1" "$2"' _ "$run/mesh.key" "$run/before"

nothing_left() { [[ -z $(find "$run" -name "$1*") ]]; }
expect unknown_unit_is_refused 1 'no unit nowhere' "$zhitong" keys department add roads --unit nowhere --out "$run/roads.key"
check refused_key_leaves_no_file nothing_left roads.key
expect department_gets_a_key 0 'secret key in' "$zhitong" keys department add roads --unit "$unit" --out "$run/roads.key"
check key_in_the_database_is_the_file_s grep -qxF "public $(sql zhitong "SELECT curve_key FROM mesh.access WHERE name = 'roads' AND unit = '$unit'")" "$run/roads.key"
expect name_in_use_is_refused 1 'has a key already' "$zhitong" keys department add roads --unit "$unit" --out "$run/other.key"
check name_in_use_leaves_no_file nothing_left other.key
expect unwritable_file_leaves_no_row 1 'cannot be written' "$zhitong" keys client app --out "$run/no/app.key"
check unwritable_file_left_no_row is zhitong "SELECT count(*) FROM mesh.access WHERE name = 'app'" 0
mkdir "$run/folder"
expect file_that_cannot_be_kept_is_refused 1 'cannot be written|exists' "$zhitong" keys client app --out "$run/folder" --force
check file_that_cannot_be_kept_left_no_row is zhitong "SELECT count(*) FROM mesh.access WHERE name = 'app'" 0
expect change_of_keys_is_announced 0 'Asynchronous notification "mesh"' deploy/postgres/cluster psql "$run/pg" \
    -c 'LISTEN mesh' -c "\\! '$zhitong' keys client app --out '$run/app.key'" -c 'SELECT 1'
expect keys_are_listed 0 "^roads +department +$unit" "$zhitong" keys list
expect department_says_what_it_wants 2 'add, rotate or revoke' "$zhitong" keys department roads --unit "$unit" --out "$run/other.key"
expect rotation_needs_a_key_before_it 1 'no department called nobody' "$zhitong" keys department rotate nobody --out "$run/other.key"
check refused_rotation_leaves_no_file nothing_left other.key
expect overlap_is_checked 2 'overlap' "$zhitong" keys department rotate roads --out "$run/other.key" --overlap -1
expect rotation_gives_a_second_key 0 'secret key in' "$zhitong" keys department rotate roads --out "$run/roads2.key" --overlap 3600
check both_keys_are_of_the_same_unit is zhitong "SELECT count(*) FROM mesh.access WHERE name = 'roads' AND unit = '$unit' AND revoked_at IS NULL" 2
check only_the_older_key_has_an_end is zhitong "SELECT curve_key FROM mesh.access WHERE name = 'roads' AND expires_at IS NULL" "$(sed -n 's/^public //p' "$run/roads2.key")"
expect the_end_of_a_key_is_listed 0 "^roads .* until 20" "$zhitong" keys list
expect department_s_keys_are_revoked 0 'roads is revoked' "$zhitong" keys department revoke roads
check no_key_of_it_is_left is zhitong "SELECT count(*) FROM mesh.access WHERE name = 'roads' AND revoked_at IS NULL" 0
expect client_is_no_department 1 'nobody called app' "$zhitong" keys department revoke app
expect key_is_revoked 0 'app is revoked' "$zhitong" keys revoke app
expect revoked_key_is_not_revoked_again 1 'nobody called app' "$zhitong" keys revoke app
expect revoked_name_gets_a_new_key 0 'secret key in' "$zhitong" keys client app --out "$run/app2.key"

# ---- time ----------------------------------------------------------------------------------------------------------------

expect time_is_driven 0 '^2011-07-01T.*3600' "$zhitong" time drive --from 2011-07-01T00:00:00Z --speed 3600
expect driven_time_goes_on_at_another_speed 0 '^2011-07-0.*counts 60' "$zhitong" time drive --speed 60
expect speed_is_checked 2 'at most 1000000' "$zhitong" time drive --speed 0
expect instant_is_checked 1 'invalid input' "$zhitong" time drive --from yesterdayish --speed 2
expect time_is_real_again 0 'real time' "$zhitong" time real

# ---- parked ----------------------------------------------------------------------------------------------------------------

sql zhitong "INSERT INTO routing.parked (shard, upstream, seq, case_id, type, field, reason, body)
             SELECT 3, 1, n, n * 128 + 3, 32, 'area', 'no such area', '\\x80' FROM generate_series(7, 9) n"
expect parked_are_listed 0 'routing +3 +1 +7 +899 report_received .*area: no such area' "$zhitong" parked list
expect parked_of_another_service_are_not 0 '^0 parked' "$zhitong" parked list --service notification
expect unknown_service_is_refused 1 'none called dispatch' "$zhitong" parked list --service dispatch
expect parked_is_replayed 0 'tries 1 again' "$zhitong" parked replay routing 3 1 7
check replay_is_marked is zhitong "SELECT string_agg(seq::text, ' ') FROM routing.parked WHERE replay" 7
expect all_are_replayed 0 'tries 3 again' "$zhitong" parked replay --service routing --all
expect missing_entry_is_told 1 'no such entry' "$zhitong" parked replay routing 3 1 70
expect replay_wants_all_words 2 'SERVICE SHARD UPSTREAM SEQ' "$zhitong" parked replay routing 3
expect discard_without_yes_shows_what_is_lost 1 'seq 8 case 1027 report_received .*' "$zhitong" parked discard routing 3 1 8
check discard_without_yes_loses_nothing is zhitong 'SELECT count(*) FROM routing.parked' 3
expect discard_with_yes 0 'discarded for good' "$zhitong" parked discard routing 3 1 8 --yes
expect discard_all 0 '2 discarded' "$zhitong" parked discard --service routing --all --yes

# ---- audit -------------------------------------------------------------------------------------------------------------------

expect empty_city_is_sound 0 'all hold' "$zhitong" audit
deploy/postgres/cluster psql "$run/pg" -qv ON_ERROR_STOP=1 -v shards=8 -v reports=26 <tests/integration/zhitong_commands.sql
expect healthy_city_is_sound 0 'all hold' "$zhitong" audit
expect waiting_tells_who_is_behind 1 'routing is 8 entries behind escalation' "$zhitong" audit --wait 0
sql zhitong 'CREATE DATABASE healthy TEMPLATE zhitong'

# Breaks a copy; the invariants named must be exactly these.
bites() { # name of the test, invariants, SQL
    local name=broken_$1 want=$2 got
    sql postgres 'DROP DATABASE IF EXISTS broken' 2>/dev/null
    sql postgres 'CREATE DATABASE broken TEMPLATE healthy'
    sql broken "$3"
    "$zhitong" audit --database "$(url broken)" >"$run/out" 2>&1 && echo 'exit code 0' >>"$run/out"
    got=$(awk '$1 == "broken" { print $2 }' "$run/out" | sort | paste -sd ' ')
    if [[ $got == "$want" ]] && ! grep -q 'exit code 0' "$run/out"; then
        say "$name" yes
    else
        echo "(named: $got; wanted: $want)" >>"$run/out"
        say "$name" no
    fi
}

spares() { # name, SQL: not broken
    sql postgres 'DROP DATABASE IF EXISTS broken' 2>/dev/null
    sql postgres 'CREATE DATABASE broken TEMPLATE healthy'
    sql broken "$2"
    expect "spared_$1" 0 'all hold' "$zhitong" audit --database "$(url broken)"
}

# Case 386 is report 3 of shard 2: open, version 1. 642 is report 5: escalated, version 2. 898 is report 7: closed.
# 3330 is report 26: its deadline has fired, which is the last entry of escalation's log.
unheld='ALTER TABLE routing.case_file DROP CONSTRAINT open_case_is_held'
bites gap_in_a_log log_complete 'DELETE FROM intake.log WHERE shard = 2 AND seq = 9'
bites log_without_its_end 'deadline_answered log_complete' 'DELETE FROM escalation.log l USING escalation.shard s WHERE l.shard = 2 AND s.shard = 2 AND l.seq = s.out_seq'
bites log_without_its_front log_complete 'DELETE FROM intake.log WHERE shard = 2 AND seq = 1'
bites entry_twice log_complete "INSERT INTO intake.log (seq, case_id, at, day, shard, type, body) SELECT seq, case_id, at, day + 1, shard, type, body FROM intake.log WHERE shard = 2 AND seq = 9"
bites lost_log log_complete 'TRUNCATE intake.log'
bites cursor_ahead cursor_behind 'UPDATE routing.shard SET in_seq_1 = in_seq_1 + 1 WHERE shard = 2'
bites report_without_case 'case_as_logged deadline_disarmed report_has_case' 'DELETE FROM routing.case_file WHERE case_id = 386'
bites reporter_without_row report_has_reporter 'UPDATE intake.report SET reporter = 7 WHERE case_id = 386'
bites link_that_was_never_made report_linked 'UPDATE intake.report SET parent = 258 WHERE case_id = 386'
bites case_without_report case_has_report 'DELETE FROM intake.report WHERE case_id = 386'
bites case_without_unit 'case_as_logged case_is_held' "$unheld; UPDATE routing.case_file SET unit = '' WHERE case_id = 386"
bites case_without_due 'case_as_logged case_is_held' "$unheld; UPDATE routing.case_file SET due_at = NULL WHERE case_id = 386"
bites case_never_looked_at 'case_as_logged case_is_held deadline_disarmed' "$unheld; UPDATE routing.case_file SET next_at = NULL WHERE case_id = 386"
bites closed_case_that_is_due 'case_as_logged case_is_held' "ALTER TABLE routing.case_file DROP CONSTRAINT ended_case_is_not_due; UPDATE routing.case_file SET due_at = now() WHERE case_id = 898"
bites signed_without_plan 'case_as_logged case_has_plan' "ALTER TABLE routing.case_file DROP CONSTRAINT signed_case_has_a_plan; UPDATE routing.case_file SET state = 'handling' WHERE case_id = 386"
bites orphan 'case_as_logged child_concluded deadline_disarmed' "UPDATE routing.case_file SET state = 'merged', parent = 898, due_at = NULL, next_at = NULL WHERE case_id = 386"
bites other_version case_as_logged 'UPDATE routing.case_file SET version = 3 WHERE case_id = 386'
bites other_tier case_as_logged 'UPDATE routing.case_file SET tier = 3 WHERE case_id = 386'
bites deadline_missing deadline_armed 'DELETE FROM escalation.deadline WHERE case_id = 386'
bites deadline_of_another_instant deadline_armed "UPDATE escalation.deadline SET due_at = due_at + interval '1 s' WHERE case_id = 386"
bites deadline_of_closed_case deadline_disarmed "INSERT INTO escalation.deadline VALUES (898, now() + interval '1 day', NULL, 1, 2, 1)"
bites overdue 'deadline_armed deadline_fired' "UPDATE escalation.deadline SET due_at = now() - interval '6 s' WHERE case_id = 386"
bites unanswered_deadline deadline_answered 'UPDATE routing.shard r SET in_seq_2 = e.out_seq FROM escalation.shard e WHERE r.shard = 2 AND e.shard = 2'
number() { echo "(SELECT number FROM notification.stream WHERE unit = '$1')"; }
bites gap_in_a_stream 'stream_complete told_once' "DELETE FROM notification.stream_body WHERE case_id = 386 AND stream = $(number unit-3)"
bites stream_without_head 'stream_complete told_once' "DELETE FROM notification.stream WHERE unit = 'unit-3'"
bites told_twice told_once "INSERT INTO notification.stream_body (seq, case_id, at, version, type, stream, body) SELECT s.head + 1, 386, now(), 1, 33, s.number, '\\x80' FROM notification.stream s WHERE unit = 'unit-3'; UPDATE notification.stream SET head = head + 1 WHERE unit = 'unit-3'"
bites told_the_wrong_unit told_once "INSERT INTO notification.stream (unit, head) VALUES ('stranger', 1);
    INSERT INTO notification.stream_body (seq, case_id, at, version, type, stream, body) SELECT 1, 386, now(), 1, 33, number, '\\x80' FROM notification.stream WHERE unit = 'stranger'"
bites support_not_told 'stream_complete told_once' "DELETE FROM notification.stream_run r USING notification.stream_body b WHERE b.stream = r.of_streams[1] AND b.seq = r.of_seqs[1] AND b.case_id = 642 AND b.version = 2"
bites reference_without_a_body 'stream_complete told_once' "DELETE FROM notification.stream_body WHERE case_id = 642 AND version = 2"
bites entry_of_another_case case_versions 'UPDATE routing.log SET case_id = 387 WHERE case_id = 386'
bites unreadable_entry 'case_as_logged case_versions told_once' "UPDATE routing.log SET body = '\\x80' WHERE case_id = 386"

# Values inside the msgpack body: version 2 of case 642 is made 5, its tier 0, its support another unit.
body() { # text of the field, old value, new value (hex)
    echo "UPDATE routing.log SET body = decode(replace(encode(body, 'hex'), encode('$1', 'hex') || '$2', encode('$1', 'hex') || '$3'), 'hex')
          WHERE case_id = 642 AND seq > 26"
}
bites gap_in_versions 'case_as_logged case_versions told_once' "$(body version cf0000000000000002 cf0000000000000005)"
bites falling_tier 'case_as_logged tier_never_falls' "$(body tier cf0000000000000002 cf0000000000000000)"
bites forgotten_support 'support_kept told_once' "$(body support "d906$(printf unit-5 | od -An -tx1 | tr -d ' ')" "d906$(printf unit-6 | od -An -tx1 | tr -d ' ')")"

# What is under way, parked or older than what is kept is not broken.
spares parked_report "INSERT INTO intake.report VALUES (27 * 128 + 2, now(), gen_random_uuid(), 2, '\\x80');
    INSERT INTO intake.log (seq, case_id, at, shard, type, body) VALUES (27, 27 * 128 + 2, now(), 2, 32, '\\x80');
    UPDATE intake.shard SET out_seq = 27 WHERE shard = 2; UPDATE routing.shard SET in_seq_1 = 27 WHERE shard = 2;
    INSERT INTO routing.parked (shard, upstream, seq, case_id, type, body) VALUES (2, 1, 27, 27 * 128 + 2, 32, '\\x80')"
spares link_not_yet_applied "UPDATE intake.report SET parent = 258 WHERE case_id = 386; UPDATE intake.shard SET out_seq = 27 WHERE shard = 2;
    INSERT INTO intake.log (seq, case_id, at, shard, type, body) VALUES (27, 386, now(), 2, 35, '\\x80')"
spares reporter_who_was_erased "INSERT INTO intake.reporter (reporter, channel, first_at, last_at, erase_at, erased_at)
    VALUES (386, 'web', now(), now(), now(), now()); UPDATE intake.report SET reporter = 386 WHERE case_id = 386"
spares deadline_not_yet_armed 'UPDATE escalation.shard SET in_seq_1 = 2 WHERE shard = 2; DELETE FROM escalation.deadline WHERE case_id = 386'
forget_last="DELETE FROM notification.stream_body e USING notification.stream s WHERE s.unit = 'unit-1' AND e.stream = s.number AND e.seq = s.head;
    UPDATE notification.stream SET head = head - 1 WHERE unit = 'unit-1'"
bites last_entry_not_told told_once "$forget_last"
spares entry_not_yet_told "$forget_last; UPDATE notification.shard SET in_seq_1 = in_seq_1 - 1 WHERE shard = 7"
spares entry_parked_untold "$forget_last; INSERT INTO notification.parked (shard, upstream, seq, case_id, type, body)
    SELECT 7, 1, in_seq_1, 21 * 128 + 7, 33, '\\x80' FROM notification.shard WHERE shard = 7"
spares days_that_were_dropped "UPDATE zhitong_migration SET applied_at = now() - interval '40 days';
    DELETE FROM intake.log WHERE seq < 5; DELETE FROM routing.log WHERE seq < 5"
spares time_just_set "INSERT INTO mesh.clock VALUES (true, clock_timestamp(), now() + interval '90 days', 1)"
exit $status
