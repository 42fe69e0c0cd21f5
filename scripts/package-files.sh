#!/bin/sh
# Writes the files that packages have beside the program: units, manual pages, completions, the
# schema, a first feeds.toml and the changelog of the Debian package.
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
version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
gzip -9n >"$out/changelog.gz" <<CHANGELOG
tributary ($version) stable; urgency=medium

  * Changes: see /usr/share/doc/tributary/CHANGELOG.md.

 -- The Tributary contributors <>  $(LC_ALL=C date -u -R -d "@$epoch")
CHANGELOG
