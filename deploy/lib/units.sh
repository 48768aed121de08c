# shellcheck shell=sh
# The services, the screen's scripts, and the journal in memory.

system=/etc/systemd/system
services="fivebox.service fivebox-screen.service fivebox-pad.service"

# has_systemd: whether it runs; in a chroot, where an image is made, it doesn't.
has_systemd() {
    [ -d "$root/run/systemd/system" ]
}

install_units() {
    for unit in $services; do put "$here/systemd/$unit" "$system/$unit" 0644; done
    put "$here/systemd/journald.conf" /etc/systemd/journald.conf.d/fivebox.conf 0644
    put "$here/pam/fivebox-screen" /etc/pam.d/fivebox-screen 0644
    for script in browser pad wait_healthy.py; do
        put "$here/screen/$script" "$opt/screen/$script" 0755
    done
    run systemctl enable fivebox.service
    enable_screen
    if has_systemd; then
        run systemctl daemon-reload
        run systemctl restart systemd-journald.service
    fi
}

# enable_screen: one of the two, or none.
enable_screen() {
    shown=
    case $screen in
    browser) shown=fivebox-screen.service ;;
    pad) shown=fivebox-pad.service ;;
    esac
    for unit in fivebox-screen.service fivebox-pad.service; do
        if [ "$unit" != "$shown" ]; then run systemctl disable "$unit"; fi
    done
    if [ -z "$shown" ]; then return; fi
    if ! $dry && ! command -v cage >/dev/null; then
        say "screen: cage is not installed, so nothing is shown; install it and run this again"
        shown=
        return
    fi
    run systemctl enable "$shown"
    say "screen: $shown shows the kiosk"
}
