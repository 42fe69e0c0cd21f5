#!/bin/sh
# Checks what can be checked of the packages without building them: the files beside the program can
# be made, the Debian package names existing files only, and documents name the present version.
#
#   scripts/check-package.sh PROGRAM
set -eu
program=$(realpath "$1")
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
    echo "package: $1" >&2
    exit 1
}

scripts/package-files.sh "$program" "$work/package"
"$program" check --quiet --config "$work/package/feeds.toml" >/dev/null
grep -q '^ExecStart=/usr/bin/tributary ' "$work/package/systemd/tributary.service" ||
    fail 'tributary.service of the package does not start /usr/bin/tributary'

sed -n '/^assets = \[/,/^\]/s/^ *\["\([^"]*\)".*/\1/p' Cargo.toml >"$work/assets"
[ -s "$work/assets" ] || fail 'no assets in Cargo.toml'
while read -r asset; do
    case $asset in
    target/release/*) continue ;;
    target/package/*) file=$work/${asset#target/} ;;
    *) file=${asset%%/\**} ;;
    esac
    [ -e "$file" ] || fail "Cargo.toml: asset $asset does not exist"
done <"$work/assets"

version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
grep -q "image: tributary:$version\$" compose.yaml || fail "compose.yaml: image is not $version"
for file in "tributary_${version}_amd64.deb" "tributary-$version-image.tar" \
    "tributary-$version-x86_64-unknown-linux-musl.tar.gz"; do
    grep -qF "$file" docs/install.md || fail "docs/install.md does not name $file"
done
echo "package: files, assets and versions fit together"
