#!/bin/sh
# Makes everything that is published of a version, in target/dist-files: an archive with the static
# program, a Debian package, an OCI image, an SBOM (CycloneDX) and SHA256SUMS.
#
# Needs: rustup target add x86_64-unknown-linux-musl; musl-gcc (Debian: musl-tools);
# cargo install cargo-deb cargo-cyclonedx. The same commit and toolchain give the same bytes.
set -eu
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
    c_maps="${c_maps:+$c_maps }-ffile-prefix-map=$1=$2"
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
cargo build --locked --profile dist --target "$target" --bin tributary
program=target/$target/dist/tributary
scripts/package-files.sh "$program" target/package

name=tributary-$version-$target
mkdir -p "$out/$name"
cp "$program" README.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE "$out/$name/"
cp -r target/package/man target/package/completions target/package/systemd \
    target/package/feeds.toml target/package/feeds.schema.json contrib "$out/$name/"
tar --create --directory="$out" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 \
    --numeric-owner "$name" | gzip -9n >"$out/$name.tar.gz"
rm -r "${out:?}/$name"

cargo deb --locked --no-build --no-strip --profile dist --target "$target" \
    --output "$out/tributary_${version}_amd64.deb"
scripts/image.sh "$program" "$out/tributary-$version-image.tar"
cargo cyclonedx --format json --spec-version 1.5 --override-filename sbom
mv sbom.json "$out/tributary-$version.cdx.json"
find . -name sbom.json -not -path './target/*' -delete
(cd "$out" && sha256sum -- * >SHA256SUMS)
ls -l "$out"
