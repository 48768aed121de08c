# shellcheck shell=sh
# The one file that stands in for the network: looked at as a whole before anything is changed.

bundled=

# check_bundle: unpacks it aside, and sets bundled to the folder.
check_bundle() {
    if [ -z "$bundle" ]; then return; fi
    [ -f "$bundle" ] || die "$bundle: there is no such file; give the path of the bundle"
    bundled=$work/bundle
    mkdir "$bundled"
    tar -x --no-same-owner --no-same-permissions -f "$bundle" -C "$bundled" 2>/dev/null ||
        die "$bundle: not a bundle, or a damaged one; copy it again"
    [ -f "$bundled/SHA256SUMS" ] || die "$bundle: it has no checksums, so it is no bundle of fivebox"
    (cd "$bundled" && sha256sum --check --strict --quiet SHA256SUMS) >/dev/null 2>&1 ||
        die "$bundle: its checksums are not those of its content; copy it again"
    # What no checksum is for was put in by somebody else.
    (cd "$bundled" && find . ! -type d ! -path ./SHA256SUMS | sort) >"$work/there"
    sed 's/^[0-9a-f]*[ *]*//' "$bundled/SHA256SUMS" | sort >"$work/summed"
    cmp -s "$work/there" "$work/summed" ||
        die "$bundle: it holds files that its checksums don't name; make it again"
    made_for=$(sed -n 's/^arch=//p' "$bundled/about")
    [ "$made_for" = "$machine" ] ||
        die "$bundle: made for ${made_for:-nobody knows what}, and this is $machine; make it with: make bundle ARCH=$machine"
    say "the bundle is whole: $(sed -n 's/^version=//p' "$bundled/about") for $machine"
}
