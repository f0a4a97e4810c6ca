#!/bin/sh
# deploy/compose/trim takes packages away from the image that it runs in. Called by hand, whatever for, it must touch nothing. Run with a
# PATH of programs that only tell that they were called.
set -eu
. "$(dirname "$0")/../lib/help.sh"
root=${ZHITONG_ROOT:-$(cd "$(dirname "$0")/../.." && pwd)}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for program in dpkg dpkg-query grep rm; do
    printf '#!/bin/sh\necho %s >>"%s/called"\n' $program "$folder" >"$folder/$program"
    chmod 755 "$folder/$program"
done
failed=0
for word in '' --help -h /; do
    # Not run at all unless it looks at its word before anything else: this machine must outlive the test.
    if grep -q 'this-image' "$root/deploy/compose/trim" && ! PATH=$folder /bin/sh "$root/deploy/compose/trim" ${word:+"$word"} 2>/dev/null &&
        [ ! -e "$folder/called" ]; then
        echo "ok trim_touches_nothing_for_${word:-no_word}"
    else
        echo "not ok trim_touches_nothing_for_${word:-no_word}"
        failed=1
    fi
done
exit $failed
