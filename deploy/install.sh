#!/bin/sh
# From a bare Raspberry Pi to a kiosk; safe to run again. `install.sh --help` tells how.
# shellcheck source-path=SCRIPTDIR
set -eu
# The kiosk's user must read what root installs, whatever root's habits are.
umask 022

here=$(cd "$(dirname "$0")" && pwd)
# Where all of it goes; tests set another place.
root=${FIVEBOX_ROOT:-}

. "$here/lib/say.sh"
. "$here/lib/options.sh"
. "$here/lib/machine.sh"
. "$here/lib/bundle.sh"
. "$here/lib/apt.sh"
. "$here/lib/account.sh"
. "$here/lib/python.sh"
. "$here/lib/settings.sh"
. "$here/lib/units.sh"
. "$here/lib/check.sh"
. "$here/lib/remove.sh"

read_options "$@"
check_root
open_log
if $removing; then
    remove_all
    exit 0
fi

# Nothing is changed before all of this is known to be right.
check_bits
check_release
check_disk
check_bundle
choose_screen

say "installing fivebox on $release ($machine)"
install_packages
check_python
make_account
make_environment
make_settings
install_units
check_kiosk
