#!/bin/sh
# systemd-analyze verify on the units as they stand, with the program's path replaced by one that exists: verify looks
# whether what it starts is there. Says nothing but its last line when all is well.
set -eu
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ln -s /bin/true "$work/tributary"
for unit in systemd/*.service systemd/*.socket systemd/*.timer; do
    # The manual page is installed with the program, which is not here; verify would ask man for it.
    sed -e "s|/usr/local/bin/tributary|$work/tributary|" -e '/^Documentation=man:/d' "$unit" >"$work/$(basename "$unit")"
done

# Its exit code says too little: a misspelt key is only a warning. What it prints about our files is what counts.
SYSTEMD_LOG_LEVEL=warning systemd-analyze verify "$work"/*.service "$work"/*.socket "$work"/*.timer >"$work/said" 2>&1 || failed=1
if [ "${failed:-0}" = 1 ] || grep -q tributary "$work/said"; then
    cat "$work/said" >&2
    echo "units: systemd-analyze verify has something to say" >&2
    exit 1
fi
echo "units: systemd-analyze verify is content"
