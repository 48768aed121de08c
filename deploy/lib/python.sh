# shellcheck shell=sh
# An environment of its own, made beside the one that runs and put in its place when it works.

opt=/opt/fivebox
current=$opt/current

# check_python: a bundle fits one version of Python only; sets python_version.
check_python() {
    python_version=$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])') ||
        die "python3 does not run; install it: sudo apt install python3"
    [ -f "$here/packages/constraints-$python_version.txt" ] ||
        die "this is Python $python_version, and fivebox is made for the system's own, 3.11 or 3.13; let python3 be that one"
    if [ -z "$bundle" ]; then return; fi
    made_for=$(sed -n 's/^python=//p' "$bundled/about")
    [ "$made_for" = "$python_version" ] ||
        die "$bundle: made for Python ${made_for:-of no version}, and this is $python_version; make it with: make bundle ARCH=$machine PYTHON=$python_version"
}

# has_images: whether the system's own OpenCV and NumPy will do.
has_images() {
    (cd / && python3 "$here/lib/has_images.py") 2>/dev/null
}

# pip_install WORDS...: into the new environment, under the constraints.
pip_install() {
    # shellcheck disable=SC2086 # options
    if [ -n "$bundle" ]; then
        # A pip that need not be installed: Debian's python3 comes without one.
        run "$fresh/bin/python" "$(echo "$bundled"/wheels/pip-*.whl)/pip" install -q \
            --no-index --find-links "$bundled/wheels" \
            --constraint "$here/packages/constraints-$python_version.txt" ${FIVEBOX_PIP_OPTIONS:-} "$@"
    else
        run "$fresh/bin/python" -m pip install -q --disable-pip-version-check \
            --constraint "$here/packages/constraints-$python_version.txt" ${FIVEBOX_PIP_OPTIONS:-} "$@"
    fi
}

make_environment() {
    run install -d -m 0755 "$root$opt"
    if $dry; then
        fresh=$root$opt/env-new
    else
        fresh=$(mktemp -d "$root$opt/env-XXXXXX")
        half_made=$fresh
        chmod 0755 "$fresh"
    fi
    say "python: making an environment of Python $python_version (takes minutes)"
    if [ -n "$bundle" ]; then
        run python3 -m venv --system-site-packages --without-pip "$fresh"
    else
        run python3 -m venv --system-site-packages "$fresh"
    fi
    pip_install -r "$here/packages/requirements.txt"
    if has_images; then
        say "python: OpenCV and NumPy are the system's"
    else
        say "python: OpenCV and NumPy are pip's"
        pip_install -r "$here/packages/requirements-images.txt"
    fi
    install_program
    try_runtime
    switch
}

# install_program: fivebox itself, from the bundle or from the folder this is in.
install_program() {
    if [ -n "$bundle" ]; then
        pip_install --no-deps "$(echo "$bundled"/wheels/fivebox-*.whl)"
        return
    fi
    tree=$(dirname "$here")
    [ -f "$tree/pyproject.toml" ] || die "$tree: fivebox itself is not there; give the bundle: --offline BUNDLE"
    # pip leaves traces where it builds, and they would be root's.
    run mkdir -p "$work/tree"
    for part in edge train convert pyproject.toml README.md LICENSE; do
        run cp -r "$tree/$part" "$work/tree/"
    done
    pip_install --no-deps "$work/tree"
}

# reads HOW: whether the runtime reads the built-in postcode; a process of its own may die.
reads() {
    (cd / && "$fresh/bin/python" -m edge.doctor.sample "" "$1") >>"$log" 2>&1
}

# try_runtime: sets xnnpack to the way that works on this processor.
try_runtime() {
    xnnpack=true
    if $dry; then
        echo "would try the runtime, with XNNPACK and without"
    elif reads xnnpack; then
        say "python: the runtime reads with XNNPACK"
    elif reads plain; then
        xnnpack=false
        say "python: the runtime reads without XNNPACK only"
    else
        tail -n 3 "$log" >&2
        die "the new environment does not read, so the old one stays; $log tells why"
    fi
}

# switch: the new environment in the place of the old, at one stroke; sets before.
switch() {
    before=$(readlink "$root$current" || true)
    point_to "${fresh##*/}"
    half_made=
    run install -d "$root/usr/local/bin"
    run ln -sfn "$current/bin/fivebox" "$root/usr/local/bin/fivebox"
}

# point_to NAME: let current be that environment.
point_to() {
    run ln -sfn "$1" "$root$opt/next"
    run mv -T "$root$opt/next" "$root$current"
}

# remove_old: only now, for a kiosk that still ran may have wanted another of its modules.
remove_old() {
    for old in "$root$opt"/env-*; do
        if [ -d "$old" ] && [ "$old" != "$fresh" ]; then run rm -rf "$old"; fi
    done
}
