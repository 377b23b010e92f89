#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The full product of the access oracle on Lull, in parts.
#
# Usage: oracle_all.sh [--with WORD] [CPU...]	(default: broadwell_ult penryn)
#
# WORD is one more for the oracle (oracle/options.c), such as targets.
# A part's output is in $O (default: out/selftests/oracle-all); a part that is
# there with an end is not done again, unless something it depends on is newer.
set -eu

folder=$(cd "$(dirname "$0")" && pwd)
out=$folder/../out
dir=${O:-$out/selftests/oracle-all}
parts=16
number=0
failed=0
word=

if [ "${1:-}" = --with ] && [ $# -gt 1 ]; then
	word=$2
	shift 2
fi
[ $# -gt 0 ] || set -- broadwell_ult penryn
mkdir -p "$dir"
make -s -C "$folder" "O=$(realpath -m "$out/selftests")" \
	"$(realpath -m "$out/selftests/pt_access")"
module=$("$folder/../scripts/build-module")

# is_done LOG: has this part been done with what there is now?
is_done()
{
	grep -qs '^# oracle: ' "$1" &&
		[ -z "$(find "$module" "$out/selftests/pt_access" -newer "$1")" ]
}

# total CPU: the sum of the parts' last lines
total()
{
	cat "$dir/$1$word"-*-$parts.log | awk '/^# oracle: / {
			cases += $3; accesses += $5; faults += $7; wrong += $9
		} END {
			printf "%d cases, %d accesses, %d faults, %d mismatches\n",
				cases, accesses, faults, wrong
		}'
}

echo "1..$(($# * parts))"
for cpu; do
	part=0
	title="$cpu${word:+, $word}"
	while [ $part -lt $parts ]; do
		part=$((part + 1))
		number=$((number + 1))
		log=$dir/$cpu$word-$part-$parts.log
		is_done "$log" || "$folder/oracle.sh" --lull --cpu "$cpu" \
			--timeout 7200 "part=$part/$parts $word" >"$log" 2>&1 || :
		if grep -q '^# oracle: .* 0 mismatches$' "$log" &&
			! grep -q '^not ok' "$log"; then
			echo "ok $number oracle on $title, part $part"
		else
			failed=1
			sed 's/^/# /' "$log"
			echo "not ok $number oracle on $title, part $part"
		fi
	done
	echo "figure: $title: $(total "$cpu")"
done
exit $failed
