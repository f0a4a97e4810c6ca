#!/usr/bin/env bash
# Every run of tests/bench still works and loses nothing. Its figures are not looked at: a busy machine has bad ones.
set -euo pipefail
. "$(dirname "$0")/../lib/help.sh"
root=$(cd "$(dirname "$0")/../.." && pwd)
out=$(mktemp)
trap 'rm -f "$out"' EXIT

if "$root/tests/bench/run" --quick --build "${ZHITONG_TEST_BUILD:-$root/build/release}" >"$out" 2>&1 &&
    [ "$(grep -cE '^\| (saturated|at_5000|at_200|rows_only) ' "$out")" = 4 ] && ! grep -q 'exit 1' "$out"; then
    echo 'ok bench_runs_and_loses_nothing'
else
    echo 'not ok bench_runs_and_loses_nothing'
    sed 's/^/    /' "$out" | tail -30
fi

if "$root/tests/bench/status" --quick --build "${ZHITONG_TEST_BUILD:-$root/build/release}" >"$out" 2>&1 &&
    [ "$(grep -c '^| 20000 ' "$out")" = 1 ]; then
    echo 'ok bench_of_status_works'
else
    echo 'not ok bench_of_status_works'
    sed 's/^/    /' "$out" | tail -30
fi

if "$root/tests/bench/intake" --quick --build "${ZHITONG_TEST_BUILD:-$root/build/release}" >"$out" 2>&1 &&
    [ "$(grep -cE '^\| (posted|overload) ' "$out")" = 2 ]; then
    echo 'ok bench_of_intake_works_and_what_was_accepted_is_complete'
else
    echo 'not ok bench_of_intake_works_and_what_was_accepted_is_complete'
    sed 's/^/    /' "$out" | tail -30
fi

if ZHITONG_TEST_BUILD="${ZHITONG_TEST_BUILD:-$root/build/release}" "$root/tests/bench/scale" --quick >"$out" 2>&1 &&
    [ "$(grep -cE '^\| +(steady|[a-z]+_(up|down)) ' "$out")" = 11 ]; then
    echo 'ok bench_of_scaling_works_and_loses_nothing'
else
    echo 'not ok bench_of_scaling_works_and_loses_nothing'
    sed 's/^/    /' "$out" | tail -30
fi

missing=
for program in rabbitmq-server nats-server redis-server; do command -v "$program" >/dev/null || missing+=" $program"; done
if [ -n "$missing" ] || [ ! -x "${ZHITONG_TEST_BUILD:-$root/build/release}/zt-bench-peers" ]; then
    echo "skip bench_of_peers_works deploy/install-packages peers, then build again; missing:$missing"
elif "$root/tests/bench/peers" --quick --build "${ZHITONG_TEST_BUILD:-$root/build/release}" >"$out" 2>&1 &&
    [ "$(grep -cE '^\| (rabbitmq|nats|redis)(_at_1000)? ' "$out")" = 6 ]; then
    echo 'ok bench_of_peers_works'
else
    echo 'not ok bench_of_peers_works'
    sed 's/^/    /' "$out" | tail -30
fi
