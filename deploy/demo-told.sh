# shellcheck shell=bash disable=SC2154,SC2034 # the variables are those of deploy/demo, which reads this file
# The demo's endpoints: who is told besides the department that follows, and what they got.

# Who is told besides the department that follows: its other system by webhook, and the city's centre by e-mail, together with
# whoever reported by e-mail.
tell_others() {
    local centre
    centre=$(sql "SELECT code FROM city.unit WHERE tier = 4 AND kind = 'centre' ORDER BY position LIMIT 1")
    "$programs/zhitong" endpoints add demo-webhook --unit "$unit" --carrier webhook --address "http://127.0.0.1:$hook_port/events" \
        --allow-private --from begin --secret-out "$run/keys/webhook" --secret-keys "$run/keys/secret" >/dev/null
    python3 "$root/clients/python/receive_webhook.py" --secret-file "$run/keys/webhook" --port "$hook_port" \
        --store "$run/webhook.db" >"$run/webhook.events" 2>"$run/logs/webhook.log" &
    echo $! >"$run/pids/webhook"
    disown
    "$programs/zhitong" endpoints add demo-mail --unit "$centre" --carrier email --address centre@demo.example --filter severity=orange,red \
        --language "$language" --secret-keys "$run/keys/secret" >/dev/null
}

open_mailbox() {
    mkdir -p "$run/mail"
    python3 "$root/deploy/demo-mailbox" "$run/mail" >"$run/mail.port" 2>"$run/logs/mailbox.log" &
    echo $! >"$run/pids/mailbox"
    disown
    for _ in $(seq 50); do [ -s "$run/mail.port" ] && break; sleep 0.1; done
    mail_port=$(cat "$run/mail.port")
    hook_port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
}

wait_for_webhook() {
    for _ in $(seq 100); do
        [ "$(wc -l <"$run/webhook.events")" -eq "$(sql "SELECT head FROM notification.stream WHERE unit = '$unit'")" ] && return
        sleep 0.2
    done
    fail "the webhook did not get the whole stream; see $run/logs"
}

show_mail() {
    python3 - "$run/mail" <<'PYTHON'
import email, email.policy, pathlib, sys
mails = sorted(pathlib.Path(sys.argv[1]).glob("*.eml"))
mail = email.message_from_bytes(mails[-1].read_bytes(), policy=email.policy.default) if mails else None
if mail is not None:
    print(f"    To: {mail['To']}\n    Subject: {mail['Subject']}\n")
    print("\n".join("    " + line for line in mail.get_body(("plain",)).get_content().splitlines()[:12]))
PYTHON
}
