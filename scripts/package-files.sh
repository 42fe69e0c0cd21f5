#!/bin/sh
# Writes the files that packages have beside the program: units, manual pages, completions, the
# schema and a first feeds.toml.
#
#   scripts/package-files.sh PROGRAM DIRECTORY
#
# The program is run, so it must be one for this machine.
set -eu
program=$(realpath "$1")
out=$2
cd "$(dirname "$0")/.."
rm -rf "$out"
mkdir -p "$out/man" "$out/completions" "$out/systemd"

"$program" man | gzip -9n >"$out/man/tributary.1.gz"
for shell in bash zsh fish; do
    "$program" completions "$shell" >"$out/completions/tributary.$shell"
done
"$program" schema >"$out/feeds.schema.json"
(cd "$out" && "$program" init --config "feeds.toml" --quiet)
# Editors find the schema where the package has it.
sed -i '1s|.*|#:schema /usr/share/tributary/feeds.schema.json|' "$out/feeds.toml"
for unit in systemd/*.service systemd/*.socket systemd/*.timer; do
    sed 's|/usr/local/bin/tributary|/usr/bin/tributary|' "$unit" >"$out/systemd/$(basename "$unit")"
done
