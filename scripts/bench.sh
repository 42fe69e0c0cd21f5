#!/bin/bash
# Measures Tributary beside a floor and other programs, and prints a table with ratios.
#
#   scripts/bench.sh            polling, memory, size and serving, beside what is installed
#   scripts/bench.sh polling    one of the parts: polling, rounds, idle or serving
#   scripts/bench.sh growth     costs at 10^3 to 10^5 stories (MILLION=1: to 10^6; takes long)
#   scripts/bench.sh build      building from nothing (takes long)
#
# RUNS sets how many runs each figure is the median of (3). PROGRAM sets a built program to measure
# instead of the one of this tree, and HARNESS a directory with built `origin`, `floor` and `probe`.
# PYTHON sets a Python that has the package `reader`.
#
# Every figure is of a whole process. CPU is user and system time. The floor and the program run in
# turn, so that a slow minute of the machine affects both.
set -euo pipefail
cd "$(dirname "$0")/.."

runs=${RUNS:-3}
python=${PYTHON:-python3}
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
work=$(mktemp -d)
children=()
trap 'kill "${children[@]}" 2>/dev/null || true; rm -rf "$work"' EXIT

note() { echo "== $*" >&2; }
skip() { echo "== SKIPPED: $1 is not installed" >&2; }

build() {
    if [ -z "${PROGRAM:-}" ]; then
        cargo build --release --quiet
        PROGRAM=$target/release/tributary
    fi
    program=$(realpath "$PROGRAM")
    if [ -z "${HARNESS:-}" ]; then
        cargo build --release --quiet -p bench-harness
        HARNESS=$target/release
    fi
    harness=$(realpath "$HARNESS")
}

# figures NAME: the file with the figures of a name, one per line.
figures() { echo "$work/figures.$1"; }

# timed NAME COMMAND…: runs a command and records its CPU seconds, wall seconds and KiB of memory.
timed() {
    local name=$1 cpu_wall_kib user system wall kib
    shift
    if ! command time -o "$work/time" -f '%U %S %e %M' "$@" >"$work/stdout" 2>"$work/stderr"; then
        echo "$name failed: $*" >&2
        tail -5 "$work/stderr" >&2
        exit 1
    fi
    read -r user system wall kib < <(tail -1 "$work/time")
    cpu_wall_kib=$(awk "BEGIN { print $user + $system, $wall, $kib }")
    set -- $cpu_wall_kib
    echo "$1" >>"$(figures "$name.cpu")"
    echo "$2" >>"$(figures "$name.wall")"
    echo "$3" >>"$(figures "$name.kib")"
}

# median NAME: the median of the figures of a name; `-` if there are none.
median() {
    [ -e "$(figures "$1")" ] || { echo -; return; }
    sort -g "$(figures "$1")" | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'
}

# calc EXPRESSION: a number; `-` if a figure in it is missing or the divisor is zero.
calc() {
    case " $1 " in *' - / '* | *'( - '* | *' / - '*) echo -; return ;; esac
    awk "BEGIN { if (($2) == 0) print \"-\"; else printf \"%.3g\", $1 }"
}

row() { printf '| %-46s | %10s | %10s | %6s | %s |\n' "$@"; }
ratio() { if [ "$1" = - ] || [ "$2" = - ]; then echo -; else calc "$1 / $2" "$2"; fi; }

# start_origin FEEDS [OPTION…]: starts an origin on a free port and waits until it serves.
start_origin() {
    port=$((20000 + RANDOM % 20000))
    "$harness/origin" --port "$port" --feeds "$@" >"$work/origin" &
    origin=$!
    children+=("$origin")
    until grep -qs entries "$work/origin"; do
        kill -0 "$origin" 2>/dev/null || { echo "the origin does not serve on port $port" >&2; exit 1; }
        sleep 0.1
    done
}
stop() { kill "$1"; wait "$1" 2>/dev/null || true; }

# configure DIR FEEDS: a new directory with a feeds.toml that follows the feeds of the origin.
configure() {
    mkdir -p "$1"
    {
        cat <<TOML
[site]
title = "Benchmark"
[server]
listen = "127.0.0.1:0"
metrics_listen = "127.0.0.1:$((port + 2))"
[polling]
allow_hosts = ["127.0.0.0/8"]
per_host = 32
host_gap = "0s"
[[topic]]
id = "streaming"
title = "Streaming"
any = ["kafka", "stream", "cloud"]
TOML
        for ((n = 0; n < $2; n++)); do
            printf '[[source]]\nid = "s%d"\nurl = "http://127.0.0.1:%d/feed/%d.xml"\n' "$n" "$port" "$n"
            echo 'follow = "feed"'
        done
    } >"$1/feeds.toml"
}

tick() { curl -sf "http://127.0.0.1:$port/_tick?p=$1" >"$work/ticked"; }

# Polls 500 feeds: the floor, the program and other programs in each run.
polling() {
    local later=10 dir=$work/poll
    start_origin 500
    note "polling: $(cat "$work/origin")"
    local options=(--base "http://127.0.0.1:$port" --feeds 500 --database "$work/floor.db")
    for ((run = 0; run < runs; run++)); do
        rm -rf "$dir"
        configure "$dir" 500
        timed floor.first "$harness/floor" "${options[@]}"
        timed floor.unchanged "$harness/floor" "${options[@]}" --passes $((1 + later))
        timed floor.tick "$harness/floor" "${options[@]}" --passes $((1 + later)) --tick 0.1
        timed first "$program" poll --json --config "$dir/feeds.toml" --data "$dir/data"
        stat -c %s "$dir/data/tributary.db" >>"$(figures size)"
        "$harness/probe" text "$dir/data/tributary.db" >>"$(figures text)"
        timed unchanged "$program" poll --force --json --config "$dir/feeds.toml" --data "$dir/data"
        tick 0.1
        timed tick "$program" poll --force --json --config "$dir/feeds.toml" --data "$dir/data"
        others
    done
    stop "$origin"
    for name in unchanged tick; do
        for ((run = 1; run <= runs; run++)); do
            local all once
            all=$(sed -n "${run}p" "$(figures "floor.$name.cpu")")
            once=$(sed -n "${run}p" "$(figures floor.first.cpu)")
            calc "($all - $once) / $later" 1 >>"$(figures "floor.$name.once")"
        done
    done
}

# Other programs that poll and store. Each starts from nothing.
others() {
    local dir=$work/others n
    rm -rf "$dir" && mkdir -p "$dir"
    if command -v newsboat >/dev/null; then
        curl -sf "http://127.0.0.1:$port/urls" >"$dir/urls"
        echo 'reload-threads 2' >"$dir/config"
        timed newsboat newsboat -u "$dir/urls" -c "$dir/cache.db" -C "$dir/config" -x reload
    fi
    if command -v sfeed_update >/dev/null; then
        {
            echo "sfeedpath='$dir/sfeed'"
            echo 'feeds() {'
            for ((n = 0; n < 500; n++)); do
                echo "feed 's$n' 'http://127.0.0.1:$port/feed/$n.xml'"
            done
            echo '}'
        } >"$dir/sfeedrc"
        timed sfeed sfeed_update "$dir/sfeedrc"
    fi
    if "$python" -c 'import reader' 2>/dev/null; then
        curl -sf "http://127.0.0.1:$port/urls" >"$dir/urls"
        timed reader "$python" -c '
import sys, reader
storage = reader.make_reader(sys.argv[1])
for url in open(sys.argv[2]):
    storage.add_feed(url.strip())
storage.update_feeds(workers=2)
' "$dir/reader.db" "$dir/urls"
    fi
}

# The round in which nothing changed, per source.
rounds() {
    local sources dir=$work/rounds rounds=3
    for sources in 500 2000 10000; do
        start_origin "$sources" --entries 2 --entry-bytes 300
        note "rounds at $sources sources"
        rm -rf "$dir"
        configure "$dir" "$sources"
        timed "fill.$sources" "$program" poll --json --config "$dir/feeds.toml" --data "$dir/data"
        for ((run = 0; run < rounds; run++)); do
            timed "round.$sources" \
                "$program" poll --force --json --config "$dir/feeds.toml" --data "$dir/data"
        done
        stop "$origin"
    done
}

# serve DIR: starts the daemon and waits until it listens. Sets `daemon` and `base`.
serve() {
    started=$(date +%s%N)
    : >"$work/serve"
    "$program" serve --config "$1/feeds.toml" --data "$1/data" >"$work/serve" 2>&1 &
    daemon=$!
    children+=("$daemon")
    base=
    for ((n = 0; n < 600; n++)); do
        # The address of the metrics is logged as well.
        base=$(sed -n 's|.*listening on \(http://[0-9.:]*\).*|\1|p' "$work/serve" | head -1)
        [ -n "$base" ] && return
        sleep 0.1
    done
    echo "serve does not listen:" >&2
    cat "$work/serve" >&2
    exit 1
}
# resident PROCESS: the memory of a process, in KiB.
resident() { awk '/^VmRSS:/ { print $2 }' "/proc/$1/status"; }

# The memory of a daemon with two sources, after it has polled them.
idle() {
    local dir=$work/idle
    start_origin 2
    note "memory of an idle daemon"
    for ((run = 0; run < runs; run++)); do
        rm -rf "$dir"
        configure "$dir" 2
        serve "$dir"
        sleep 15
        resident "$daemon" >>"$(figures idle)"
        stop "$daemon"
    done
    stop "$origin"
}

# wrk_rate NAME URL [OPTION…]: requests per second.
wrk_rate() {
    local name=$1
    shift
    wrk -t1 -c32 -d3s "$@" | awk '/^Requests.sec:/ { print $2 }' >>"$(figures "$name")"
}

# Serves the same documents as nginx.
serving() {
    local tool dir=$work/serving etag file=topics/streaming/feed.atom
    for tool in nginx wrk; do
        command -v $tool >/dev/null || { skip $tool; return; }
    done
    start_origin 500
    note "serving"
    configure "$dir" 500
    "$program" poll --json --config "$dir/feeds.toml" --data "$dir/data" >/dev/null
    stop "$origin"
    serve "$dir"
    "$harness/probe" first --since "$started" "$base/$file" >/dev/null
    mkdir -p "$dir/site/$(dirname "$file")"
    curl -sf "$base/$file" >"$dir/site/$file"
    local nginx_port=$((port + 1))
    cat >"$dir/nginx.conf" <<CONF
worker_processes 2;
daemon off;
pid $dir/nginx.pid;
error_log $dir/nginx.log;
events { worker_connections 512; }
http {
    access_log off;
    default_type application/atom+xml;
    server { listen 127.0.0.1:$nginx_port; root $dir/site; }
}
CONF
    chmod 755 "$work" "$dir"
    nginx -c "$dir/nginx.conf" -p "$dir" &
    local nginx=$!
    children+=("$nginx")
    "$harness/probe" first --since "$started" "http://127.0.0.1:$nginx_port/$file" >/dev/null
    for ((run = 0; run < runs; run++)); do
        wrk_rate nginx.document "http://127.0.0.1:$nginx_port/$file"
        wrk_rate serve.document "$base/$file"
        etag=$(curl -sI "http://127.0.0.1:$nginx_port/$file" | tr -d '\r' | sed -n 's/^ETag: //p')
        wrk_rate nginx.unchanged "http://127.0.0.1:$nginx_port/$file" -H "If-None-Match: $etag"
        etag=$(curl -sI "$base/$file" | tr -d '\r' | sed -n 's/^etag: //p')
        wrk_rate serve.unchanged "$base/$file" -H "If-None-Match: $etag"
    done
    stop "$daemon"
    stop "$nginx"
}

table() {
    echo
    row 'what (500 feeds, 12,424 entries)' program floor ratio asked
    echo '| --- | --- | --- | --- | --- |'
    ours_and_floor() {
        local ours floor
        ours=$(median "$2") floor=$(median "$3")
        row "$1" "$ours" "$floor" "$(ratio "$ours" "$floor")" "$4"
    }
    ours_and_floor 'first poll, CPU s' first.cpu floor.first.cpu '4'
    ours_and_floor 'first poll, wall s' first.wall floor.first.wall '3'
    ours_and_floor 'all 304, CPU s' unchanged.cpu floor.unchanged.once '4'
    ours_and_floor '10 % with a new entry, CPU s' tick.cpu floor.tick.once '3'
    row 'first poll, memory in MB' "$(calc "$(median first.kib) / 1024" 1)" \
        "$(calc "$(median floor.first.kib) / 1024" 1)" - '60 MB'
    row 'idle daemon of two sources, memory in MB' "$(calc "$(median idle) / 1024" 1)" - - '15 MB'
    row 'database and the text in it, MB' "$(calc "$(median size) / 1e6" 1)" \
        "$(calc "$(median text) / 1e6" 1)" "$(ratio "$(median size)" "$(median text)")" '2.2'
    local few sources
    few=$(calc "$(median round.500.cpu) / 500 * 1000" 1)
    for sources in 500 2000 10000; do
        local each
        each=$(calc "$(median round.$sources.cpu) / $sources * 1000" 1)
        row "304 per source at $sources sources, CPU ms" "$each" - "$(ratio "$each" "$few")" \
            '1.2 times that at 500'
    done
    row 'serve and nginx, documents per second' "$(median serve.document)" \
        "$(median nginx.document)" \
        "$(ratio "$(median serve.document)" "$(median nginx.document)")" -
    row 'serve and nginx, 304 per second' "$(median serve.unchanged)" "$(median nginx.unchanged)" \
        "$(ratio "$(median serve.unchanged)" "$(median nginx.unchanged)")" -
    local other
    for other in newsboat sfeed reader; do
        if [ -e "$(figures "$other.cpu")" ]; then
            row "first poll of $other, CPU s" "$(median "$other.cpu")" \
                "$(median floor.first.cpu)" \
                "$(ratio "$(median "$other.cpu")" "$(median floor.first.cpu)")" -
        else
            skip "$other"
        fi
    done
}

# Costs by the number of stories. A source has 100 of them.
growth() {
    local stories=(1000 10000 100000) count dir
    [ -n "${MILLION:-}" ] && stories+=(1000000)
    echo '| stories | first poll, CPU ms per entry | memory of it, MB |' \
        '`poll` of one source with one new entry, CPU s | 304, CPU ms per source |' \
        'rendering, ms | search p50 and p99, ms | start to first feed, ms | memory of serve, MB |'
    echo '| --- | --- | --- | --- | --- | --- | --- | --- | --- |'
    for count in "${stories[@]}"; do
        dir=${KEEP:-$work}/growth.$count
        start_origin $((count / 100)) --entries 100 --entry-bytes 400
        if [ ! -e "$dir/data/tributary.db" ]; then
            configure "$dir" $((count / 100))
            timed "fill.$count" \
                "$program" poll --json --config "$dir/feeds.toml" --data "$dir/data"
            cp "$work/time" "$dir/fill"
        else
            configure "$dir" $((count / 100))
        fi
        local fill fill_memory one unchanged render search first memory
        fill=$(awk -v n="$count" 'END { printf "%.2f", ($1 + $2) / n * 1000 }' "$dir/fill")
        fill_memory=$(awk 'END { printf "%.0f", $4 / 1024 }' "$dir/fill")
        for ((run = 0; run < runs; run++)); do
            tick 1
            timed "one.$count" \
                "$program" poll s0 --force --json --config "$dir/feeds.toml" --data "$dir/data"
        done
        one=$(median "one.$count.cpu")
        # The first run fetches the feeds that have changed.
        for ((run = 0; run <= runs; run++)); do
            [ "$run" = 1 ] && rm "$(figures "unchanged.$count.cpu")"
            timed "unchanged.$count" \
                "$program" poll --force --json --config "$dir/feeds.toml" --data "$dir/data"
        done
        unchanged=$(calc "$(median "unchanged.$count.cpu") / $count * 1e5" 1)
        stop "$origin"
        serve "$dir"
        first=$("$harness/probe" first --since "$started" "$base/topics/streaming/feed.atom")
        render=$(curl -s "http://127.0.0.1:$((port + 2))/metrics" | awk '/rendering.*_sum/ { sum = $2 }
            /rendering.*_count/ { n = $2 } END { if (n) printf "%.1f", sum / n * 1000 }')
        local queries=(kafka 'kafka+cloud' '%22the+kafka%22' 'kaf*' 'garden+-museum' 'the') urls=()
        for query in "${queries[@]}"; do urls+=("$base/search?q=$query"); done
        search=$("$harness/probe" latency --requests 50 "${urls[@]}")
        memory=$(resident "$daemon")
        stop "$daemon"
        printf '| %s ' "$count" "$fill" "$fill_memory" "$one" "$unchanged" "${render:--}" \
            "${search% *}" "$first" "$((memory / 1024))"
        echo '|'
    done
}

# The time that a newcomer waits for.
building() {
    local dir=$work/target
    note "building from nothing"
    timed build env CARGO_TARGET_DIR="$dir" cargo build --release
    row 'cargo build --release, wall and CPU s' "$(median build.wall)" "$(median build.cpu)" - 240
    row 'size of the program, MB' "$(calc "$(stat -c %s "$dir/release/tributary") / 1e6" 1)" - - 18
    rm -rf "$dir"
    timed tests env CARGO_TARGET_DIR="$dir" cargo test
    row 'cargo test, wall and CPU s' "$(median tests.wall)" "$(median tests.cpu)" - 360
}

case ${1:-all} in
all)
    build
    polling
    rounds
    idle
    serving
    table
    ;;
polling | rounds | idle | serving)
    build
    "$1"
    table
    ;;
growth) build && growth ;;
build) building ;;
*)
    sed -n '2,13s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
