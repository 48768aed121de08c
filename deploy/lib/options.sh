# shellcheck shell=sh
# What is asked for.

source=
screen=auto
bundle=
removing=false

usage() {
    cat <<'HELP'
usage: sudo deploy/install.sh [options]

  --source URI      where frames come from: picamera:0 (default), webcam:0, an address
  --screen          show the kiosk on this machine's own screen
  --no-screen       don't; without either it is done where a screen is connected
  --offline BUNDLE  take all from a file that `make bundle` has made, nothing from the network
  --uninstall       take fivebox away; readings and settings stay
  --dry-run         only tell what would be done
  --help            this

It may be run again, to update or to mend. Settings are never overwritten.
The log is /var/log/fivebox-install.log.
HELP
}

# read_options ARGUMENTS...
read_options() {
    while [ $# -gt 0 ]; do
        case $1 in
        --source | --offline)
            if [ $# -lt 2 ] || [ -z "$2" ]; then wrong "$1 needs a value"; fi
            if [ "$1" = --source ]; then source=$2; else bundle=$2; fi
            shift
            ;;
        --screen) screen=yes ;;
        --no-screen) screen=no ;;
        --uninstall) removing=true ;;
        --dry-run) dry=true ;;
        --help | -h)
            usage
            exit 0
            ;;
        *) wrong "unknown option $1" ;;
        esac
        shift
    done
}

# wrong WORDS: the command line makes no sense.
wrong() {
    echo "install.sh: $*; install.sh --help tells what there is" >&2
    exit 2
}
