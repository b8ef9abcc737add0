#!/usr/bin/env bash
# The first second of fresh processes: when the first and the third call end after the process's start, and how many end within the first second.
#   cold.sh [PROCESSES] [THREADS...]      e.g. cold.sh 5 1 2
# Both sides in turn. Leaves ours.jsonl and peer.jsonl in $OUT (./cold). ROWS names other rows, PEER_OPTIONS settings of the peer.
set -euo pipefail
processes=${1:-5}; shift || true
threads=("${@:-1}"); out=${OUT:-$PWD/cold}; mkdir -p "$out"; out=$(cd "$out" && pwd)
. "$(dirname "${BASH_SOURCE[0]}")/build"
: > "$out/ours.jsonl"; : > "$out/peer.jsonl"
for t in "${threads[@]}"; do
    for row in ${ROWS:-train_step/lenet5 train_step/mlp train_step/resnet20 infer/lenet5}; do
        for ((i = 0; i < processes; i++)); do
            $ours cold "$row" "$t" >> "$out/ours.jsonl"
            $peer ${PEER_OPTIONS:-} --cold --threads "$t" --filter "$row" >> "$out/peer.jsonl"
        done
    done
done
$ours compare-cold "$out/ours.jsonl" "$out/peer.jsonl"
