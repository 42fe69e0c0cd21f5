#!/bin/sh
# Makes everything that is published of a version, in target/dist-files: an archive with the static
# program, a Debian package, an OCI image with compose.yaml, an SBOM (CycloneDX) and SHA256SUMS.
#
# Needs: rustup target add x86_64-unknown-linux-musl; musl-gcc (Debian: musl-tools);
# cargo install cargo-deb cargo-cyclonedx. The same commit and toolchain give the same bytes.
set -eu
umask 022
cd "$(dirname "$0")/.."
target=${TARGET:-x86_64-unknown-linux-musl}
version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
out=target/dist-files
rm -rf "$out"
mkdir -p "$out"

# Paths of this machine must not be in the program: not those of Rust code (panics name their file),
# nor those of the C code of dependencies. The last mapping that fits a path is the one in force.
# The encoded form of the variable allows spaces in paths.
CARGO_TARGET_DIR=$PWD/target
export CARGO_TARGET_DIR
unset RUSTFLAGS
separator=$(printf '\037')
CARGO_ENCODED_RUSTFLAGS=
map() { # map DIRECTORY NAME
    CARGO_ENCODED_RUSTFLAGS="${CARGO_ENCODED_RUSTFLAGS:+$CARGO_ENCODED_RUSTFLAGS$separator}\
--remap-path-prefix=$1=$2"
    c_maps="${c_maps:+$c_maps }'-ffile-prefix-map=$1=$2'"
}
c_maps=
map "$HOME" '~'
map "$(rustc --print sysroot)/lib/rustlib/src/rust" \
    "/rustc/$(rustc -vV | sed -n 's/^commit-hash: //p')"
map "$PWD" .
# The name of the directory below registry/src differs with the registry that cargo is set up for.
cargo fetch --locked --target "$target"
for registry in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*; do
    map "$registry" crates
done
export CARGO_ENCODED_RUSTFLAGS
CFLAGS="$c_maps" && export CFLAGS
CC_SHELL_ESCAPED_FLAGS=1 && export CC_SHELL_ESCAPED_FLAGS
cargo build --locked --profile dist --target "$target" --bin tributary
program=target/$target/dist/tributary
scripts/package-files.sh "$program" target/package

# The archive has the units for /usr/local/bin, where install.md puts the program.
name=tributary-$version-$target
mkdir -p "$out/$name/systemd" "$out/$name/docs"
cp "$program" README.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE target/package/feeds.schema.json \
    "$out/$name/"
cp docs/*.md "$out/$name/docs/"
cp -r contrib target/package/man target/package/completions "$out/$name/"
cp systemd/* "$out/$name/systemd/"
sed "s|image: tributary:.*|image: tributary:$version|" compose.yaml >"$out/compose.yaml"
cp "$out/compose.yaml" "$out/$name/"
chmod -R u=rwX,go=rX "$out/$name"
tar --create --directory="$out" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 \
    --numeric-owner "$name" | gzip -9n >"$out/$name.tar.gz"
rm -r "${out:?}/$name"

cargo deb --locked --no-build --no-strip --profile dist --target "$target" \
    --output "$out/tributary_${version}_amd64.deb"
scripts/image.sh "$program" "$out/tributary-$version-image.tar"

# cargo-cyclonedx writes a file into the directory of each package, and names local packages by
# their absolute path.
cargo cyclonedx --format json --spec-version 1.5 --target "$target" --override-filename sbom
root=$(sed -n 's/.*"bom-ref": "\(path+file:.*\)#tributary@.*/\1/p' sbom.json | head -n 1)
sed "s|$root|path+file:///tributary|g" sbom.json >"$out/tributary-$version.cdx.json"
find . -name sbom.json -not -path './target/*' -delete
(cd "$out" && sha256sum -- * >SHA256SUMS)
ls -l "$out"
