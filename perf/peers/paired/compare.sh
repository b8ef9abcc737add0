#!/usr/bin/env bash
# Both sides in one process, in turns of milliseconds, for a machine that others use too; then a table of ratios for each setting of the peer.
#   compare.sh [SECONDS] [THREADS...]      e.g. compare.sh 0.3 1 2
# FILTER names rows, SETTINGS some of helped, as-shipped, channels-last; the lines of both sides are left in $OUT/SETTING (./results).
set -euo pipefail
seconds=${1:-0.3}; shift || true
threads=("${@:-1}"); out=${OUT:-$PWD/results}; mkdir -p "$out"; out=$(cd "$out" && pwd)
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
dotnet build -c Release -v q --nologo "$root/perf/peers/paired"
dotnet build -c Release -v q --nologo "$root/perf/Engine.Perf"
. "$root/perf/peers/torchsharp/settings"
for setting in ${SETTINGS:-helped as-shipped}; do
    peer=$(options "$setting")
    rm -rf "${out:?}/$setting"
    for t in "${threads[@]}"; do
        dotnet "$root/artifacts/bin/Paired/release_linux-x64/Engine.Perf.Paired.dll" "$out/$setting" --threads "$t" --seconds "$seconds" --filter "${FILTER:-*}" $peer
    done
    dotnet "$root/artifacts/bin/Engine.Perf/release/Engine.Perf.dll" compare --groups "$out/$setting/ours.jsonl" "$out/$setting/peer.jsonl" > "$out/$setting/table.md"
done
