# shellcheck shell=sh
# Takes away what was installed; not what people have written.

remove_all() {
    for unit in $services; do
        if [ ! -e "$root$system/$unit" ]; then continue; fi
        if has_systemd; then run systemctl disable --now "$unit"; else run systemctl disable "$unit"; fi
        run rm -f "$root$system/$unit"
    done
    run rm -f "$root/etc/systemd/journald.conf.d/fivebox.conf" "$root/etc/pam.d/fivebox-screen"
    run rm -f "$root/usr/local/bin/fivebox"
    run rm -rf "$root$opt"
    if has_systemd; then
        run systemctl daemon-reload
        run systemctl restart systemd-journald.service
    fi
    gone="is taken away"
    if $dry; then gone="would be taken away"; fi
    say "fivebox $gone; readings ($data), settings ($etc) and the user $user stay"
    say "to remove them too: sudo rm -r $data $etc && sudo userdel $user"
}
