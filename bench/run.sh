#!/usr/bin/env bash
# ./dev bench: measures Jetway beside its peers in one run and rewrites docs/benchmarks.md.
set -euo pipefail
cd "$(dirname "$0")/.."
exec python3 bench/run.py "$@"
