# shellcheck shell=bash
# shellcheck disable=SC2154 # dir, bin, owner …
# The way back, read by deploy/backup: dir, program, die, say, human, bytes_in, bases, instant_of, keep_program, as_owner and the
# choose_… come from there.

progress_seconds=5
start_seconds_max=5 # until the new process has written down that it is there
stop_seconds_max=600

# The newest base backup that had ended by then.
choose_base() { # instant, may be empty
    local name found=
    for name in $(bases); do
        if [[ -z $1 ]] || (($(date -d "$(instant_of "$name")" +%s) <= $(date -d "$1" +%s))); then found=$name; fi
    done
    [[ -n $found ]] || die "no base backup had ended by ${1:-now}; the oldest is $(bases | head -n 1)"
    echo "$found"
}

# For the start where nobody else can connect: the data folder's own settings are not looked at.
private_settings() { # instant trial
    cat <<TEXT
listen_addresses = ''
port = 1
unix_socket_directories = '$private'
hba_file = '$private/pg_hba.conf'
ident_file = '$private/pg_ident.conf'
hot_standby = off
max_connections = 100
shared_buffers = 256MB
max_wal_size = 4GB
timezone = 'UTC'
log_timezone = 'UTC'
restore_command = '"$dir/backup" fetch "$dir" "%f" "%p"'
recovery_target_action = promote
recovery_target_timeline = latest
TEXT
    if [[ -n $1 ]]; then echo "recovery_target_time = '$(date -ud "$1" '+%F %T.%6N+00')'"; fi
    if [[ $2 == no ]]; then # the new timeline's history must get there, or a later restore would not find its way
        echo 'archive_mode = on'
        echo "archive_command = '\"$dir/backup\" archive \"$dir\" \"%p\" \"%f\"'"
    fi
}

ask() { # SQL
    as_owner "$bin/psql" -XAtq -v ON_ERROR_STOP=1 -d "$private_url" -c "$1"
}

wait_restored() {
    local next=$((SECONDS + progress_seconds)) seen=$SECONDS
    until as_owner "$bin/pg_isready" -q -h "$private" -p 1; do
        if as_owner "$bin/pg_ctl" -D "$data" status >/dev/null; then
            seen=$SECONDS
        elif ((SECONDS - seen > start_seconds_max)); then
            as_owner tail -n 12 "$private/log" >&2
            if as_owner grep -q 'recovery ended before configured recovery target' "$private/log"; then
                die "nothing in the archive is as late as the instant of --at: without --at all that was archived comes back; $(what_is_left)"
            fi
            die "PostgreSQL could not get there; $(what_is_left)"
        fi
        if ((SECONDS >= next)); then
            next=$((SECONDS + progress_seconds))
            say "$(as_owner grep -c 'restored log file' "$private/log" || true) WAL files applied …"
        fi
        sleep 0.1
    done
    until [[ $(ask 'SELECT pg_is_in_recovery()') == f ]]; do sleep 0.1; done
}

what_is_left() { if [[ ${trial-no} == yes ]]; then echo "$data is removed"; else echo "$data is left as it is"; fi; }

stop_private() {
    if [[ -n ${data-} && -d $data ]]; then as_owner "$bin/pg_ctl" -D "$data" -m fast -w -t $stop_seconds_max stop >/dev/null 2>&1 || true; fi
    if [[ -n ${private-} ]]; then rm -rf -- "$private"; fi
    if [[ ${trial-no} == yes && -n ${data-} ]]; then rm -rf -- "$data"; fi
}

copy_base() { # base
    say "copies base/$1, $(human "$(bytes_in "$dir/base/$1")") …"
    mkdir -p -- "$(dirname -- "$data")"
    cp -a --reflink=auto -- "$dir/base/$1" "$data"
    rm -f -- "$data/backup_manifest"
    touch -- "$data/recovery.signal"
    chmod 700 -- "$data"
    if [[ $(id -u) == 0 ]]; then chown -R -- "$owner": "$data"; fi
    as_owner test -w "$data" || die "$owner cannot reach $data: a folder above it is closed"
}

# What it was restored to, for whoever must tell others.
say_what_there_is() {
    [[ -n $(ask "SELECT to_regprocedure('mesh.begin_incarnation()')") ]] ||
        die "this backup is of an older release, and $(what_is_left): start it for nobody else, run zhitong migrate, then
        SELECT * FROM mesh.begin_incarnation() as superuser, and only then start the services"
    ask "SELECT 'restored: ' || (SELECT count(*) FROM intake.report) || ' reports, ' || (SELECT count(*) FROM routing.case_file) ||
                ' cases, the last entry of ' || coalesce((SELECT max(at) FROM routing.log)::text, 'never')"
    say "says so in it, so that no number is given twice …"
    ask 'SELECT what FROM mesh.begin_incarnation()'
}

audit() {
    local zhitong
    zhitong=$(command -v zhitong || true)
    if [[ -z $zhitong ]]; then
        say "zhitong is not on PATH: run \`zhitong audit\` when the database is back"
        return
    fi
    # As the owner, who alone may enter the socket's folder; through a copy, which he can reach.
    cp -- "$zhitong" "$private/zhitong"
    chmod 755 "$private/zhitong"
    as_owner "$private/zhitong" audit --database "$private_url" || die "the audit found something: see above; $(what_is_left)"
}

restore() {
    local at='' name='' began=$SECONDS
    data='' trial=no
    while (($#)); do
        if [[ $1 == --trial ]]; then trial=yes && shift && continue; fi
        case $1 in
        --to) need_value "$@" && data=$(absolute "$2") ;;
        --at) need_value "$@" && at=$2 ;;
        --base) need_value "$@" && name=$2 ;;
        --owner) need_value "$@" && owner_asked=$2 ;;
        *) die "restore does not know $1" ;;
        esac
        shift 2
    done
    [[ -n $data ]] || die "restore wants --to DATA, a folder that is not there"
    [[ ! -e $data ]] || { data='' && die "--to is there already: move it away first, it may still be needed"; }
    if [[ -n $at ]]; then
        [[ $at =~ (Z|[+-][0-9]{2}:?[0-9]{2})$ ]] || die "--at wants a zone: 2026-11-25T08:30:00+08:00, not $at"
        date -d "$at" >/dev/null 2>&1 || die "--at: $at is no instant"
    fi
    name=${name:-$(choose_base "$at")}
    bases | grep -qxF -- "$name" || die "no base backup $name in $dir/base"
    choose_owner "${owner_asked-}"
    choose_programs "$dir/base/$name"
    keep_program
    private=$(mktemp -d /tmp/zhitong-restore.XXXXXX)
    private_url="postgresql:///zhitong?host=$private&port=1&user=postgres"
    trap stop_private EXIT
    private_settings "$at" "$trial" >"$private/postgresql.conf"
    echo 'local all all trust' >"$private/pg_hba.conf" && : >"$private/pg_ident.conf"
    if [[ $(id -u) == 0 ]]; then chown -R -- "$owner": "$private"; fi
    copy_base "$name"
    say "applies the WAL up to ${at:-its end} …"
    as_owner "$bin/pg_ctl" -D "$data" -l "$private/log" -W -o "-c config_file='$private/postgresql.conf'" start >/dev/null
    wait_restored
    as_owner grep -E 'recovery stopping|last completed transaction|selected new timeline' "$private/log" | sed 's/^.*LOG: */          /' || true
    say_what_there_is
    audit
    as_owner "$bin/pg_ctl" -D "$data" -m fast -w -t $stop_seconds_max stop >/dev/null
    if [[ $trial == yes ]]; then
        say "a trial of $((SECONDS - began)) s: it can be restored; $data is removed"
        return
    fi
    say "$data is restored in $((SECONDS - began)) s. Start PostgreSQL there, then the services; then make a base backup."
}
