#!/usr/bin/env bash
# The hairpin, live: a program on machine A, its screen on B, its pictures drawn on C, the video back on A. Then the same
# with the link between A and C left out of the file. Writes hairpin.mp4 and hairpin.cast here; fails when they are wrong.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bin=$(cd "$here/../../build/release" && pwd)
work=$(mktemp -d)
export XDG_RUNTIME_DIR=$work/run XDG_STATE_HOME=$work/state POCL_CACHE_DIR=${POCL_CACHE_DIR:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/pocl}
mkdir -p -m 700 "$XDG_RUNTIME_DIR" "$XDG_STATE_HOME" "$POCL_CACHE_DIR"
pipeline='pty-server | { recorder@machine-a ; parser-server | { display-server@machine-a ; gpu-server | mp4-encoder@machine-a } }'
mesh=
page=

say() { printf '\n\e[1m%s\e[0m\n' "$*"; }
die() { printf 'demo: %s\n' "$*" >&2; tail -n 40 "$work/mesh.log" >&2 || true; exit 1; }
stop_mesh() { [ -z "$mesh" ] || { kill -TERM "$mesh" && wait "$mesh"; } 2>/dev/null || true; mesh=; }
close_page() { [ -z "$page" ] || { kill "$page" && wait "$page"; } 2>/dev/null || true; page=; }
cleanup() { close_page; stop_mesh; rm -rf "$work"; }
# Everything that was started knows this folder from its environment.
left() {
    local process
    for process in /proc/[0-9]*; do
        ! grep -qsz "^XDG_RUNTIME_DIR=$XDG_RUNTIME_DIR\$" "$process/environ" || echo "${process#/proc/} $(cat "$process/comm")"
    done
}
trap cleanup EXIT
jetway() { "$bin/jetway" "$@"; }

# start FILE: the file's machines, until a stream can go every way that the pipeline takes.
start() {
    "$bin/jetway" dev "$1" >"$work/mesh.log" 2>&1 &
    mesh=$!
    for _ in $(seq 200); do
        kill -0 "$mesh" 2>/dev/null || die "the machines did not start"
        { jetway trace --machine machine-a "$pipeline" && jetway trace --machine machine-a gpu-server; } \
            >/dev/null 2>"$work/start.log" && return
        sleep 0.05
    done
    tail -n 4 "$work/start.log" >&2
    die "the pipeline's services do not reach each other"
}

# check FILE LEAST_SECONDS MOST_SECONDS: a playable H.264 video of that length with something in its pictures.
check() {
    local file=$1 least=$2 most=$3 codec width height duration shades
    IFS=, read -r codec width height < <(ffprobe -v error -select_streams v -show_entries stream=codec_name,width,height -of csv=p=0 "$file")
    duration=$(ffprobe -v error -show_entries format=duration -of csv=p=0 "$file")
    [ "$codec" = h264 ] || die "$file is $codec, not h264"
    [ "$width" -ge 320 ] && [ "$height" -ge 200 ] || die "$file is only ${width}x$height"
    awk -v d="$duration" -v a="$least" -v b="$most" 'BEGIN { exit !(d >= a && d <= b) }' ||
        die "$file lasts $duration s, expected $least to $most"
    # The darkest and the brightest pixel of a picture in the middle: a blank one has no range.
    shades=$(ffmpeg -v error -ss "$(awk -v d="$duration" 'BEGIN { print d * 0.7 }')" -i "$file" -frames:v 1 \
        -vf signalstats,metadata=print:file=- -f null - | awk -F= '/YMIN/ { a = $2 } /YMAX/ { b = $2 } END { print b - a }')
    [ "${shades:-0}" -ge 100 ] || die "$file is blank (range of brightness ${shades:-none})"
    echo "$file: $codec ${width}x$height, $duration s, brightness range $shades"
}

now() { date +%s.%N; }
took() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.2f", b - a }'; }

say "Three machines, one file: examples/hairpin/deployment.yml"
rm -f hairpin.mp4 hairpin.cast
start "$here/deployment.yml"
cat "$work/mesh.log"
say '$ jetway services --machine machine-a' && jetway services --machine machine-a
say '$ jetway routes --machine machine-a' && jetway routes --machine machine-a
say "\$ jetway trace '$pipeline'"
jetway trace --machine machine-a "$pipeline"

url=$(jetway status --machine machine-a -o json | sed -n 's/.*"\(http:[^"]*\)".*/\1/p' | head -n 1)
[ -n "$url" ] || die "machine A shows no live page"
say "The live page is open meanwhile: $url"
if command -v chromium >/dev/null; then
    chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
        --disable-component-update --disable-sync --user-data-dir="$work/chromium" --remote-debugging-port=0 "$url" >"$work/page.log" 2>&1 &
    page=$!
else
    echo "(no chromium here: open it in a browser of your own)"
fi

say '$ jetway pipe demo --machine machine-a        (a program worth filming, about twelve seconds)'
from=$(now)
jetway pipe demo --machine machine-a --set pty-server.run="$here/tour.sh" || die "the pipeline failed"
session=$(took "$from")
viewers=
[ -z "$page" ] || viewers=$(ss -Htn state established "sport = :$(sed 's|.*:\([0-9]*\)/.*|\1|' <<<"$url")" | wc -l)
close_page
[ -z "$viewers" ] || [ "$viewers" -ge 1 ] || die "nobody looked at the live page: $(tail -n 3 "$work/page.log")"
pictures=$(ffprobe -v error -count_packets -select_streams v -show_entries stream=nb_read_packets -of csv=p=0 hairpin.mp4)
awk -v n="$pictures" -v s="$session" 'BEGIN { printf "%d pictures in %.1f s: %.1f pictures/s\n", n, s, n / s }'
check hairpin.mp4 "$(awk -v s="$session" 'BEGIN { print (s > 8.5 ? s - 0.5 : 8) }')" "$(awk -v s="$session" 'BEGIN { print s + 0.5 }')"
[ -s hairpin.cast ] || die "no recording"
stop_mesh

say "The same with the A-C terminals left out of the file: two hops, A > B > C"
sed '/to-machine-c.*10.0.0.3:9001/d; /to-machine-a.*10.0.0.1:9002/d; s/output: hairpin\.\([a-z0-9]*\)/output: '"${work//\//\\/}"'\/two-hops.\1/' \
    "$here/deployment.yml" >"$work/two-hops.yml"
start "$work/two-hops.yml"
say '$ jetway trace gpu-server' && jetway trace --machine machine-a gpu-server
jetway trace --machine machine-a gpu-server | grep -q 'machine-a > machine-b > machine-c' || die "not by way of B"
jetway pipe demo --machine machine-a --set pty-server.run='git --no-pager log --color --stat -n 20 2>/dev/null || ls -lR --color /etc; sleep 2' ||
    die "the pipeline over two hops failed"
check "$work/two-hops.mp4" 1.5 6
stop_mesh
for _ in $(seq 20); do [ -n "$(left)" ] || break; sleep 0.05; done
[ -z "$(left)" ] || die "left running: $(left)"
say "hairpin.mp4 and hairpin.cast are here: from one session on machine A, by way of B and C, and back."
