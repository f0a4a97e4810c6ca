#!/usr/bin/env bash
# tests/unit/test_db_undo.c against a real PostgreSQL.
set -euo pipefail
. "$(dirname "$0")/../lib/help.sh"
root=${ZHITONG_ROOT:-$(cd "$(dirname "$0")/../.." && pwd)}
build=${ZHITONG_TEST_BUILD:-$root/build/release}
run=$(mktemp -d /tmp/zhitong-undo.XXXXXX)
chmod 755 "$run"
trap '"$root/deploy/postgres/cluster" remove "$run/pg" >/dev/null 2>&1 || true; rm -rf "$run"' EXIT

"$root/deploy/postgres/cluster" start "$run/pg" --fast >/dev/null
"$root/deploy/postgres/cluster" psql "$run/pg" -qc 'CREATE TABLE undo_trial (n integer)' \
    -c "ALTER SYSTEM SET synchronous_standby_names = 'nowhere'" -c 'SELECT pg_reload_conf()' >/dev/null
ZHITONG_TEST_DATABASE_URL=$("$root/deploy/postgres/cluster" url "$run/pg")
export ZHITONG_TEST_DATABASE_URL
if "$build/tests/test_db_undo" >"$run/out" 2>&1; then
    echo 'ok db_undo_a_batch_is_kept_whole_or_not_at_all'
else
    echo 'not ok db_undo_a_batch_is_kept_whole_or_not_at_all'
    sed 's/^/# /' "$run/out"
    exit 1
fi
