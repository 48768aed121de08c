# shellcheck shell=sh
# The settings' file: made once, never overwritten.

toml=$etc/fivebox.toml

# edge WORDS...: a command of the installed program, from no folder of ours.
edge() {
    (cd / && "$root$current/bin/python" -m edge "$@")
}

make_settings() {
    if [ -e "$root$toml" ]; then
        say "settings: $toml stays as it is"
        keep_settings
        return
    fi
    if $dry; then
        echo "would write $toml with camera.source = ${source:-picamera:0}"
        return
    fi
    set -- "journal.folder=$data"
    if [ -n "$source" ]; then set -- "$@" "camera.source=$source"; fi
    if [ "$xnnpack" = false ]; then set -- "$@" "reader.xnnpack=false"; fi
    edge config --example >"$work/example" 2>>"$log" || die "the settings can't be written; $log tells why"
    python3 "$here/lib/fill_settings.py" "$@" <"$work/example" >"$work/fivebox.toml" ||
        die "the settings can't be filled in; report this line"
    problem=$(edge config --config "$work/fivebox.toml" 2>&1 >/dev/null) ||
        die "these settings can't be used: ${problem#*: }"
    # Read with the kiosk's own rights; secrets may be added.
    run install -m 0640 -o root -g "$user" "$work/fivebox.toml" "$root$toml.new"
    run mv -T "$root$toml.new" "$root$toml"
    say "settings: $toml is written"
}

# keep_settings: tell what was asked for and is not what is set.
keep_settings() {
    if [ -n "$source" ]; then
        say "settings: set the camera yourself: source = \"$source\" in [camera]"
    fi
    if [ "$xnnpack" = false ]; then
        say "settings: set xnnpack = false in [reader]: with it the runtime does not work here"
    fi
}
