#!/usr/bin/env bash
# `zhitong due` answers without a database, for one case and for CSV, and Boston's real deadlines come out.
# data/boston_deadlines.csv: every 30th request of the half that the limits were not learnt from, as the city recorded it.
set -euo pipefail
. "$(dirname "$0")/../lib/help.sh"
root=$(cd "$(dirname "$0")/../.." && pwd)
zhitong=${ZHITONG_TEST_BUILD:-$root/build/release}/zhitong
boston=$root/deploy/cities/boston
luohe=$root/deploy/cities/luohe
out=$(mktemp)
old=$(mktemp -d) # luohe, as it was before anybody added the holidays of 2026
snow=$(mktemp -d) # boston, with a calendar of its own that nobody kept up
trap 'rm -rf "$out" "$old" "$snow"' EXIT
cp "$boston"/*.csv "$snow"
printf 'date,kind,calendar\n2011-12-26,off,snow\n' >"$snow/calendar.csv"
sed -i '1s/$/,calendar/; 2,$s/$/,/; 2s/$/snow/' "$snow/units.csv"
cp "$luohe"/*.csv "$old"
grep -v '^2026' "$luohe/calendar.csv" >"$old/calendar.csv"
unset ZHITONG_DATABASE_URL ZHITONG_DATABASE_URL_FILE

expect() { # name, exit code, pattern, command …
    local name=$1 want=$2 pattern=$3 status=0
    shift 3
    "$@" >"$out" 2>&1 </dev/null || status=$?
    if [ "$status" = "$want" ] && grep -qE "$pattern" "$out"; then
        echo "ok $name"
    else
        echo "not ok $name"
        sed 's/^/    /' "$out" | head -20
        echo "    (exit code $status, wanted $want and /$pattern/)"
    fi
}

due() { "$zhitong" due --city "$@"; }
piped() { # city, CSV
    printf '%s\n' "$2" | "$zhitong" due --city "$1"
}

expect a_time_on_the_citys_clock 0 '^2011-09-20T08:30:00-04:00$' due "$boston" --item street_light_outages --from '2011-09-03 17:34'
expect an_instant_with_a_zone 0 '^2011-07-05T02:18:31-04:00$' due "$boston" --item schedule_a_bulk_item_pickup --from 2011-07-01T06:18:31Z
expect it_says_why 0 'limit: 10 office days' due "$boston" --item street_light_outages --from '2011-09-03 17:34'
expect the_ladder_by_tier_and_severity 0 'ladder.csv' due "$luohe" --item litter --from '2026-03-02 09:00' --severity red --tier 2
expect it_says_by_when_to_sign 0 '^sign by 2026-03-02T09:30:00\+08:00$' due "$luohe" --item litter --from '2026-03-02 09:00'
expect it_says_by_when_to_speak_with_the_reporter 0 '^contact by 2026-03-02T11:00:00\+08:00$' due "$luohe" --item litter --from '2026-03-02 09:00'
expect the_citys_calendar_has_weekends 0 '^2026-03-16T08:30:00\+08:00$' due "$luohe" --item public_order --from '2026-03-07 09:00' --tier 3
expect a_units_calendar_has_none 0 '^2026-03-12T09:00:00\+08:00$' due "$luohe" --item public_order --from '2026-03-07 09:00' --unit 411102000000.public_security
expect the_unit_is_named 0 'on the calendar of 411102000000.public_security' due "$luohe" --item public_order --from '2026-03-07 09:00' --unit 411102000000.public_security
expect unknown_unit_is_named 1 'unit: there is no unit "nobody"' due "$luohe" --item litter --from '2026-03-02 09:00' --unit nobody
expect a_column_for_the_unit 0 '^411102000000.public_security,2026-03-07 09:00,public_order,2026-03-12T09:00:00\+08:00,$' \
    piped "$luohe" $'unit,from,item\n411102000000.public_security,2026-03-07 09:00,public_order'
expect past_the_last_year_is_refused 1 'calendar: working time in 2027' due "$luohe" --item litter --from '2026-12-31 17:59' --tier 3
expect unknown_item_is_named 1 'item: there is no item "nonsense"' due "$boston" --item nonsense --from '2011-09-03 17:34'
expect bad_time_is_named 1 'from: "2011-02-30 17:34" is no time' due "$boston" --item street_light_outages --from '2011-02-30 17:34'
expect bad_tier_is_named 1 'tier: must be 1 to 4' due "$boston" --item street_light_outages --from '2011-09-03 17:34' --tier 5
expect bad_severity_is_named 1 'severity: must be' due "$boston" --item street_light_outages --from '2011-09-03 17:34' --severity pink
expect item_without_time_is_wrong_use 2 'go together' due "$boston" --item street_light_outages
expect no_city_is_wrong_use 2 'city FOLDER' "$zhitong" due
expect columns_in_any_order 0 '^x,2011-09-03 10:00,street_light_outages,2011-09-19T10:00:00-04:00,$' \
    piped "$boston" $'note,at,item\nx,2011-09-03 10:00,street_light_outages'
expect a_bad_row_has_its_reason_and_the_rest_go_on 1 '^b,2011-09-03 10:00,,"item: there is no item ""b""' \
    piped "$boston" $'item,from\nb,2011-09-03 10:00\nstreet_light_outages,2011-09-03 10:00'
expect a_missing_column_is_named 1 'item: the header has no column item' piped "$boston" $'a,from\n1,2'
expect an_empty_input_is_told_of_once 1 '^standard input:1:1: the file is empty' due "$boston"
expect a_calendar_that_ended_is_warned_of 0 'warning: calendar.csv: the last year is 2025, which has ended.* holidays of 2026' \
    "$zhitong" city check "$old"
expect a_units_calendar_that_ends_otherwise_is_warned_of 0 'warning: calendar.csv: the last year of snow is 2011, which has ended' \
    "$zhitong" city check "$snow"
expect a_city_without_holidays_is_not_warned 0 '^Boston fits together' "$zhitong" city check "$boston"
if grep -q 'warning:' "$out"; then echo 'not ok no_needless_warning'; else echo 'ok no_needless_warning'; fi

met=$("$zhitong" due --city "$boston" <"$root/tests/integration/data/boston_deadlines.csv" 2>/dev/null |
    awk -F, 'NR > 1 && $1 !~ /^2059/ {
                 split($1, a, /[-: ]/); split($4, b, /[-:T]/)
                 gap = mktime(a[1] " " a[2] " " a[3] " " a[4] " " a[5] " " a[6]) - mktime(b[1] " " b[2] " " b[3] " " b[4] " " b[5] " " b[6])
                 all++; met += $4 != "" && gap <= 60 && gap >= -60 }
             END { print met + 0, all + 0 }' || true)
if [ "${met#* }" -ge 590 ] && [ $((${met% *} * 100)) -ge $((${met#* } * 99)) ]; then
    echo 'ok ninety_nine_of_a_hundred_real_deadlines_to_the_minute'
else
    echo 'not ok ninety_nine_of_a_hundred_real_deadlines_to_the_minute'
    echo "    met, all: $met"
fi
