# shellcheck shell=sh
# Is this a machine on which fivebox can be installed? Each no is one sentence.

# MB that must be free: apt's OpenCV takes 500, the environment 350, and twice that while an
# update is made beside the old one.
least_online_mb=1500
least_offline_mb=900
# Below so much memory, MB, a browser is not started: Chromium alone takes more than 400.
browser_mb=900

check_root() {
    if ! $dry && [ "$(id -u)" != 0 ]; then
        die "this changes the system, so run it as root: sudo $0"
    fi
}

# check_bits: sets machine.
check_bits() {
    machine=$(uname -m)
    case $machine in
    aarch64 | x86_64) ;;
    *) die "this system is $machine, and 64 bits are needed (aarch64 or x86_64); install the 64-bit Raspberry Pi OS" ;;
    esac
    # A 64-bit kernel may run a system of 32 bits.
    if [ "$(getconf LONG_BIT)" != 64 ]; then
        die "the kernel has 64 bits but the system has 32; install the 64-bit Raspberry Pi OS"
    fi
}

# check_release: sets release.
check_release() {
    file=$root/etc/os-release
    [ -r "$file" ] || die "$file can't be read, so the release is not known; use Raspberry Pi OS or Debian, Trixie or Bookworm"
    release=$(sed -n 's/^VERSION_CODENAME="\{0,1\}\([a-z]*\)"\{0,1\}$/\1/p' "$file")
    case $release in
    trixie | bookworm) ;;
    *)
        shown=$(sed -n 's/^PRETTY_NAME="\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' "$file")
        die "this is ${shown:-an unknown system}, and fivebox is made for Raspberry Pi OS and Debian, Trixie or Bookworm; install one of them"
        ;;
    esac
}

check_disk() {
    least=$least_online_mb
    if [ -n "$bundle" ]; then least=$least_offline_mb; fi
    free=$(df -Pm "$root/" | awk 'NR == 2 { print $4 }')
    case $free in
    '' | *[!0-9]*) die "df does not tell how much of the disk is free; look at: df -Pm /" ;;
    esac
    if [ "$free" -lt "$least" ]; then
        die "$free MB of the disk are free, and $least are needed; make room (sudo apt clean) or take a larger card"
    fi
}

# choose_screen: sets screen to no, browser or pad.
choose_screen() {
    if [ "$screen" = auto ]; then
        screen=no
        for status in "$root"/sys/class/drm/*/status; do
            if [ -r "$status" ] && [ "$(cat "$status")" = connected ]; then screen=yes; fi
        done
    fi
    if [ "$screen" = no ]; then return; fi
    memory=$(awk '/^MemTotal:/ { print int($2 / 1024) }' "$root/proc/meminfo")
    screen=browser
    if [ "${memory:-0}" -lt "$browser_mb" ]; then
        screen=pad
        if [ "$release" = bookworm ]; then
            die "with $memory MB of memory only the light window fits, and Bookworm's OpenCV is too old for it; use Trixie, or --no-screen"
        fi
    fi
}
