# shellcheck shell=sh
# Who the kiosk is, and what is its own.

user=fivebox
data=/var/lib/fivebox
etc=/etc/fivebox

make_account() {
    if ! getent passwd "$user" >/dev/null; then
        run useradd --system --user-group --home-dir "$data" --no-create-home \
            --shell /usr/sbin/nologin "$user"
    fi
    # Cameras, the screen, and touchscreens; a small system may lack one of them.
    for group in video render input; do
        if getent group "$group" >/dev/null; then run usermod -aG "$group" "$user"; fi
    done
    run install -d -m 0750 -o "$user" -g "$user" "$root$data"
    # Secrets may lie there, so the kiosk reads it and nobody else does.
    run install -d -m 0750 -o root -g "$user" "$root$etc" "$root$etc/trusted"
}
