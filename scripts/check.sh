#!/bin/sh
# The gate: every check that must pass before a change is merged. Prints a summary at the end.
#
# A check whose tool is missing is skipped with a warning. With CI=true a skipped check fails.
set -u
cd "$(dirname "$0")/.."

passed='' skipped='' failed=''
target=${CARGO_TARGET_DIR:-target}
# The optional feature is on everywhere except in `fuzz`, which compiles the default features.
features=tributary/opentelemetry
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# run NAME COMMAND…: runs a check and records its result.
run() {
    name=$1
    shift
    echo "== $name"
    if "$@"; then passed="$passed $name"; else
        failed="$failed $name"
        echo "== $name FAILED" >&2
    fi
}

# skip NAME REASON: records a check that cannot run here.
skip() {
    echo "== $1 SKIPPED: $2" >&2
    if [ "${CI:-}" = true ]; then failed="$failed $1"; else skipped="$skipped $1"; fi
}

docs() {
    RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --features $features --quiet
}

tests() {
    # Many tests wait most of the time. The log is kept to repeat the test summary at the end.
    export RUST_TEST_THREADS="${RUST_TEST_THREADS:-$(($(nproc) * 2))}"
    { cargo test --workspace --features $features --quiet 2>&1 && echo ok >"$log.ended"; } | tee "$log"
    [ -e "$log.ended" ] && rm "$log.ended"
}

# The fuzz targets are packages of their own; cargo-fuzz is not needed to compile them.
fuzz() {
    for manifest in fuzz/Cargo.toml crates/*/fuzz/Cargo.toml; do
        cargo check --quiet --target-dir "$target/fuzz" --manifest-path "$manifest" || return 1
    done
}

run format cargo fmt --check
run clippy cargo clippy --workspace --all-targets --features $features --quiet -- -D warnings
run docs docs
run tests tests
run fuzz fuzz

if command -v systemd-analyze >/dev/null; then
    run units scripts/check-units.sh
else
    skip units 'systemd-analyze is missing'
fi

run build cargo build --quiet --features $features
run package scripts/check-package.sh "$target/debug/tributary"

# Feed readers of other projects. The script reports those that are missing.
readers_python=tests/readers/.venv/bin/python
[ -x "$readers_python" ] || readers_python=$(command -v python3 || true)
if [ -z "$readers_python" ]; then
    skip readers 'python3 is missing'
else
    run readers "$readers_python" tests/readers/run.py "$target/debug/tributary"
fi

chromium=$(command -v "${CHROMIUM:-chromium}" || true)
if [ -z "$chromium" ]; then
    skip browser 'chromium is missing (set $CHROMIUM to use another browser)'
elif ! command -v node >/dev/null; then
    skip browser 'node is missing'
elif [ ! -d tests/browser/node_modules/playwright-core ]; then
    skip browser 'run npm install --no-package-lock in tests/browser first'
else
    run browser env CHROMIUM="$chromium" node tests/browser/run.mjs "$target/debug/tributary"
fi

echo
echo "passed:  ${passed:- none}"
[ -z "$skipped" ] || echo "SKIPPED: $skipped"
[ -z "$failed" ] || echo "FAILED:  $failed"
grep '^test result:' "$log"
[ -z "$failed" ]
