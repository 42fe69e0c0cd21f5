#!/bin/sh
# Runs systemd-analyze verify on the units. The path of the program is replaced by an existing one,
# because verify checks that the program exists.
set -eu
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ln -s /bin/true "$work/tributary"
for unit in systemd/*.service systemd/*.socket systemd/*.timer; do
    # verify looks up the manual page, which is not installed here.
    sed -e "s|/usr/local/bin/tributary|$work/tributary|" -e '/^Documentation=man:/d' "$unit" \
        >"$work/$(basename "$unit")"
done

# The exit code is not enough, because a misspelt key is only a warning. Any output fails.
SYSTEMD_LOG_LEVEL=warning systemd-analyze verify \
    "$work"/*.service "$work"/*.socket "$work"/*.timer >"$work/output" 2>&1 || failed=1
if [ "${failed:-0}" = 1 ] || grep -q tributary "$work/output"; then
    cat "$work/output" >&2
    echo "units: systemd-analyze verify reports problems" >&2
    exit 1
fi
echo "units: systemd-analyze verify passed"
