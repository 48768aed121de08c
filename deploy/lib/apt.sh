# shellcheck shell=sh
# What the system's own packages are for.

# wanted: all that is asked of apt, a name a line.
wanted() {
    names "$here/packages/apt-base.txt"
    names "$here/packages/apt-$release.txt"
    names "$here/packages/apt-camera.txt"
    case $screen in
    no) ;;
    *) names "$here/packages/apt-$screen.txt" ;;
    esac
}

# is_there PACKAGE: whether it is installed.
is_there() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# install_packages: what the archive has; what it hasn't is told.
install_packages() {
    missing=
    for name in $(wanted); do
        if ! is_there "$name"; then missing="$missing $name"; fi
    done
    if [ -z "$missing" ]; then
        say "apt: all packages are there"
    elif [ -n "$bundle" ]; then
        say "apt: not installed, and left out without a network:$missing"
    else
        install_missing
    fi
}

install_missing() {
    run apt-get update -q
    chosen=
    for name in $missing; do
        if apt-cache show "$name" >/dev/null 2>&1; then
            chosen="$chosen $name"
        else
            say "apt: no archive has $name; left out"
        fi
    done
    if [ -z "$chosen" ]; then return; fi
    say "apt: installing$chosen (takes minutes)"
    # shellcheck disable=SC2086 # a list of names
    run env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $chosen
}
