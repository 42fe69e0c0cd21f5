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

# Paths of this machine must not be in the program.
RUSTFLAGS="${RUSTFLAGS:-} --remap-path-prefix=$PWD=. --remap-path-prefix=$HOME=~"
export RUSTFLAGS
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
