# `--help` of the shell scripts of tests/: sourced before a script begins anything, it prints the script's first comment and ends it.
# shellcheck shell=sh
case " $* " in
*' --help '* | *' -h '*)
    sed -n -e 1d -e '/^#/!q' -e 's/^# \{0,1\}//p' "$0"
    exit 0
    ;;
esac
