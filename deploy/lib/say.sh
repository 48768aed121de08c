# shellcheck shell=sh
# What is told and done: on the screen in short, in the log in full.

dry=false
log=
work=

# say WORDS: tell, and keep.
say() {
    echo "$*"
    note "$*"
}

# note WORDS: keep only.
note() {
    if [ -n "$log" ]; then echo "$(date '+%F %T') $*" >>"$log"; fi
}

# die SENTENCE: end with what is wrong and what to do.
die() {
    note "ended: $*"
    echo "install.sh: $*" >&2
    exit 1
}

# run COMMAND...: do it, its words into the log; of a dry run only tell it.
run() {
    if $dry; then
        echo "would run: $*"
        return
    fi
    note "+ $*"
    if ! "$@" >>"$log" 2>&1 </dev/null; then
        tail -n 3 "$log" >&2
        die "this did not succeed: $* (its words are above and in $log)"
    fi
}

# put FILE PLACE MODE: install a file of ours.
put() {
    run install -D -m "$3" "$1" "$root$2"
}

# open_log: from here on all is kept, and a second installer waits for nobody.
open_log() {
    trap clean_up EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    work=$(mktemp -d)
    if $dry; then return; fi
    log=$root/var/log/fivebox-install.log
    # An address may have a password in it.
    if ! { mkdir -p "$root/var/log" && touch "$log" && chmod 0640 "$log"; }; then
        kept=$log log=
        die "$kept can't be written; is the card read-only?"
    fi
    exec 9>>"$log"
    flock -n 9 || die "another installer is at work; wait until it has ended"
    note "----- $0 begins"
}

# clean_up: what must not stay, however it ends.
clean_up() {
    if [ -n "$work" ]; then rm -rf "$work"; fi
    if [ -n "${half_made:-}" ]; then rm -rf "$half_made"; fi
}

# names FILE: the lines of a list that are no comments.
names() {
    sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$1"
}
