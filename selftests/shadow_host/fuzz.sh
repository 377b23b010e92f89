#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Let libFuzzer look for a failure; shrink and print what it finds.
#
# Usage: fuzz.sh DIR SECONDS [SEED]
#
# What it learns stays in DIR/corpus, for the next time.
set -eu

dir=$1
seconds=$2
seed=${3:-$(date +%s)}
log=$dir/fuzz.log
mkdir -p "$dir/corpus"
rm -f "$dir"/found-*

# libFuzzer's seed has 32 bits, and 0 means none
status=0
"$dir/shadow_fuzz" -max_total_time="$seconds" -max_len=2000 -timeout=60 \
	-seed=$((seed % 2147483647 + 1)) -artifact_prefix="$dir/found-" \
	-print_final_stats=1 "$dir/corpus" >"$log" 2>&1 || status=$?

runs=$(awk '/^stat::number_of_executed_units:/ { print $2 }' "$log")
if [ "$status" = 0 ]; then
	cov=$(awk '/ cov: / { for (i = 1; i < NF; i++)
			if ($i == "cov:") cov = $(i + 1) }
		END { print cov + 0 }' "$log")
	echo "ok 1 - fuzzer: $runs runs, $cov edges, seed $seed"
	exit 0
fi
echo "not ok 1 - fuzzer, seed $seed (log: $log)"
grep -v '^#[0-9]' "$log" | head -n 20 | sed 's/^/# /'
for found in "$dir"/found-*; do
	[ ! -e "$found" ] || "$dir/shadow_model" --bytes "$found" || :
done
exit 1
