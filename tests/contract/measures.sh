#!/usr/bin/env bash
# docs/measures.md is what `zhitong report --definitions` prints: nothing is measured that is not defined there.
set -euo pipefail
. "$(dirname "$0")/../lib/help.sh"
cd "${ZHITONG_ROOT:-$(dirname "$0")/../..}"
build=${ZHITONG_TEST_BUILD:-build/release}

page_is_up_to_date() { # page
    env -u ZHITONG_DATABASE_URL "$build/zhitong" report --definitions | diff -u "$1" -
}

lacks_a_rate() {
    sed '/signed_in_time/d' docs/measures.md
}

status=0
if page_is_up_to_date docs/measures.md; then
    echo 'ok measures_page_is_up_to_date'
else
    echo 'not ok measures_page_is_up_to_date'
    echo 'run: zhitong report --definitions > docs/measures.md'
    status=1
fi
# A page that lacks one rate must be noticed, or the comparison proves nothing.
if page_is_up_to_date <(lacks_a_rate) >/dev/null; then
    echo 'not ok measures_check_bites'
    status=1
else
    echo 'ok measures_check_bites'
fi
exit $status
