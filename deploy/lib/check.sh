# shellcheck shell=sh
# The end: does it work?

# check_kiosk: the doctor looks while the kiosk does not hold the camera; then all is started.
check_kiosk() {
    if $dry; then
        echo "would ask the doctor, and start fivebox.service ${shown:-without a screen}"
        return
    fi
    if has_systemd; then run systemctl stop fivebox.service; fi
    say "doctor:"
    healthy=true
    ask_doctor >"$work/doctor" 2>&1 || healthy=false
    cat "$work/doctor"
    cat "$work/doctor" >>"$log"
    start
    remove_old
    if ! $healthy; then
        die "fivebox is installed, but the doctor has found what the lines with fail say; mend it, then run this again"
    fi
    say "fivebox is installed; the page is at http://127.0.0.1:8080/ unless $toml says otherwise"
}

# ask_doctor: as the kiosk's user, with its settings and its rights.
ask_doctor() {
    (cd / && runuser -u "$user" -- env "FIVEBOX_CONFIG=$root$toml" \
        "$root$current/bin/python" -m edge doctor)
}

start() {
    if ! has_systemd; then
        say "systemd does not run here; the kiosk starts with the machine"
        return
    fi
    # A limit of starts that was reached before is no longer meant; mostly there is none.
    systemctl reset-failed fivebox.service >>"$log" 2>&1 || true
    note "+ systemctl start fivebox.service"
    systemctl start fivebox.service >>"$log" 2>&1 || take_back
    if [ -n "$shown" ]; then run systemctl restart "$shown"; fi
}

# take_back: what does not start must not stay, where there was something that did.
take_back() {
    if [ -n "$before" ] && [ -d "$root$opt/$before" ]; then
        point_to "$before"
        systemctl restart fivebox.service >>"$log" 2>&1 || true
        die "fivebox.service does not start, so the program of before is in its place again; its words: journalctl -u fivebox -n 50"
    fi
    die "fivebox.service does not start; its words: journalctl -u fivebox -n 50"
}
