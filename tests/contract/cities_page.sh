#!/usr/bin/env bash
# deploy/cities/README.md names every file, column and amount that a city's folder may have.
set -euo pipefail
. "$(dirname "$0")/../lib/help.sh"
cd "${ZHITONG_ROOT:-$(dirname "$0")/../..}"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# What the tables know and the page does not say, a line each.
lacking() { # page
    local name value
    while read -r name; do
        grep -q "\*\*$name\*\*" "$1" || echo "file $name"
    done < <(sed -nE -e 's/^CITY_TABLE\((\w+), SHAPES,.*/\1.geojson/p' -e 's/^CITY_TABLE\((\w+),.*/\1.csv/p' common/city_tables.def)
    while read -r name; do
        grep -qwE "$name" "$1" || echo "column $name"
    done < <(sed -nE 's/^CITY_COLUMN\(\w+, (\w+),.*/\1/p' common/city_tables.def)
    while read -r name value; do
        grep -qE "^\| $name \| $value\b" "$1" || echo "amount $name, $value"
    done < <(sed -nE 's/^RULE_\w+\((\w+), ([0-9]+),.*/\1 \2/p' common/policy_rules.def)
}

lacking deploy/cities/README.md >"$scratch/lacking"
if [[ -s $scratch/lacking ]]; then
    echo 'not ok cities_page_names_everything'
    sed 's/^/    /' "$scratch/lacking"
else
    echo 'ok cities_page_names_everything'
fi

# A page without one of each must be noticed, or this proves nothing.
sed -e '/^\*\*reasons.csv/d' -e 's/moves_up/moves/g' -e '/^| redo_percent |/d' deploy/cities/README.md >"$scratch/page"
lacking "$scratch/page" >"$scratch/lacking"
if [[ $(cut -d' ' -f1 "$scratch/lacking" | sort -u | xargs) == 'amount column file' ]]; then
    echo 'ok cities_page_check_bites'
else
    echo 'not ok cities_page_check_bites'
    exit 1
fi
