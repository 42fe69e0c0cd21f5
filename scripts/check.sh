#!/bin/sh
# The whole gate: what has to hold before a change goes in. Ends with a summary of what was run, skipped and broken.
#
# A check whose tool is missing here is skipped with a loud line. With CI=true that is a failure: there, nothing may be
# missing.
set -u
cd "$(dirname "$0")/.."

passed='' skipped='' failed=''
target=${CARGO_TARGET_DIR:-target}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# run NAME COMMAND…: runs a check and remembers how it ended.
run() {
    name=$1
    shift
    echo "== $name"
    if "$@"; then passed="$passed $name"; else
        failed="$failed $name"
        echo "== $name FAILED" >&2
    fi
}

# skip NAME WHY: a check that cannot be run here.
skip() {
    echo "== $1 SKIPPED: $2" >&2
    if [ "${CI:-}" = true ]; then failed="$failed $1"; else skipped="$skipped $1"; fi
}

docs() { RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --quiet; }

tests() {
    # The summary is repeated at the end, where somebody looks for it.
    { cargo test --workspace --quiet 2>&1 && echo ok >"$log.ended"; } | tee "$log"
    [ -e "$log.ended" ] && rm "$log.ended"
}

run format cargo fmt --check
run clippy cargo clippy --workspace --all-targets --quiet -- -D warnings
run docs docs
run tests tests

if command -v systemd-analyze >/dev/null; then run units scripts/check-units.sh; else skip units 'systemd-analyze is missing'; fi

chromium=$(command -v "${CHROMIUM:-chromium}" || true)
if [ -z "$chromium" ]; then
    skip browser 'chromium is missing (or name one by $CHROMIUM)'
elif ! command -v node >/dev/null; then
    skip browser 'node is missing'
elif [ ! -d tests/browser/node_modules/playwright-core ]; then
    skip browser 'run npm install --no-package-lock in tests/browser first'
else
    run build cargo build --quiet
    run browser env CHROMIUM="$chromium" node tests/browser/run.mjs "$target/debug/tributary"
fi

echo
echo "passed:  ${passed:- none}"
[ -z "$skipped" ] || echo "SKIPPED: $skipped"
[ -z "$failed" ] || echo "FAILED:  $failed"
grep '^test result:' "$log"
[ -z "$failed" ]
