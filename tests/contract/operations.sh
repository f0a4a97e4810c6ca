#!/usr/bin/env bash
# deploy/OPERATIONS.md is what deploy/make-operations prints: no setting and no metric goes undocumented. Nor does an event of the
# journal that asks for somebody.
set -euo pipefail
. "$(dirname "$0")/../lib/help.sh"
cd "${ZHITONG_ROOT:-$(dirname "$0")/../..}"
build=${ZHITONG_TEST_BUILD:-build/release}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

compare() { # name, page
    if diff -u "$2" "$scratch/made" >"$scratch/differences"; then
        echo "ok $1"
    else
        echo "not ok $1"
        head -n 40 "$scratch/differences"
        echo 'run: deploy/make-operations > deploy/OPERATIONS.md'
        return 1
    fi
}

# A page that lacks one setting must be noticed, or the comparison proves nothing.
check_bites() {
    sed '/ZHITONG_LANES/d' "$scratch/made" >"$scratch/lacking"
    if compare bites "$scratch/lacking" >/dev/null; then
        echo 'not ok operations_check_bites'
        return 1
    fi
    echo 'ok operations_check_bites'
}

# The events that are warnings or errors and do not stand in the page.
events_missing() { # page
    grep -rhoE 'JOURNAL_(WARNING|ERROR),? *"[a-z_]+"' services common | sed 's/.*"\(.*\)"/\1/' | sort -u |
        while read -r event; do grep -qF "\`$event\`" "$1" || echo "$event"; done
}

check_events() {
    sed '/endpoint_disabled/d' deploy/OPERATIONS.in.md >"$scratch/lacking"
    if [[ $(events_missing "$scratch/lacking") != *endpoint_disabled* ]]; then
        echo 'not ok operations_events_check_bites'
        return 1
    fi
    echo 'ok operations_events_check_bites'
    missing=$(events_missing deploy/OPERATIONS.in.md)
    [[ -z $missing ]] && echo 'ok operations_every_event_that_asks_for_somebody_is_explained' && return
    echo "not ok operations_every_event_that_asks_for_somebody_is_explained: $missing"
    return 1
}

deploy/make-operations "$build" >"$scratch/made"
status=0
compare operations_page_is_up_to_date deploy/OPERATIONS.md || status=1
check_bites || status=1
check_events || status=1
exit $status
