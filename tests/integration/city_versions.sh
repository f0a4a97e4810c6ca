#!/usr/bin/env bash
# Rules change from a date on: `zhitong city load`, `diff` and `versions` against a PostgreSQL, and what a service reads of it.
set -euo pipefail
. "$(dirname "$0")/../lib/help.sh"
cd "$(dirname "$0")/../.."

build=${ZHITONG_TEST_BUILD:-build/release}
zhitong=$build/zhitong
[[ -x $zhitong ]] || { echo "skip city_versions no program $zhitong" && exit; }
run=$(mktemp -d /tmp/zhitong-versions.XXXXXX)
chmod 755 "$run"
trap 'deploy/postgres/cluster remove "$run/pg" >/dev/null 2>&1 || true; rm -rf "$run"' EXIT
unset ZHITONG_DATABASE_URL ZHITONG_DATABASE_URL_FILE
city=$run/city
status=0

# Runs the rest of the words; good when the exit code is right and the output has a line that matches.
expect() { # name, exit code, regular expression, command …
    local name=$1 want=$2 pattern=$3 code=0
    shift 3
    "$@" >"$run/out" 2>&1 || code=$?
    if [[ $code == "$want" ]] && grep -Eq -- "$pattern" "$run/out"; then
        echo "ok city_versions_$name"
    else
        echo "not ok city_versions_$name"
        sed 's/^/    /' "$run/out" | head -n 30
        echo "    (exit code $code, wanted $want and /$pattern/)"
        status=1
    fi
}

sql() {
    deploy/postgres/cluster psql "$run/pg" -qAt -v ON_ERROR_STOP=1 -c "$1"
}

change() { # file of the city, sed script
    sed -i "$2" "$city/$1"
}

load=("$zhitong" city load "$city")
differs() { "$zhitong" city diff "$city"; }
read_by_a_service() { # story of tests/unit/test_city_read.c
    ZHITONG_TEST_VERSIONS=$1 ZHITONG_TEST_DATABASE_URL=$ZHITONG_DATABASE_URL "$build/tests/test_city_read"
}

deploy/postgres/cluster start "$run/pg" --fast >/dev/null
ZHITONG_DATABASE_URL=$(deploy/postgres/cluster url "$run/pg")
export ZHITONG_DATABASE_URL
"$zhitong" migrate >/dev/null
cp -r tests/lib/small_city "$city"

# ---- the first load ------------------------------------------------------------------------------------------------

expect no_city_has_no_versions 1 'no city is loaded' "$zhitong" city versions
expect diff_with_nothing_is_all_added 0 '^5[0-9] rows would be added, 0 removed, 0 changed; no city is loaded' differs
expect first_load 0 'Small Town is loaded, version 1' "${load[@]}"
expect first_version_holds_from_the_beginning 0 '^ +1  the beginning .* in force' "$zhitong" city versions
expect the_same_again_changes_nothing 0 'nothing changed: version 1 of Small Town stays' "${load[@]}"
expect diff_of_the_same_is_empty 0 '^nothing would change; version 1 is loaded' differs
expect nothing_was_changed 0 '^1$' sql 'SELECT max(version) FROM city.city'
change areas.csv 's/,33.60,114.00/,33.6,114.0/'
change city.csv '/^name_zh/d; $a name_zh,小城'
expect numbers_are_the_same_however_written 0 'nothing changed' "${load[@]}"

# ---- what is no rule ---------------------------------------------------------------------------------------------------

change units.csv 's/Town Hall/City Hall/'
expect diff_names_the_field 0 '^~ units.csv town_hall name_en: "Town Hall" -> "City Hall"$' differs
expect another_name_is_no_policy 0 'Small Town is loaded, version 2' "${load[@]}"
expect a_version_without_limits_is_told_of 0 '^version 2 of the city changed no limits' "$zhitong" city versions
expect another_name_makes_no_version 0 '^1$' sql 'SELECT count(*) FROM city.policy'

# ---- rules from a date on ------------------------------------------------------------------------------------------

change items.csv '/^lamp/s/,5,/,7,/'
expect diff_of_a_limit 0 '^~ items.csv lamp limit: "5" -> "7"$' differs
expect the_past_is_refused 1 '--valid-from: 2001-01-01 lies more than a day in the past' "${load[@]}" --valid-from 2001-01-01
expect a_bad_date_is_named 1 '--valid-from: "soon" is no time' "${load[@]}" --valid-from soon
expect refused_loads_change_nothing 0 '^2$' sql 'SELECT version FROM city.city'
expect from_a_date_on 0 'open from 2099-01-01T00:00:00\+08:00 on have the limits of version 3' "${load[@]}" --valid-from 2099-01-01
expect what_is_to_come 0 '^ +3  2099-01-01T00:00:00\+08:00 .* to come$' "$zhitong" city versions
change units.csv 's/City Hall/Great Hall/; s/Great Hall/City Hall/'
expect unchanged_rules_stay_to_come 0 'nothing changed: version 3' "${load[@]}"

change items.csv '/^lamp/s/,7,/,9,/'
printf 'key,value,unit\nmerge_metres,250,\nanswer_within,2,working_days\n' >"$city/rules.csv"
expect diff_of_a_new_file 0 '^\+ rules.csv merge_metres$' differs
expect from_now_on 0 'version 4' "${load[@]}"
expect now_in_force 0 '^ +4  20[0-9-]*T.* in force$' "$zhitong" city versions
expect still_to_come 0 '^ +3  2099.* to come$' "$zhitong" city versions
expect older_ones_are_kept 0 '^ +1  the beginning .* for cases opened under it$' "$zhitong" city versions
expect a_service_reads_them_all 0 'PASSED  . 1 test' read_by_a_service four
expect none_of_that_is_working_time 0 '^1$' sql 'SELECT calendar_version FROM city.city'

# ---- the other tables ------------------------------------------------------------------------------------------------

change hours.csv '1s/$/,calendar,valid_from,valid_to/; 2,$s/$/,,,/; $a 6,10:00,12:00,,2099-06-01,2099-08-31'
expect diff_of_hours_has_the_first_day 0 '^\+ hours.csv 6 10:00 2099-06-01$' differs
expect hours_are_loaded 0 'version 5' "${load[@]}"
expect hours_change_working_time 0 '^5$' sql 'SELECT calendar_version FROM city.city'
expect hours_are_no_policy 0 '^3$' sql 'SELECT count(*) FROM city.policy'
printf 'move,code,name_en\nreturn,not_ours,Not ours\ndecline,not_ours,Not ours\n' >"$city/reasons.csv"
printf 'code,name_en,party\nroads,Roads,works\nroads,Roads,town_hall\n' >"$city/templates.csv"
expect reasons_are_loaded 0 'version 6' "${load[@]}"
change reasons.csv 's/^decline,not_ours,.*/decline,not_ours,Not for us/'
change templates.csv '/town_hall/d'
expect diff_of_reasons_knows_the_move 0 '^~ reasons.csv decline not_ours name_en: "Not ours" -> "Not for us"$' differs
expect diff_of_templates_knows_the_party 0 '^- templates.csv roads town_hall$' differs
change ladder.csv '1s/$/,moves_up/; 2,$s/$/,/; 2s/$/no/'
expect diff_of_the_ladder_has_moves_up 0 '^~ ladder.csv 1 blue resolve moves_up: "" -> "no"$' differs
expect diff_counts 0 '^0 rows would be added, 1 removed, 2 changed; version 6 is loaded$' differs
expect moves_up_is_a_rule 0 'version 7' "${load[@]}"
expect a_rule_is_a_version 0 '^4$' sql 'SELECT count(*) FROM city.policy'

# ---- two at once, and very many ----------------------------------------------------------------------------------------

two_at_once() {
    local first second
    change items.csv '/^lamp/s/,9,/,11,/'
    "${load[@]}" >"$run/first" 2>&1 &
    first=$!
    "${load[@]}" >"$run/second" 2>&1 &
    second=$!
    wait "$first" || grep -q 'nothing changed\|meanwhile' "$run/first"
    wait "$second" || grep -q 'nothing changed\|meanwhile' "$run/second"
    [[ $(sql 'SELECT version FROM city.city') == 8 ]] && echo one
}
expect two_at_once_make_one_version 0 '^one$' two_at_once
sql "DELETE FROM city.policy_ladder; DELETE FROM city.policy_item; DELETE FROM city.policy_rule; DELETE FROM city.policy;
     INSERT INTO city.policy SELECT n, '2020-01-01'::timestamptz + n * interval '1 day' FROM generate_series(1, 70) n;
     UPDATE city.city SET version = 70"
expect the_newest_are_held 0 'PASSED  . 1 test' read_by_a_service many
expect what_is_not_held_is_told 0 '^ +6 .* no longer held$' "$zhitong" city versions
exit $status
