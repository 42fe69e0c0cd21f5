#!/bin/sh
# Makes an image without a container engine: an archive with the layout of the OCI image
# specification, which `docker load`, `podman load` and `skopeo copy` read. The manifest has the
# media types of Docker, because podman ignores HEALTHCHECK with those of OCI.
#
#   scripts/image.sh PROGRAM ARCHIVE
#
# PROGRAM must be statically linked: the image has nothing else (`FROM scratch`). The same program
# gives the same bytes.
set -eu
umask 022
program=$(realpath "$1")
archive=$(realpath -m "$2")
cd "$(dirname "$0")/.."

if readelf -l "$program" | grep -q INTERP; then
    echo "image.sh: $program is not statically linked; build it for x86_64-unknown-linux-musl" >&2
    exit 1
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
created=$(date -u -d "@$epoch" +%Y-%m-%dT%H:%M:%SZ)
case $(readelf -h "$program" | sed -n 's/ *Machine: *//p') in
*X86-64*) arch=amd64 ;;
*AArch64*) arch=arm64 ;;
*) echo 'image.sh: unknown architecture' >&2 && exit 1 ;;
esac

pack() { # pack DIRECTORY FILE: a reproducible archive
    tar --create --file="$2" --directory="$1" --sort=name --mtime="@$epoch" --numeric-owner \
        --format=posix --pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime \
        "$3" "$4" .
}
digest() { sha256sum "$1" | cut -d' ' -f1; }

# The user 65532 owns /data. /tmp is for SQLite's temporary files.
mkdir -p "$work/root/usr/bin" "$work/root/etc/tributary" "$work/root/data" "$work/root/tmp"
install -m 0755 "$program" "$work/root/usr/bin/tributary"
printf 'root:x:0:0:root:/:/none\ntributary:x:65532:65532::/data:/none\n' >"$work/root/etc/passwd"
printf 'root:x:0:\ntributary:x:65532:\n' >"$work/root/etc/group"
chmod 1777 "$work/root/tmp"
pack "$work/root" "$work/layer.tar" --owner=65532 --group=65532
diff_id=$(digest "$work/layer.tar")
gzip -9n "$work/layer.tar"
layer=$(digest "$work/layer.tar.gz")

blobs="$work/image/blobs/sha256"
mkdir -p "$blobs"
size() { stat -c %s "$1"; }
mv "$work/layer.tar.gz" "$blobs/$layer"
cat >"$work/config.json" <<JSON
{"created":"$created","architecture":"$arch","os":"linux","config":{"User":"65532:65532","ExposedPorts":{"8080/tcp":{}},"Env":["TRIBUTARY_CONFIG=/etc/tributary/feeds.toml","TRIBUTARY_DATA=/data","PATH=/usr/bin"],"Entrypoint":["/usr/bin/tributary"],"Cmd":["serve","--watch-config","--listen","0.0.0.0:8080"],"Volumes":{"/data":{}},"WorkingDir":"/data","Labels":{"org.opencontainers.image.title":"tributary","org.opencontainers.image.version":"$version"},"StopSignal":"SIGTERM","Healthcheck":{"Test":["CMD","/usr/bin/tributary","health"],"Interval":30000000000,"Timeout":15000000000,"StartPeriod":15000000000,"Retries":3}},"rootfs":{"type":"layers","diff_ids":["sha256:$diff_id"]},"history":[{"created":"$created","created_by":"scripts/image.sh"}]}
JSON
config=$(digest "$work/config.json")
mv "$work/config.json" "$blobs/$config"
cat >"$work/manifest.json" <<JSON
{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":{"mediaType":"application/vnd.docker.container.image.v1+json","digest":"sha256:$config","size":$(size "$blobs/$config")},"layers":[{"mediaType":"application/vnd.docker.image.rootfs.diff.tar.gzip","digest":"sha256:$layer","size":$(size "$blobs/$layer")}]}
JSON
manifest=$(digest "$work/manifest.json")
mv "$work/manifest.json" "$blobs/$manifest"
printf '{"imageLayoutVersion":"1.0.0"}' >"$work/image/oci-layout"
cat >"$work/image/index.json" <<JSON
{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.docker.distribution.manifest.v2+json","digest":"sha256:$manifest","size":$(size "$blobs/$manifest"),"annotations":{"org.opencontainers.image.ref.name":"$version","io.containerd.image.name":"docker.io/library/tributary:$version"},"platform":{"architecture":"$arch","os":"linux"}}]}
JSON
# Older versions of `docker load` read this file instead of index.json.
printf '[{"Config":"blobs/sha256/%s","RepoTags":["tributary:%s"],"Layers":["blobs/sha256/%s"]}]' \
    "$config" "$version" "$layer" >"$work/image/manifest.json"
pack "$work/image" "$work/image.tar" --owner=0 --group=0
mkdir -p "$(dirname "$archive")"
mv "$work/image.tar" "$archive"
echo "$archive: tributary:$version, linux/$arch, sha256:$manifest"
